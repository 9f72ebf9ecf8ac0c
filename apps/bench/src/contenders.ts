import { fileURLToPath } from 'node:url';
import { resolveCanConfig } from '@twocan/can';
import { type Peer, type PeerCommand, startPeer } from './peer.ts';
import { isOtherProcessor, torchCommand } from './torch.ts';

/** One model, batch and machine setting that everything takes part in. */
export type Race = {
  readonly preset: string;
  readonly batch: number;
  readonly threads: number;
  /** Forced on all that can be forced; undefined: each takes its best. */
  readonly instructions?: string | undefined;
};

/** PyTorch as it is installed, and with MKL's code for Intel processors. */
export const TORCH = 'PyTorch';
export const TORCH_AS_ON_INTEL = 'PyTorch as on Intel';

/**
 * What takes part unless it is said.
 *
 * @param instructions what is forced; simd has nothing to force
 */
export const usualContenders = (instructions?: string): string[] => [
  'native',
  ...(instructions === undefined ? ['simd'] : []),
  TORCH,
  // Where MKL takes its best code by itself, the second PyTorch is the first.
  ...(isOtherProcessor() ? [TORCH_AS_ON_INTEL] : []),
];

/** A process that measures, with its milliseconds. */
export type Contender = {
  readonly name: string;
  readonly peer: Peer;
  readonly millis: number[];
};

/** What to start, and the first line that it reads. */
export type Entry = { readonly command: PeerCommand; readonly settings: unknown };

/**
 * Starts what takes part, each in a process of its own; names on the error output what cannot.
 *
 * @param names what takes part
 * @param entryOf how each is started
 */
export async function startAll(
  names: readonly string[],
  entryOf: (name: string) => Entry,
): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const name of names) {
    try {
      const { command, settings } = entryOf(name);
      contenders.push({ name, peer: await startPeer(command, settings), millis: [] });
    } catch (cause) {
      console.error(`without ${name}: ${cause instanceof Error ? cause.message : cause}`);
    }
  }
  return contenders;
}

/**
 * A script of this folder, to be started.
 *
 * @param script its name
 * @param threads how many it computes with
 */
export const nodeCommand = (script: string, threads: number): PeerCommand => ({
  command: process.execPath,
  args: [fileURLToPath(new URL(`./${script}`, import.meta.url))],
  // TensorFlow takes its number of threads from there.
  environment: { TF_NUM_INTRAOP_THREADS: String(threads) },
});

/**
 * Starts steps of CAN.
 *
 * @param names engines by the name of their backend, and {@link TORCH} and {@link TORCH_AS_ON_INTEL}
 * @param race what they do
 */
export async function startContenders(names: readonly string[], race: Race): Promise<Contender[]> {
  const { preset, batch, threads, instructions } = race;
  const settings = [resolveCanConfig({ preset, method: 'can' }), batch, threads];
  return startAll(names, (name) =>
    name === TORCH || name === TORCH_AS_ON_INTEL
      ? {
          command: torchCommand('step.py', { instructions, asOnIntel: name !== TORCH }),
          settings,
        }
      : {
          command: nodeCommand('engine-step.js', threads),
          settings: [...settings, name, ...(instructions === undefined ? [] : [instructions])],
        },
  );
}

// The first step compiles, the second still makes memory.
const WARM_UP = 2;

/** Takes steps in turns; their milliseconds are added to each one's own. */
export async function inTurns(
  contenders: readonly Contender[],
  rounds: number,
  warmUp = WARM_UP,
): Promise<void> {
  for (let round = -warmUp; round < rounds; round++) {
    for (const { peer, millis } of contenders) {
      const taken = await peer.measure('step');
      if (round >= 0) millis.push(taken);
    }
  }
}

/** Ends all; their peak memory in megabytes, by name. */
export async function closeAll(contenders: readonly Contender[]): Promise<Map<string, number>> {
  const peaks = new Map<string, number>();
  for (const { name, peer } of contenders) peaks.set(name, await peer.close());
  return peaks;
}
