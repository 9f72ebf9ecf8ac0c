import { expectInteger, expectNumber, expectType, refuse } from './check.ts';

/**
 * A key of the counter-based generator: 64 bits, plain JSON, never mutated.
 *
 * All randomness enters through keys. Consumers {@link fold} a key by name, so that adding one
 * never shifts the numbers of another, and step t of a run uses `fold(root, t)`.
 */
export type Key = { readonly hi: number; readonly lo: number };

const isWord = (word: unknown): boolean => typeof word === 'number' && word >>> 0 === word;

/**
 * Checks a key: two unsigned words.
 *
 * @param caller the function that was called
 * @param argument the key's name
 * @param key the key
 * @throws TypeError for what `key`, `fold` and `split` do not return
 * @example
 * expectKey('sampleMask', 'key', key);
 */
export function expectKey(caller: string, argument: string, key: unknown): asserts key is Key {
  const words = key as Key | null | undefined;
  if (isWord(words?.hi) && isWord(words?.lo)) return;
  refuse(caller, argument, 'be a key, as key(seed) returns', key, TypeError);
}

/**
 * Threefry-2x32 with 20 rounds: a keyed bijection of two 32-bit words.
 *
 * @param key the key
 * @param x0 first counter word, an unsigned 32-bit integer
 * @param x1 second counter word
 * @returns two random words, unsigned
 * @example
 * threefry({ hi: 0, lo: 0 }, 0, 0); // [0x6b200159, 0x99ba4efe]
 *
 * Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011; test vectors of Random123.
 */
export function threefry(key: Key, x0: number, x1: number): [number, number] {
  expectKey('threefry', 'key', key);
  expectInteger('threefry', 'x0', x0, 0, 2 ** 32 - 1);
  expectInteger('threefry', 'x1', x1, 0, 2 ** 32 - 1);
  const words = new Uint32Array(2);
  writeBlock(words, 0, key, x0, x1);
  return [words[0] ?? 0, words[1] ?? 0];
}

/** A rotation to the left. */
const mix = (b: number, r: number): number => (b << r) | (b >>> (32 - r));

/** Writes the block of a counter; without arrays or tuples, since a picture needs thousands. */
function writeBlock(to: Uint32Array, at: number, { hi, lo }: Key, x0: number, x1: number): void {
  const third = 0x1bd11bda ^ hi ^ lo;
  let a = (x0 + hi) | 0;
  let b = (x1 + lo) | 0;
  for (let round = 0; round < 5; round++) {
    const even = (round & 1) === 0;
    a = (a + b) | 0;
    b = mix(b, even ? 13 : 17) ^ a;
    a = (a + b) | 0;
    b = mix(b, even ? 15 : 29) ^ a;
    a = (a + b) | 0;
    b = mix(b, even ? 26 : 16) ^ a;
    a = (a + b) | 0;
    b = mix(b, even ? 6 : 24) ^ a;
    const turn = round % 3; // the key's three words in turn
    a = (a + (turn === 0 ? lo : turn === 1 ? third : hi)) | 0;
    b = (b + (turn === 0 ? third : turn === 1 ? hi : lo) + round + 1) | 0;
  }
  to[at] = a;
  if (at + 1 < to.length) to[at + 1] = b;
}

/**
 * The root key of a seed.
 *
 * @param seed a non-negative safe integer
 * @returns the key
 * @throws RangeError for any other seed
 * @example
 * const root = key(42);
 */
export function key(seed: number): Key {
  return ofNumber('key', 'seed', seed);
}

function ofNumber(caller: string, argument: string, value: number): Key {
  const fits = (x: number): boolean => Number.isSafeInteger(x) && x >= 0;
  expectNumber(caller, argument, value, 'be a non-negative safe integer', fits);
  return { hi: Math.floor(value / 2 ** 32), lo: value >>> 0 };
}

// The last counter word differs for folds by name, folds by number, splits and draws.
const DRAW = 0;
const FOLD_NUMBER = 0x80000001;
const FOLD_NAME = 0x80000002;

/**
 * A new key that depends on a key and a tag: by name for consumers, by number for steps.
 *
 * @param parent the key
 * @param tag a string, or a non-negative integer below 2^53
 * @returns the child key, independent of the parent and of children by other tags
 * @throws RangeError for a number that is not a non-negative safe integer; TypeError for what is no key or tag
 * @example
 * const maskKey = fold(fold(root, step), 'mask');
 */
export function fold(parent: Key, tag: string | number): Key {
  expectKey('fold', 'parent', parent);
  if (typeof tag === 'number') {
    const { hi, lo } = ofNumber('fold', 'tag', tag);
    const inner = hi === 0 ? parent : absorb(parent, hi, FOLD_NUMBER + 2);
    return absorb(inner, lo, FOLD_NUMBER);
  }
  expectType('fold', 'tag', tag, 'string');
  // Names are absorbed two UTF-16 units at a time; the length closes the message.
  let folded = parent;
  for (let i = 0; i < tag.length; i += 2) {
    const next = i + 1 < tag.length ? tag.charCodeAt(i + 1) : 0;
    folded = absorb(folded, (tag.charCodeAt(i) | (next << 16)) >>> 0, FOLD_NAME);
  }
  return absorb(folded, tag.length, FOLD_NAME + 2);
}

function absorb(parent: Key, word: number, domain: number): Key {
  const block = new Uint32Array(2);
  writeBlock(block, 0, parent, word, domain);
  return { hi: block[0] ?? 0, lo: block[1] ?? 0 };
}

/**
 * Several keys from one.
 *
 * @param parent the key
 * @param count how many, a non-negative integer
 * @returns `count` keys; a longer split starts with the same keys
 * @example
 * const [forWeights, forData] = split(root, 2);
 */
export function split(parent: Key, count: number): Key[] {
  expectKey('split', 'parent', parent);
  expectInteger('split', 'count', count, 0);
  return Array.from({ length: count }, (_, i) => fold(parent, i));
}

/**
 * Random 32-bit words: word 2i and 2i+1 are the block of counter i.
 *
 * @param from the key
 * @param count how many words
 * @returns unsigned words
 * @throws TypeError for what is no key, RangeError for a count that is not whole
 * @example
 * bits(key(0), 2); // Uint32Array [0x6b200159, 0x99ba4efe]
 */
export function bits(from: Key, count: number): Uint32Array {
  return words('bits', from, count);
}

/** Random words for a function that draws them, which is named in errors. */
export function words(caller: string, from: Key, count: number): Uint32Array {
  expectKey(caller, 'from', from);
  expectInteger(caller, 'count', count, 0);
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i += 2) writeBlock(words, i, from, i >>> 1, DRAW);
  return words;
}
