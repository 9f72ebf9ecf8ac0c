import { Tensor, tensor } from '@tensorflow/tfjs-core';
import { faultOf, type Names, resultOf } from './faults.ts';

/** The same value with each float32 tensor of numbers in it as whole numbers, of int32 or of floats. */
export function wholeTensors(value: unknown, dtype: 'int32' | 'float32'): unknown {
  if (value instanceof Tensor) {
    if (value.dtype !== 'float32') return value;
    return tensor(Array.from(value.dataSync(), Math.round), value.shape, dtype);
  }
  if (Array.isArray(value)) return value.map((child) => wholeTensors(child, dtype));
  if (value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const changed = Object.entries(value as object).map(([name, child]) => [
    name,
    wholeTensors(child, dtype),
  ]);
  return Object.fromEntries(changed);
}

/** Every number of a result, in the order of its names. */
function numbersOf(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  if (value instanceof Tensor) return Array.from(value.dataSync());
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(numbersOf);
}

/** Whether there is a tensor of float32 in it. */
export const holdsFloats = (value: unknown): boolean =>
  value instanceof Tensor
    ? value.dtype === 'float32'
    : value !== null &&
      typeof value === 'object' &&
      (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) &&
      Object.values(value).some(holdsFloats);

/** The numbers of a result, or the error instead of it. */
type Outcome = readonly number[] | Error;
export const outcome = (
  call: (...args: never[]) => unknown,
  args: readonly unknown[],
): Promise<Outcome> => resultOf(call, args).then(numbersOf, (error: Error) => error);

/** How an outcome is neither the other nor an error of ours, or nothing. */
export function differenceOf(got: Outcome, want: Outcome, names: Names): string | undefined {
  if (got instanceof Error) return faultOf(got, names);
  if (want instanceof Error) return `${got} where floats throw ${want.message}`;
  const near = (x: number, y = Number.NaN): boolean => Math.abs(x - y) <= 1e-6 + 1e-5 * Math.abs(y);
  const same = got.length === want.length && got.every((x, i) => near(x, want[i]));
  return same ? undefined : `[${got.slice(0, 4)}] where floats give [${want.slice(0, 4)}]`;
}
