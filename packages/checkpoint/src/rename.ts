import type { NamedArray, NamedArrays } from './dtype.ts';
import {
  float32,
  fromConvolution,
  joined,
  parted,
  type Rename,
  toConvolution,
  transposed,
} from './layout.ts';

/** A dense layer or norm of ours and the PyTorch module that holds it. */
export const dense = (ours: string, ...theirs: readonly string[]): Rename[] => [
  { ours: `${ours}/kernel`, theirs: theirs.map((name) => `${name}.weight`), layout: 'dense' },
  { ours: `${ours}/bias`, theirs: theirs.map((name) => `${name}.bias`), layout: 'same' },
];
export const norm = (ours: string, theirs: string): Rename[] => [
  { ours: `${ours}/scale`, theirs: [`${theirs}.weight`], layout: 'same' },
  { ours: `${ours}/bias`, theirs: [`${theirs}.bias`], layout: 'same' },
];
export const patch = (ours: string, theirs: string): Rename[] => [
  { ours: `${ours}/kernel`, theirs: [`${theirs}.weight`], layout: 'patch' },
  { ours: `${ours}/bias`, theirs: [`${theirs}.bias`], layout: 'same' },
];
export const token = (ours: string, theirs: string): Rename[] => [
  { ours, theirs: [theirs], layout: 'same' },
];

/** The number of blocks under a prefix such as `encoder/blocks/` or `vit.encoder.layer.`. */
export function depthOf(names: readonly string[], prefix: string): number {
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number.parseInt(name.slice(prefix.length), 10))
    .reduce((depth, index) => (index >= depth ? index + 1 : depth), 0);
}

/** Our arrays under their names. Every rename must find its array. */
export function exported(
  caller: string,
  params: NamedArrays,
  renames: readonly Rename[],
  channels: number,
): NamedArrays {
  refuseMissing(
    caller,
    params,
    renames.map(({ ours }) => ours),
  );
  const out = renames.flatMap(({ ours, theirs, layout }): [string, NamedArray][] => {
    const array = float32(caller, ours, params[ours] as NamedArray);
    const laid =
      layout === 'dense'
        ? transposed(array)
        : layout === 'patch'
          ? toConvolution(array, channels)
          : { ...array, data: array.data.slice() };
    const parts = theirs.length === 1 ? [laid] : parted(laid, theirs.length);
    return parts.map((part, i) => [theirs[i] as string, part]);
  });
  return Object.fromEntries(out);
}

/** Their arrays under our names, and which of theirs had no place. */
export function imported(
  caller: string,
  named: NamedArrays,
  renames: readonly Rename[],
): { readonly params: NamedArrays; readonly ignored: readonly string[] } {
  refuseMissing(
    caller,
    named,
    renames.flatMap(({ theirs }) => theirs),
  );
  const params = renames.map(({ ours, theirs, layout }): [string, NamedArray] => {
    const parts = theirs.map((name) => float32(caller, name, named[name] as NamedArray));
    const laid = joined(parts);
    if (layout === 'dense') return [ours, transposed(laid)];
    return [ours, layout === 'patch' ? fromConvolution(laid) : laid];
  });
  const used = new Set(renames.flatMap(({ theirs }) => theirs));
  const ignored = Object.keys(named).filter((name) => !used.has(name));
  return { params: Object.fromEntries(params), ignored };
}

function refuseMissing(caller: string, named: NamedArrays, wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !Object.hasOwn(named, name));
  if (missing.length === 0) return;
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
  throw new RangeError(`${caller}: missing ${missing.slice(0, 5).join(', ')}${more}`);
}
