import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import { principalComponents } from '@twocan/evaluate';

/** Where the features of some pictures lie, seen along their two directions of largest variance. */
export type FeatureMap = {
  readonly step: number;
  /** One for each picture; the class is absent where classes are not known. */
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    readonly class?: number;
  }[];
  readonly classes: readonly string[];
  /** Share of the variance that both directions explain. */
  readonly explained: number;
};

/**
 * Makes the map of some features.
 *
 * @param features `[M, D]`
 * @param of the step, the pictures' number, labels and class names where they are known
 * @returns the map
 */
export function mapOf(
  features: Float32Array,
  of: {
    readonly step: number;
    readonly rows: number;
    readonly labels?: Int32Array | undefined;
    readonly classes?: readonly string[] | undefined;
  },
): FeatureMap {
  const { coordinates, explained } = principalComponents(features, { rows: of.rows });
  const at = (i: number): number => Number((coordinates[i] ?? 0).toPrecision(4));
  const points = Array.from({ length: of.rows }, (_, i) => {
    const label = of.labels?.[i];
    return { x: at(2 * i), y: at(2 * i + 1), ...(label === undefined ? {} : { class: label }) };
  });
  const share = explained.reduce((a, b) => a + b, 0);
  return { step: of.step, points, classes: of.classes ?? [], explained: share };
}

/** Keeps a map in a run folder; the file before it is there until the new one is whole. */
export async function keepMap(path: string, map: FeatureMap): Promise<void> {
  await writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify(map)}\n`));
}

/** The map of a run folder, if it has one. */
export function readMap(path: string): FeatureMap | undefined {
  if (!existsSync(path)) return undefined;
  return JSON.parse(readFileSync(path, 'utf8')) as FeatureMap;
}
