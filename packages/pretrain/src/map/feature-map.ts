import { expectInteger, expectKey, expectOptions, expectType, type Key } from '@twocan/core';
import { principalComponents } from '@twocan/evaluate';
import type { Progress } from '../progress.ts';
import { umapOf } from './umap.ts';

/** A point in a plane. */
export type Point = { readonly x: number; readonly y: number };

/** The point of an image; the class is absent where classes are not known. */
export type Dot = Point & { readonly class?: number };

/** Where the features of some images lie, seen along their two directions of largest variance. */
export type FeatureMap = {
  readonly step: number;
  /** One for each image. */
  readonly points: readonly Dot[];
  readonly classes: readonly string[];
  /** Share of the variance that both directions explain. */
  readonly explained: number;
  /** The same images laid out by their neighbours; absent while a run goes on, and for a handful. */
  readonly umap?: readonly Point[];
};

/** What features are of. */
export type MapOptions = {
  readonly step: number;
  /** How many images. */
  readonly rows: number;
  readonly labels?: Int32Array | undefined;
  readonly classes?: readonly string[] | undefined;
  /** Given where neighbours are to be laid out as well, which takes seconds. */
  readonly key?: Key;
  readonly progress?: Progress;
};

const NAMES = ['labels', 'classes', 'key', 'progress'];

/**
 * Makes the map of some features.
 *
 * @param features `[M, D]`, row by row
 * @param options the step, the number of images, and labels with their classes where they are known
 * @returns the map: plain JSON
 * @throws RangeError if rows are uneven or not finite
 * @example
 * const { points, explained } = mapFeatures(features, { step: 100, rows: 500, labels, classes });
 */
export function mapFeatures(features: Float32Array, options: MapOptions): FeatureMap {
  expectOptions('mapFeatures', 'options', options, ['step', 'rows'], NAMES);
  const { step, rows, labels, classes = [], key, progress } = options;
  expectInteger('mapFeatures', 'step', step, 0);
  expectType('mapFeatures', 'classes', classes, Array);
  for (const name of classes) expectType('mapFeatures', 'classes', name, 'string');
  if (key !== undefined) expectKey('mapFeatures', 'key', key);
  if (labels !== undefined) expectType('mapFeatures', 'labels', labels, Int32Array);
  const { coordinates, explained } = principalComponents(features, { rows });
  const points = Array.from({ length: rows }, (_, i) => {
    const label = labels?.[i];
    const point = pointAt(coordinates[2 * i] ?? 0, coordinates[2 * i + 1] ?? 0);
    return { ...point, ...(label === undefined ? {} : { class: label }) };
  });
  const near =
    key === undefined ? [] : umapOf(features, { rows, key, ...(progress && { progress }) });
  return {
    step,
    points,
    classes,
    explained: explained.reduce((a, b) => a + b, 0),
    ...(near.length === 0 ? {} : { umap: near.map(([x, y]) => pointAt(x, y)) }),
  };
}

/** In four digits: more than a picture shows. */
const pointAt = (x: number, y: number): Point => ({
  x: Number(x.toPrecision(4)),
  y: Number(y.toPrecision(4)),
});
