import { expandDims, reshape, slice, Tensor, tensor } from '@tensorflow/tfjs-core';

/**
 * A wrong value in place of a right one, and whether no answer to it can be right; inside an object, the
 * names that lead to what is wrong.
 */
export type Wrong = {
  readonly what: string;
  readonly value: unknown;
  readonly refused: boolean;
  readonly inside?: readonly string[];
  /** Whether a name was left out: then it is that which is wrong, and no value. */
  readonly missing?: boolean;
};

const NUMBERS = [Number.NaN, Infinity, -1, 1.5, 1e300, 0] as const;
const isPlain = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;

const kindOf = (value: unknown): string => {
  if (value instanceof Tensor) return 'tensor';
  if (ArrayBuffer.isView(value)) return 'typed array';
  return Array.isArray(value) ? 'array' : typeof value;
};

/** Values of every other kind. */
function otherKinds(value: unknown, wide: boolean): Wrong[] {
  const kind = kindOf(value);
  const inside = wide && (kind === 'tensor' || kind === 'object');
  const isNode = (other: unknown): boolean => other !== null && typeof other === 'object';
  const others = [5, 'text', null, {}, [], true, () => 1];
  return others
    .filter((other) => kindOf(other) !== kind || other === null)
    .map((other) => ({
      what: other === null ? 'null' : `${typeof other} ${Array.isArray(other) ? '[]' : ''}`,
      value: other,
      // A number may be given as a schedule, and a tree may end early.
      refused: !(kind === 'number' && typeof other === 'function') && !(inside && isNode(other)),
    }));
}

function tensors(value: Tensor): Wrong[] {
  const disposed = tensor([1]);
  disposed.dispose();
  const empty = slice(value, 0, [0]);
  return [
    { what: 'disposed', value: disposed, refused: true },
    { what: 'of strings', value: tensor(['a', 'b']), refused: true },
    { what: 'one axis more', value: expandDims(value), refused: false },
    { what: 'flat', value: reshape(value, [-1]), refused: false },
    { what: 'a scalar', value: tensor(1), refused: false },
    ...(value.rank > 0 ? [{ what: 'empty', value: empty, refused: false }] : []),
  ];
}

function typedArrays(value: Float32Array | Int32Array | Uint8Array): Wrong[] {
  return [
    { what: 'no numbers', value: value.slice(0, 0), refused: false },
    { what: 'a number less', value: value.slice(1), refused: false },
    { what: 'of another type', value: Float64Array.from(value), refused: false },
  ];
}

/** What an object can lack, misspell or have wrong inside, to a depth. */
function objects(value: Record<string, unknown>, depth: number, wide: boolean): Wrong[] {
  const more = { what: 'with a name more', value: { ...value, more: 5 }, refused: false };
  const changes = Object.entries(value).flatMap(([name, own]): Wrong[] => {
    const { [name]: _, ...rest } = value;
    const missing = { what: `without ${name}`, value: rest, refused: false, missing: true };
    const misspelt = { ...rest, [`${name}x`]: own };
    const changed = depth === 0 ? [] : wrongValues(own, depth - 1, wide, true);
    return [
      missing,
      { what: `${name} misspelt`, value: misspelt, refused: !wide, inside: [name] },
      ...changed.map((wrong) => ({
        ...wrong,
        inside: [name, ...(wrong.inside ?? [])],
        what: `${name} ${wrong.what}`,
        value: { ...value, [name]: wrong.value },
      })),
    ];
  });
  return [more, ...changes];
}

/**
 * Wrong values in place of a right one.
 *
 * @param value the right one
 * @param depth how many levels of objects are changed inside
 * @param wide whether a name that is misspelt may pass, where a wider object may be given
 * @param inside whether it stands in an object, where what is undefined may have a default
 */
export function wrongValues(value: unknown, depth = 2, wide = false, inside = false): Wrong[] {
  const wrong = otherKinds(value, wide);
  if (!inside) wrong.push({ what: 'undefined', value: undefined, refused: false });
  if (typeof value === 'number') {
    for (const n of NUMBERS) wrong.push({ what: `${n}`, value: n, refused: Number.isNaN(n) });
  }
  if (value instanceof Tensor) wrong.push(...tensors(value));
  else if (ArrayBuffer.isView(value)) wrong.push(...typedArrays(value as Float32Array));
  else if (Array.isArray(value)) {
    wrong.push({ what: 'no items', value: [], refused: false });
    wrong.push({ what: 'items of null', value: value.map(() => null), refused: value.length > 0 });
  } else if (isPlain(value)) wrong.push(...objects(value, depth, wide));
  return wrong;
}
