import { createHash } from 'node:crypto';
import { type Communicator, ranksThatDiffer } from '@twocan/core';
import { usageError } from '../terminal/failure.ts';
import type { RunConfig } from './config.ts';

/**
 * Fails where ranks would compute different runs: they must have the same images and settings, wherever those lie.
 *
 * @param communicator all ranks call this together
 * @param config the run as this rank has it
 * @param images how many images it has
 * @throws Failure (exit code 2) on every rank, naming the ranks that differ
 */
export function expectSameRun(communicator: Communicator, config: RunConfig, images: number): void {
  const { options: _, data, evaluation: __, init, images: identity, backend, ...rest } = config;
  const expectSame = (what: string, value: unknown, advice: string): void => {
    const digest = createHash('sha256').update(JSON.stringify(value)).digest();
    const others = ranksThatDiffer(communicator, Uint8Array.from(digest));
    if (others.length === 0) return;
    const which = others.length === 1 ? `rank ${others[0]} has` : `ranks ${others.join(', ')} have`;
    throw usageError(`all ranks must have the same ${what}, and ${which} others; ${advice}`);
  };
  const here = `this rank has ${images} in ${data}`;
  expectSame('images', [images, identity ?? data], `${here}: give every machine the same files`);
  expectSame('backend', backend, `this rank has ${backend}: name one with --backend`);
  const asked = { ...rest, init: init?.sha256 };
  expectSame('settings', asked, 'start all of them with one command, of one version of twocan');
}

/**
 * Fails where images cannot be divided evenly among the ranks.
 *
 * @param config the run
 * @param communicator the ranks
 * @throws Failure (exit code 2) naming the flag
 */
export function expectEvenShares(
  { batch, microBatch }: Pick<RunConfig, 'batch' | 'microBatch'>,
  { size }: Communicator,
): void {
  for (const [flag, images] of [
    ['--micro-batch', microBatch],
    ['--batch', batch],
  ] as const) {
    if (images === undefined || images % size === 0) continue;
    const near = Math.max(1, Math.round(images / size)) * size;
    throw usageError(
      `${flag} must be a multiple of the ${size} ranks, which share it evenly, got ${images}; for example ${near}`,
    );
  }
}
