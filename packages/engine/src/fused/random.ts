import { calls } from '../calls.ts';
import { bits, cut } from '../kernels/cut.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';

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
    backend.engine.integers(tableAt, table.length).set(table);
    // A number costs as much as ten that are only moved.
    const items = cut(rows, 10 * rows * size);
    calls.normalRows(backend.engine, items, { table: tableAt, y: at, n: size });
  });
  return info;
};

/** Random numbers. */
export const randomKernels: Kernels = { 'twocan.normalRows': normalRows };
