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

/** What takes part unless it is said: where MKL takes its best code by itself, the second PyTorch is the first. */
export const usualContenders = (): string[] => [
  'native',
  'simd',
  TORCH,
  ...(isOtherProcessor() ? [TORCH_AS_ON_INTEL] : []),
];

/** A process that takes steps of CAN, with its milliseconds. */
export type Contender = { readonly name: string; readonly peer: Peer; readonly millis: number[] };

function commandOf(name: string, { threads, instructions }: Race): PeerCommand {
  if (name === TORCH || name === TORCH_AS_ON_INTEL) {
    return torchCommand('step.py', { instructions, asOnIntel: name !== TORCH });
  }
  return {
    command: process.execPath,
    args: [fileURLToPath(new URL('./engine-step.js', import.meta.url))],
    // TensorFlow takes its number of threads from there.
    environment: { TF_NUM_INTRAOP_THREADS: String(threads) },
  };
}

/**
 * Starts what takes part, each in a process of its own; names on the error output what cannot.
 *
 * @param names engines by the name of their backend, and {@link TORCH} and {@link TORCH_AS_ON_INTEL}
 * @param race what they do
 */
export async function startContenders(names: readonly string[], race: Race): Promise<Contender[]> {
  const config = resolveCanConfig({ preset: race.preset, method: 'can' });
  const contenders: Contender[] = [];
  for (const name of names) {
    try {
      // PyTorch's script takes no more than the first three.
      const settings = [config, race.batch, race.threads];
      const isTorch = name === TORCH || name === TORCH_AS_ON_INTEL;
      const own = isTorch ? [] : [name, race.instructions];
      const peer = await startPeer(commandOf(name, race), [...settings, ...own]);
      const about = name === TORCH_AS_ON_INTEL ? `${peer.about}, MKL as on Intel` : peer.about;
      contenders.push({ name, peer: { ...peer, about }, millis: [] });
    } catch (cause) {
      console.error(`without ${name}: ${cause instanceof Error ? cause.message : cause}`);
    }
  }
  return contenders;
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
