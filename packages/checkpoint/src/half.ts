import { expectNamedArrays, type NamedArray, type NamedArrays } from './dtype.ts';

/**
 * Float32 arrays in half precision: half the bytes, 3 digits instead of 7.
 *
 * Numbers are rounded to the nearest half, ties to even; those beyond 65504 become infinite.
 *
 * @param named arrays by name; those of other types stay as they are
 * @returns the same with F16 in place of F32
 * @throws TypeError or RangeError for what are no named arrays
 * @example
 * const bytes = encodeSafetensors(toHalf(await treeToNamed(params)));
 *
 * IEEE 754, binary16.
 */
export function toHalf(named: NamedArrays): NamedArrays {
  expectNamedArrays('toHalf', 'named', named);
  return Object.fromEntries(
    Object.entries(named).map(([name, array]): [string, NamedArray] => {
      if (!(array.data instanceof Float32Array)) return [name, array];
      return [name, { dtype: 'F16', shape: array.shape, data: halfWords(array.data) }];
    }),
  );
}

function halfWords(data: Float32Array): Uint16Array {
  const bits = new DataView(new ArrayBuffer(4));
  return Uint16Array.from(data, (x) => {
    bits.setFloat32(0, x);
    const word = bits.getUint32(0);
    const sign = (word >>> 16) & 0x8000;
    const size = Math.abs(x);
    if (Number.isNaN(x)) return sign | 0x7e00;
    if (size >= 65520) return sign | 0x7c00;
    // Below 2^-14 halves lie 2^-24 apart.
    if (size < 2 ** -14) return sign | nearestEven(size * 2 ** 24);
    const rounded = (word & 0x7fffffff) + 0xfff + ((word >>> 13) & 1);
    // The exponent's bias is 127 in one format and 15 in the other.
    return sign | ((rounded >>> 13) - (112 << 10));
  });
}

function nearestEven(x: number): number {
  const low = Math.floor(x);
  const over = x - low;
  return over > 0.5 || (over === 0.5 && low % 2 === 1) ? low + 1 : low;
}

/**
 * Floating-point arrays of any width as float32.
 *
 * @param named arrays by name; integers and booleans stay as they are
 * @returns the same with F32 in place of F16, BF16 and F64
 * @throws TypeError or RangeError for what are no named arrays
 * @example
 * const named = widened(decodeSafetensors(bytes).tensors);
 */
export function widened(named: NamedArrays): NamedArrays {
  expectNamedArrays('widened', 'named', named);
  return Object.fromEntries(
    Object.entries(named).map(([name, array]): [string, NamedArray] => {
      const data = floats(array);
      return [name, data === undefined ? array : { dtype: 'F32', shape: array.shape, data }];
    }),
  );
}

/** The numbers of a floating-point array as a fresh float32 array; nothing for another type. */
export function floats({ dtype, data }: NamedArray): Float32Array | undefined {
  if (data instanceof Float32Array || data instanceof Float64Array) return new Float32Array(data);
  if (!(data instanceof Uint16Array)) return undefined;
  if (dtype === 'F16') return Float32Array.from(data, halfToNumber);
  if (dtype !== 'BF16') return undefined;
  return new Float32Array(Uint32Array.from(data, (word) => word << 16).buffer);
}

/** IEEE 754 half precision: 1 sign bit, 5 exponent bits, 10 fraction bits. */
function halfToNumber(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 31;
  const fraction = word & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
