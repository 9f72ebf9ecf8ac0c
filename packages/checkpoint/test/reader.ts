import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What came of weights that another process read. */
export type Answer = {
  /** Bytes of the parameters. */
  readonly made: number;
  /** Empty where the weights were read. */
  readonly error: string;
  /** The most memory that the process ever had, in bytes. */
  readonly peak: number;
  readonly seconds: number;
};

/** A process that reads weights. */
export type Reader = {
  readonly read: (files: Readonly<Record<string, Uint8Array>>) => Promise<Answer>;
  readonly stop: () => void;
};

/** Starts a process that may have little memory, so that what is too much ends it. */
export function startReader(): Reader {
  const script = fileURLToPath(new URL('reading-process.mjs', import.meta.url));
  const child = fork(script, [], {
    execArgv: ['--max-old-space-size=64'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return {
    read: (files) =>
      new Promise((done, fail) => {
        const ended = (code: number | null, signal: string | null) =>
          fail(new Error(`the reader ended with ${code ?? signal}`));
        child.once('exit', ended);
        child.once('message', (answer) => {
          child.off('exit', ended);
          done(answer as Answer);
        });
        child.send(files);
      }),
    stop: () => child.kill(),
  };
}
