import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const HANG_UP = 1n; // the lowest bit of the mask is signal 1, SIGHUP
const SHELL = /^(ba|da|z|k|mk|a|fi)?sh$/;
const WRITE_ONLY = 1;

/** Where the signs of `nohup` are found. */
export type Start = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, or nothing where it cannot be read. */
  readonly read: (path: string) => string | undefined;
  readonly parent: number;
};

const here = (): Start => ({
  env: process.env,
  parent: process.ppid,
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
});

/**
 * Whether this process was started so that it outlives its terminal, as `nohup` does.
 *
 * Node takes SIGHUP back when it starts, so its own mask of ignored signals is of no use. What
 * remains: the shell's `_`, which names the program that it started (bash, zsh and ksh); the mask
 * of a shell that itself runs under nohup, as for a script (Linux); and a standard input that can
 * only be written, GNU nohup's answer to a terminal (Linux).
 *
 * @param start environment, parent and files; those of this process unless given
 * @returns true where SIGHUP is to be ignored
 */
export function startedWithNohup({ env, read, parent }: Start = here()): boolean {
  if (basename(env._ ?? '') === 'nohup') return true;
  const status = read(`/proc/${parent}/status`) ?? '';
  const [, name = ''] = /^Name:\s*(\S+)/m.exec(status) ?? [];
  const [, mask = '0'] = /^SigIgn:\s*([0-9a-f]+)/m.exec(status) ?? [];
  if (SHELL.test(name) && (BigInt(`0x${mask}`) & HANG_UP) !== 0n) return true;
  const [, flags] = /^flags:\s*([0-7]+)/m.exec(read('/proc/self/fdinfo/0') ?? '') ?? [];
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) === WRITE_ONLY;
}

/** Lets the process live on when its terminal is closed, where it was started so. */
export function keepGoingUnderNohup(): void {
  if (startedWithNohup()) process.on('SIGHUP', () => undefined);
}
