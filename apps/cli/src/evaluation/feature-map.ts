import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import type { Key } from '@twocan/core';
import { principalComponents } from '@twocan/evaluate';
import { isObject } from '../args/config-file.ts';
import { umapOf } from './umap.ts';

/** A place in a plane. */
export type Place = { readonly x: number; readonly y: number };

/** The place of a picture; the class is absent where classes are not known. */
export type Dot = Place & { readonly class?: number };

/** Where the features of some pictures lie, seen along their two directions of largest variance. */
export type FeatureMap = {
  readonly step: number;
  /** One for each picture. */
  readonly points: readonly Dot[];
  readonly classes: readonly string[];
  /** Share of the variance that both directions explain. */
  readonly explained: number;
  /** The same pictures laid out by their neighbours; absent while a run goes on, and for a handful. */
  readonly umap?: readonly Place[];
};

/**
 * Makes the map of some features.
 *
 * @param features `[M, D]`
 * @param of the step, the pictures' number, labels and class names where they are known; a key where
 *   neighbours are to be laid out as well, which takes seconds
 * @returns the map
 */
export function mapOf(
  features: Float32Array,
  of: {
    readonly step: number;
    readonly rows: number;
    readonly labels?: Int32Array | undefined;
    readonly classes?: readonly string[] | undefined;
    readonly key?: Key;
  },
): FeatureMap {
  const { rows, labels, key } = of;
  const { coordinates, explained } = principalComponents(features, { rows });
  const points = Array.from({ length: rows }, (_, i) => {
    const label = labels?.[i];
    const place = placeAt(coordinates[2 * i] ?? 0, coordinates[2 * i + 1] ?? 0);
    return { ...place, ...(label === undefined ? {} : { class: label }) };
  });
  const umap = key === undefined ? [] : umapOf(features, { rows, key });
  return {
    ...{ step: of.step, points, classes: of.classes ?? [] },
    explained: explained.reduce((a, b) => a + b, 0),
    ...(umap.length === 0 ? {} : { umap: umap.map(([x, y]) => placeAt(x, y)) }),
  };
}

/** In four digits: more than a picture shows. */
const placeAt = (x: number, y: number): Place => ({
  x: Number(x.toPrecision(4)),
  y: Number(y.toPrecision(4)),
});

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
    [points, umap].every((places) => Array.isArray(places) && places.every(isPlace)) &&
    Array.isArray(classes) &&
    typeof step === 'number' &&
    typeof explained === 'number'
  );
}

const isPlace = (place: unknown): place is Place =>
  isObject(place) && typeof place.x === 'number' && typeof place.y === 'number';
