import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import type { FeatureMap, Point } from '@twocan/pretrain';
import { isObject } from '../args/config-file.ts';

/** Keeps a map in a run folder; the file before it is there until the new one is whole. */
export async function keepMap(path: string, map: FeatureMap): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(map)}\n`);
}

/** The map of a run folder, if it has one; one that is damaged is drawn anew at the next checkpoint. */
export function readMap(path: string): FeatureMap | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const map: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isMap(map) ? map : undefined;
  } catch {
    return undefined;
  }
}

function isMap(map: unknown): map is FeatureMap {
  if (!isObject(map)) return false;
  const { step, points, classes, explained, umap = [] } = map;
  return (
    [points, umap].every((some) => Array.isArray(some) && some.every(isPoint)) &&
    Array.isArray(classes) &&
    typeof step === 'number' &&
    typeof explained === 'number'
  );
}

const isPoint = (point: unknown): point is Point =>
  isObject(point) && typeof point.x === 'number' && typeof point.y === 'number';
