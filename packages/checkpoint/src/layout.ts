import { expectInteger } from '@twocan/core';
import { expectNamedArrays, type NamedArray } from './dtype.ts';
import { floats } from './half.ts';

/**
 * How a parameter of ours is laid out in PyTorch: `same`; `dense`, ours `[in, out]` and theirs
 * `[out, in]`; `patch`, ours `[p·p·C, D]` in the order (row, column, channel) and theirs the
 * convolution kernel `[D, C, p, p]`.
 */
export type Layout = 'same' | 'dense' | 'patch';

/** One parameter of ours and its name elsewhere: three names for a split q, k, v. */
export type Rename = {
  readonly ours: string;
  readonly theirs: readonly string[];
  readonly layout: Layout;
};

type Float = NamedArray & { readonly data: Float32Array };

/** The array of a name as float32, whatever its width; integers are an error in the caller's name. */
export function float32(caller: string, name: string, array: NamedArray): Float {
  if (array.dtype === 'F32' && array.data instanceof Float32Array) return array as Float;
  const data = floats(array);
  if (data !== undefined) return made(data, ...array.shape);
  throw new RangeError(
    `${caller}: '${name}' must hold floating-point numbers, got ${array.dtype}; take the weights before they were quantised`,
  );
}

const made = (data: Float32Array, ...shape: readonly number[]): Float => ({
  dtype: 'F32',
  shape,
  data,
});

/** `[R, C]` to `[C, R]`. */
export function transposed({ data, shape: [rows = 0, columns = 0] }: Float): Float {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c] as number;
  }
  return made(out, columns, rows);
}

/**
 * A patch kernel as the kernel of a convolution: `[p·p·C, D]`, rows in the order (row, column, channel), to
 * `[D, C, p, p]`.
 *
 * @param kernel float32 numbers
 * @param channels C
 * @returns a fresh array
 * @throws RangeError if the rows are not a square patch of that many channels
 * @example
 * const { shape } = toConvolution(named['encoder/patch/kernel'], 3);
 */
export function toConvolution(kernel: NamedArray, channels: number): Float {
  expectNamedArrays('toConvolution', 'arrays', { kernel });
  expectInteger('toConvolution', 'channels', channels);
  const { data, shape } = float32('toConvolution', 'kernel', kernel);
  if (shape.length !== 2) {
    throw new RangeError(`toConvolution: 'kernel' must have 2 axes, got [${shape.join(', ')}]`);
  }
  const [rows = 0, width = 0] = shape;
  const patch = patchSize(rows, channels);
  const out = new Float32Array(data.length);
  visitKernel(width, channels, patch, (ours, theirs) => {
    out[theirs] = data[ours] as number;
  });
  return made(out, width, channels, patch, patch);
}

/** `[D, C, p, p]` to `[p·p·C, D]`. */
export function fromConvolution({
  data,
  shape: [width = 0, channels = 0, patch = 0],
}: Float): Float {
  const out = new Float32Array(data.length);
  visitKernel(width, channels, patch, (ours, theirs) => {
    out[ours] = data[theirs] as number;
  });
  return made(out, patch * patch * channels, width);
}

function visitKernel(
  width: number,
  channels: number,
  patch: number,
  visit: (ours: number, theirs: number) => void,
): void {
  const area = patch * patch;
  for (let d = 0; d < width; d++) {
    for (let c = 0; c < channels; c++) {
      for (let at = 0; at < area; at++) {
        visit((at * channels + c) * width + d, (d * channels + c) * area + at);
      }
    }
  }
}

function patchSize(rows: number, channels: number): number {
  const patch = Math.round(Math.sqrt(rows / channels));
  if (patch * patch * channels === rows) return patch;
  throw new RangeError(
    `toConvolution: the patch kernel must have p·p·${channels} rows for ${channels} channels, got ${rows}; set channels`,
  );
}

/** Cuts an array into equal parts along its first axis; in row-major order they are ranges. */
export function parted({ data, shape: [rows = 0, ...rest] }: Float, parts: number): Float[] {
  const size = data.length / parts;
  return Array.from({ length: parts }, (_, i) =>
    made(data.slice(i * size, (i + 1) * size), rows / parts, ...rest),
  );
}

/** Joins arrays along their first axis; the inverse of {@link parted}. */
export function joined(parts: readonly Float[]): Float {
  const [first] = parts;
  const data = new Float32Array(parts.reduce((size, part) => size + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  return made(data, rows, ...(first?.shape.slice(1) ?? []));
}
