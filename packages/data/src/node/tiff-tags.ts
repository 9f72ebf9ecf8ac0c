/** Tags of a TIFF directory that say what its samples mean. */
export const TAG = {
  bits: 258,
  compression: 259,
  photometric: 262,
  extraSamples: 338,
  sampleFormat: 339,
};

const SHORT = 3; // TIFF's type of 16-bit numbers
const MOST_VALUES = 64; // a hostile file may claim billions

/** A 16-bit tag of a TIFF file's first picture: the value, and how to write another one over it. */
export type Tag = {
  readonly values: readonly number[];
  readonly overwrite: (value: number) => void;
};

/**
 * The tags of the first directory that hold 16-bit numbers, classic or big TIFF in either order of
 * bytes. The decoder does not give them, and some it takes otherwise than they are meant.
 *
 * @param bytes the file
 * @returns tags by number; empty where the file is no TIFF or is cut off
 */
export function tiffTags(bytes: Uint8Array): ReadonlyMap<number, Tag> {
  const tags = new Map<number, Tag>();
  try {
    collect(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), tags);
  } catch (error) {
    // A directory that points outside of the file: the decoder reports what is wrong with it.
    if (!(error instanceof RangeError)) throw error;
  }
  return tags;
}

function collect(view: DataView, tags: Map<number, Tag>): void {
  const mark = view.getUint16(0);
  if (mark !== 0x4949 && mark !== 0x4d4d) return;
  const little = mark === 0x4949;
  const big = view.getUint16(2, little) === 43;
  const word = (at: number): number =>
    big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
  const directory = word(big ? 8 : 4);
  const count = big ? word(directory) : view.getUint16(directory, little);
  const [first, length, inline] = big ? [directory + 8, 20, 8] : [directory + 2, 12, 4];
  for (let i = 0; i < count; i++) {
    const entry = first + i * length;
    const type = view.getUint16(entry + 2, little);
    const values = word(entry + 4);
    if (type !== SHORT) continue;
    const inside = 2 * values <= inline;
    const at = inside ? entry + length - inline : word(entry + length - inline);
    const places = Array.from({ length: Math.min(values, MOST_VALUES) }, (_, j) => at + 2 * j);
    tags.set(view.getUint16(entry, little), {
      values: places.map((place) => view.getUint16(place, little)),
      overwrite: (value) => {
        for (const place of places) view.setUint16(place, value, little);
      },
    });
  }
}
