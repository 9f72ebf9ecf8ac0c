import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CanConfig } from '@twocan/can';

/** A PyTorch process that takes one training step when asked. */
export type TorchSteps = {
  /** Version and threads, in words. */
  readonly about: string;
  /** Milliseconds of one step, as PyTorch's process measures them. */
  readonly step: () => Promise<number>;
  /** Ends the process; its peak memory in megabytes. */
  readonly close: () => Promise<number>;
};

/**
 * Starts PyTorch with the same architecture, in a process of its own.
 *
 * @param python an interpreter that has torch and timm (goldens/make/requirements.txt)
 * @param config the model
 * @param batch images a step, each in two views
 * @param threads how many it may use
 * @returns the process, ready
 */
export async function startTorch(
  python: string,
  config: CanConfig,
  batch: number,
  threads: number,
): Promise<TorchSteps> {
  const script = fileURLToPath(new URL('../torch/step.py', import.meta.url));
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${python} ${script} ended without an answer`);
    return value as string;
  };
  child.stdin.write(`${JSON.stringify([config, batch, threads])}\n`);
  const about = await read();
  return {
    about,
    step: async () => {
      child.stdin.write('step\n');
      return (JSON.parse(await read()) as [number, number])[0];
    },
    close: async () => {
      child.stdin.end();
      return Number(await read());
    },
  };
}
