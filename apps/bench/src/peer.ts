import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process that does a piece of work for each line it reads. */
export type Peer = {
  /** What computes: versions, instruction set, threads. */
  readonly about: string;
  /** Milliseconds of the work that a line names, as the process itself measures them. */
  readonly measure: (line: string) => Promise<number>;
  /** The loss after the last work, where it has one. */
  readonly loss: () => number;
  /** Ends the process; its peak memory in megabytes. */
  readonly close: () => Promise<number>;
};

/** How a process is started. */
export type PeerCommand = {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

const MISSING = 'missing: ';

/** What a process answers that has nothing to measure here. */
export const missingLine = (why: string): string => `${MISSING}${why.split('\n')[0]}`;

/**
 * Starts a process that measures: it reads its settings as a line of JSON and answers what it is, then
 * answers each line with `[milliseconds, loss]`, and the end of its input with its peak memory.
 *
 * @param command what to start
 * @param settings its first line
 * @returns the process, ready
 * @throws Error where it ends, or says why it cannot measure
 */
export async function startPeer(command: PeerCommand, settings: unknown): Promise<Peer> {
  const child = spawn(command.command, [...command.args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...command.environment },
  });
  const read = linesOf(child);
  child.stdin.write(`${JSON.stringify(settings)}\n`);
  const about = await read();
  if (about.startsWith(MISSING)) throw new Error(about.slice(MISSING.length));
  let last = Number.NaN;
  return {
    about,
    measure: async (line) => {
      child.stdin.write(`${line}\n`);
      const [millis = Number.NaN, loss = Number.NaN] = JSON.parse(await read()) as number[];
      last = loss;
      return millis;
    },
    loss: () => last,
    close: async () => {
      child.stdin.end();
      return Number(await read());
    },
  };
}

/** Reads the next line of a process. */
function linesOf(child: ChildProcess): () => Promise<string> {
  if (child.stdout === null) throw new Error('the process has no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_, reject) => child.on('error', reject));
  failed.catch(() => undefined); // whoever reads gets it
  return async () => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done) throw new Error(`${child.spawnargs.join(' ')} ended without an answer`);
    return value as string;
  };
}

/**
 * The other side of {@link startPeer}, for a script in Node.
 *
 * @param start given the settings, makes the work and says what it is
 */
export async function servePeer<Settings>(
  start: (settings: Settings) => Promise<{ about: string; work: () => Promise<number[]> }>,
): Promise<void> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const first = await lines.next();
  let work: () => Promise<number[]>;
  try {
    const started = await start(JSON.parse(first.value as string) as Settings);
    work = started.work;
    say(started.about);
  } catch (cause) {
    say(missingLine(cause instanceof Error ? cause.message : String(cause)));
    process.exit(0);
  }
  for (;;) {
    const { done } = await lines.next();
    if (done) break;
    say(JSON.stringify(await work()));
  }
  say(String(process.resourceUsage().maxRSS / 1024));
  process.exit(0);
}
