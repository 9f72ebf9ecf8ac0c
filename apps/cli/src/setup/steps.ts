import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { liveLine } from '../terminal/live-line.ts';
import { duration } from '../terminal/progress.ts';

/** A program to run as a step of a set-up. */
export type Program = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each message of a program of ours, which sends them by `process.send`. */
  readonly onMessage?: (message: unknown) => void;
};

/** Shows and logs the steps of a set-up. */
export type Steps = {
  /** Begins a step: its number goes before. */
  begin(what: string): void;
  /** Ends a step with its outcome. */
  end(result: string): void;
  /** Runs a program; on a terminal its last line is shown. Gives everything that it printed. */
  run(program: Program): Promise<{ readonly code: number; readonly output: string }>;
};

/**
 * Shows the steps of a set-up on standard error.
 *
 * @param total how many there are
 * @param log the file that keeps what the programs say
 * @returns the steps
 */
export function makeSteps(total: number, log: string): Steps {
  const line = liveLine(process.stderr);
  let [number, title, since] = [0, '', performance.now()];
  const show = (text: string): void =>
    line.show(`${title} ${duration(performance.now() - since)}  ${text}`);
  return {
    begin(what) {
      number += 1;
      since = performance.now();
      title = `[${number}/${total}] ${what}`;
      if (line.rewriting) line.show(title);
      else line.print(title);
    },
    end(result) {
      line.erase();
      line.print(line.rewriting ? `${title}: ${result}` : `      ${result}`);
    },
    run({ command, args, cwd, env = {}, onMessage }) {
      appendFileSync(log, `\n$ ${[command, ...args].join(' ')}\n`);
      return new Promise((done) => {
        const child = spawn(command, [...args], {
          cwd,
          env: { ...process.env, ...env },
          stdio: ['ignore', 'pipe', 'pipe', ...(onMessage ? (['ipc'] as const) : [])],
          // npm is a script there.
          shell: process.platform === 'win32' && command !== process.execPath,
        });
        let output = '';
        const hear = (chunk: Buffer): void => {
          const text = chunk.toString();
          output += text;
          appendFileSync(log, text);
          show(text.trim().split('\n').at(-1)?.trim() ?? '');
        };
        child.stdout?.on('data', hear);
        child.stderr?.on('data', hear);
        if (onMessage) child.on('message', onMessage);
        child.on('error', (error) => done({ code: 127, output: error.message }));
        child.on('close', (code, signal) => {
          const killed = code === null ? `\nended by ${signal}` : '';
          done({ code: code ?? 1, output: output + killed });
        });
      });
    },
  };
}
