import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A PyTorch process that does a piece of work for each line it reads. */
export type TorchProcess = {
  /** Version and threads, as text. */
  readonly about: string;
  /** Milliseconds of the work that a line names, as PyTorch's process measures them. */
  readonly measure: (line: string) => Promise<number>;
  /** Ends the process; its peak memory in megabytes. */
  readonly close: () => Promise<number>;
};

/**
 * Starts a script of `torch/` in a process of its own.
 *
 * @param python an interpreter that has torch and timm (goldens/make/requirements.txt)
 * @param name the script's name
 * @param settings its first line, as JSON
 * @returns the process, ready
 */
export async function startTorch(
  python: string,
  name: string,
  settings: unknown,
): Promise<TorchProcess> {
  const script = fileURLToPath(new URL(`../torch/${name}`, import.meta.url));
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${python} ${script} ended without an answer`);
    return value as string;
  };
  child.stdin.write(`${JSON.stringify(settings)}\n`);
  const about = await read();
  return {
    about,
    measure: async (line) => {
      child.stdin.write(`${line}\n`);
      return (JSON.parse(await read()) as number[])[0] as number;
    },
    close: async () => {
      child.stdin.end();
      return Number(await read());
    },
  };
}
