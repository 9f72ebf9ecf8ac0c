import type { Kernel, Kernels } from '../kernels/register.ts';
import { bits, cut, TASK } from '../kernels/tasks.ts';

const normalRows: Kernel = (_, attributes, backend) => {
  const [words, levels] = [attributes.words as number[], attributes.levels as number[]];
  const size = attributes.size as number;
  const rows = levels.length;
  const { info, at } = backend.output([rows, size]);
  if (rows * size === 0) return info;
  const table = levels.flatMap((level, r) => [
    words[2 * r] as number,
    words[2 * r + 1] as number,
    bits(level),
  ]);
  backend.temporary(4 * table.length, (tableAt) => {
    new Int32Array(backend.engine.memory.buffer, tableAt, table.length).set(table);
    // A number costs as much as ten that are only moved.
    const { chunk, tasks } = cut(rows, 10 * rows * size);
    backend.engine.run(TASK.normalRows, [rows, chunk, tableAt, at, size], tasks);
  });
  return info;
};

/** Random numbers. */
export const randomKernels: Kernels = { 'twocan.normalRows': normalRows };
