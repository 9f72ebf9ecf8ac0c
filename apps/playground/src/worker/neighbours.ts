import { meanRow, nearestRows, unitRows } from '@twocan/evaluate';

/** How many neighbours are shown, and counted. */
const NEAR = 5;

/** Features of images, made ready to be compared. */
export type Comparable = { readonly unit: Float32Array; readonly rows: number };

/** Rows that differ from their mean, of length 1: products are cosines, as k-NN takes them. */
export function comparable(features: Float32Array, rows: number): Comparable {
  const centre = meanRow(features, { rows });
  return { unit: unitRows(features, { rows, centre }), rows };
}

/** The images nearest to one of them, itself left out. */
export function nearestTo({ unit, rows }: Comparable, image: number): number[] {
  const width = unit.length / rows;
  const query = unit.subarray(image * width, (image + 1) * width);
  return nearestRows(query, unit, { k: NEAR, except: image }).map(({ row }) => row);
}

/** The share of nearest neighbours that are of the class of their image. */
export function purityOf(of: Comparable, labels: Int32Array): number {
  let same = 0;
  let all = 0;
  for (let image = 0; image < of.rows; image++) {
    for (const other of nearestTo(of, image)) {
      all++;
      if (labels[other] === labels[image]) same++;
    }
  }
  return all === 0 ? 0 : same / all;
}
