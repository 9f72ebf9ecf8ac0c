import type { Tensor } from '@tensorflow/tfjs-core';
import { type Communicator, type Params, ranksThatDiffer, sortedLeaves } from '@twocan/core';

/**
 * Whether something holds on any rank, so that all ranks do the same.
 *
 * @param communicator all ranks call this together
 * @param holds whether it holds here
 */
export function onAnyRank({ size, sum }: Communicator, holds: boolean): boolean {
  if (size === 1) return holds;
  const count = Float32Array.of(holds ? 1 : 0);
  sum(count);
  return (count[0] ?? 0) > 0;
}

/**
 * Fails where the parameters are not the same bits on all ranks.
 *
 * @param communicator all ranks call this together
 * @param params borrowed
 * @param step how many steps are done
 * @throws Error with code `RANKS_DIFFER`, on every rank, naming the ranks that differ
 */
export function expectSameParams(communicator: Communicator, params: Params, step: number): void {
  if (communicator.size === 1) return;
  const others = ranksThatDiffer(communicator, digestOf(params));
  if (others.length === 0) return;
  const which = `${others.length === 1 ? 'rank' : 'ranks'} ${others.join(', ')}`;
  const error = new Error(
    `fit: parameters must be the same on all ranks, got others on ${which} after step ${step}; ` +
      'its machine may compute wrong, or it began with other weights: go on from a checkpoint without it',
  );
  throw Object.assign(error, { code: 'RANKS_DIFFER' as const, ranks: others });
}

const WORDS = 4;

/** 128 bits that change with any bit of the leaves, which are taken in the order of their paths. */
function digestOf(params: Params): Uint8Array {
  const state = Uint32Array.from({ length: WORDS }, (_, i) => 0x811c9dc5 + i);
  for (const [, leaf] of sortedLeaves<Tensor>(params)) {
    const { buffer, byteOffset, length } = leaf.dataSync<'float32'>();
    const words = new Uint32Array(buffer, byteOffset, length);
    // FNV-1a on words, in lanes; the lengths are those of every rank.
    let [a, b, c, d] = state as unknown as [number, number, number, number];
    const whole = words.length - (words.length % WORDS);
    for (let i = 0; i < whole; i += WORDS) {
      a = Math.imul(a ^ (words[i] as number), 0x01000193);
      b = Math.imul(b ^ (words[i + 1] as number), 0x01000193);
      c = Math.imul(c ^ (words[i + 2] as number), 0x01000193);
      d = Math.imul(d ^ (words[i + 3] as number), 0x01000193);
    }
    for (let i = whole; i < words.length; i++) a = Math.imul(a ^ (words[i] as number), 0x01000193);
    state.set([a, b, c, d]);
  }
  return new Uint8Array(state.buffer);
}
