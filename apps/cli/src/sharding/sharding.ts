import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeFolder, writeFileAtomic } from '@twocan/checkpoint/node';
import { openable, printable, TAR_END, tarMember } from '@twocan/data/node';
import { isFolder } from '../files/is-folder.ts';
import { checkFolder } from '../files/outputs.ts';
import { isWithin } from '../files/path-names.ts';
import { leftOutLine } from '../images/layout/left-out.ts';
import { expectSome, type ListedFolder, listParts } from '../images/layout/open-images.ts';
import { CLASS_NAMES, SHARD_LIST, UNFINISHED } from '../images/layout/shards.ts';
import { reasonOf, usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';
import { progressOf } from '../terminal/progress.ts';
import { type PlannedShard, planShards, type ShardPlan } from './plan.ts';

/** What is asked for. */
export type ShardRequest = {
  readonly data: string;
  readonly out: string;
  /** Megabytes of a shard at most. */
  readonly shardSize: number;
  /** Images of a shard at most. */
  readonly shardImages?: number;
  readonly seed: number;
};

/** What was written. */
export type Sharded = {
  readonly shards: number;
  readonly images: number;
  readonly bytes: number;
  readonly classes: number;
};

const FORMAT = 'twocan/shards/1';

/**
 * Writes shards of images, bytes unchanged. What an interrupted call has written whole is
 * kept by the next one with the same settings; until all is there, the folder says that it is not.
 *
 * @param request see {@link ShardRequest}
 * @returns what lies there now
 * @throws Failure (exit code 2) for a folder that cannot be read, or an output that holds something else
 */
export async function shardFolder(request: ShardRequest): Promise<Sharded> {
  const { data, out, shardSize, shardImages = Number.POSITIVE_INFINITY, seed } = request;
  checkFolder('--out', out);
  const listed = await listParts(data);
  await expectSome(data, listed);
  const limits = { bytes: shardSize * 1e6, images: shardImages };
  const plan = await planShards(listed, { limits, seed });
  const ofShards = plan.shards.some(({ folder }) => listed.filesIn(folder) !== undefined);
  if (ofShards && isWithin(resolve(out), resolve(data))) {
    throw usageError(`--out ${out} lies among the shards of ${data}; give a folder outside of it`);
  }
  const kept = beginIn(out, plan);
  const line = leftOutLine(plan.leftOut);
  if (line !== undefined) message(line);
  if (kept > 0) message(`going on: ${kept} of ${plan.shards.length} shards are there already`);
  const progress = progressOf('writing shards');
  makeFolder(out);
  await writeFileAtomic(join(out, UNFINISHED), JSON.stringify({ digest: plan.digest }));
  for (const [number, shard] of plan.shards.entries()) {
    const path = join(out, shard.name);
    if (!isWritten(path, shard)) {
      makeFolder(dirname(path));
      await writeFileAtomic(path, bytesOf(listed, shard));
    }
    progress.count(number + 1, plan.shards.length);
  }
  progress.end();
  if (plan.classes.length > 0) {
    await writeFileAtomic(join(out, CLASS_NAMES), `${plan.classes.join('\n')}\n`);
  }
  const sharded = summaryOf(plan);
  const about = { format: FORMAT, seed, ...sharded, digest: plan.digest };
  await writeFileAtomic(join(out, SHARD_LIST), `${JSON.stringify(about, null, 2)}\n`);
  await rm(join(out, UNFINISHED));
  return sharded;
}

const summaryOf = ({ shards, classes }: ShardPlan): Sharded => ({
  shards: shards.length,
  images: shards.reduce((sum, { images }) => sum + images.length, 0),
  bytes: shards.reduce((sum, { bytes }) => sum + bytes, 0),
  classes: classes.length,
});

/** How many shards are there of an earlier call with the same plan. */
function beginIn(out: string, plan: ShardPlan): number {
  if (!existsSync(out)) return 0;
  if (!isFolder(out)) throw usageError(`--out ${out} is a file; give a folder`);
  if (readdirSync(out).length === 0) return 0;
  const found = digestIn(join(out, UNFINISHED));
  if (found === plan.digest) {
    return plan.shards.filter((shard) => isWritten(join(out, shard.name), shard)).length;
  }
  throw usageError(
    found === undefined
      ? `--out ${out} is not empty; give a folder that is new or empty`
      : `--out ${out} holds unfinished shards of other images or settings; delete it, or give a folder that is new or empty`,
  );
}

function digestIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).digest;
  } catch {
    return undefined;
  }
}

/** A shard gets its name when it is whole. */
const isWritten = (path: string, { bytes }: PlannedShard): boolean =>
  existsSync(path) && statSync(path).size === bytes;

async function* bytesOf(
  { root, filesIn }: ListedFolder,
  { folder, images }: PlannedShard,
): AsyncGenerator<Uint8Array> {
  const files = filesIn(folder);
  const read = (source: string): Promise<Uint8Array> =>
    files?.part(source).read() ?? readFile(openable(join(root, folder, source)));
  try {
    for (const { source, name, size, label } of images) {
      const bytes = await read(source).catch((error) => {
        throw usageError(`${printable(source)} cannot be read: ${reasonOf(error)}`, error);
      });
      if (bytes.length !== size) {
        throw usageError(`${printable(source)} changed meanwhile; start again`);
      }
      yield tarMember(name, bytes);
      if (label !== undefined) yield tarMember(label.name, Buffer.from(label.text));
    }
  } finally {
    await files?.close();
  }
  yield TAR_END;
}
