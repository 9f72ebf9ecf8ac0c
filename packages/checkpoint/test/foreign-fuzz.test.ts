import { bits, key } from '@twocan/core';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors, importWeights } from '../src/index.ts';
import { bytesOf, type FolderName, filesOf, json } from './folders.ts';
import { startReader } from './reader.ts';

const COUNT = 1000;
const NAMES: readonly FolderName[] = ['timm', 'vit', 'vit-mae', 'mae'];

/** What stands in a text in place of something else: extremes of every kind. */
const VALUES =
  '0 -1 1e400 1.5 9007199254740993 4294967296 1048577 null true [] {} "" "x" [0] [16,-4]'
    .split(' ')
    .concat('"\\u0000"', '"../../etc/passwd"', '[[[[]]]]');

/** Numbers of one run of the test, the same in each. */
function drawing(seed: number): (below: number) => number {
  const drawn = bits(key(seed), 64);
  let at = 0;
  return (below) => (drawn[at++ % drawn.length] ?? 0) % below;
}

/** Changes a file: values or characters of its text, bytes anywhere, or its length. */
function mutated(bytes: Uint8Array, draw: (below: number) => number, text: [number, number]) {
  const [from, to] = text;
  const kind = draw(5);
  if (kind === 0) return bytes.slice(0, draw(bytes.length));
  if (kind <= 2) {
    const copy = bytes.slice();
    // Bits of the text, and of the length before it.
    for (let i = 0; i <= draw(4); i++) copy[draw(to)] = draw(256);
    return copy;
  }
  const old = new TextDecoder('latin1').decode(bytes.subarray(from, to));
  const places = [...old.matchAll(/-?\d+(?:\.\d+)?|"[^"]*"|true|false|null/g)];
  const place = places[draw(places.length)];
  const value = VALUES[draw(VALUES.length)] ?? '0';
  const next = place
    ? old.slice(0, place.index) + value + old.slice(place.index + place[0].length)
    : old;
  const changed = new TextEncoder().encode(next);
  const out = new Uint8Array(from + changed.length + bytes.length - to);
  out.set(bytes.subarray(0, from));
  out.set(changed, from);
  out.set(bytes.subarray(to), from + changed.length);
  if (from === 8) new DataView(out.buffer).setUint32(0, changed.length, true);
  return out;
}

const headerEnd = (bytes: Uint8Array): number =>
  8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);

/** Weights by our own names, as they are exported. */
async function ownFiles(): Promise<Record<string, Uint8Array>> {
  const { params, encoder, decoder, images } = await importWeights(filesOf(bytesOf('vit-mae')));
  return {
    'model.safetensors': encodeSafetensors(params),
    'config.json': json({ format: 'twocan/weights', version: 1, encoder, decoder, images }),
  };
}

/** Memory that a process may take beside the files: what its garbage amounts to before it is collected. */
const BASE = 48e6; // bytes

const sizeOf = (files: Readonly<Record<string, Uint8Array>>): number =>
  Object.values(files).reduce((sum, { length }) => sum + length, 0);

describe(`${COUNT} mutated files`, () => {
  it.each([
    ['safetensors', (name: string) => name.endsWith('.safetensors')],
    ['config.json', (name: string) => name.endsWith('.json')],
  ])(
    '%s: an error that names what is wrong, or weights; no memory beyond the files',
    { timeout: 240_000 },
    async (_, picks) => {
      const own = await ownFiles();
      const reader = startReader();
      try {
        // What reading takes at all is loaded and compiled by then.
        const { peak: before } = await reader.read(own);
        const outcomes = { read: 0, refused: 0 };
        for (let seed = 0; seed < COUNT; seed++) {
          const draw = drawing(seed);
          const name = NAMES[seed % (NAMES.length + 1)];
          const files = name === undefined ? own : bytesOf(name);
          const targets = Object.keys(files).filter(picks);
          const target = targets[draw(targets.length)] ?? '';
          const bytes = files[target] as Uint8Array;
          const text: [number, number] = target.endsWith('.json')
            ? [0, bytes.length]
            : [8, headerEnd(bytes)];
          const given = { ...files, [target]: mutated(bytes, draw, text) };
          const { made, error, peak, seconds } = await reader.read(given);
          expect([seed, error]).toEqual([
            seed,
            expect.stringMatching(/^$|^RangeError: importWeights: /),
          ]);
          // Halves become twice as wide.
          expect(made).toBeLessThanOrEqual(2 * sizeOf(given) + 1e4);
          expect(peak - before).toBeLessThan(BASE);
          expect(seconds).toBeLessThan(10);
          outcomes[error === '' ? 'read' : 'refused']++;
        }
        // A reader that took or refused everything would pass without having been tried.
        expect(outcomes.refused).toBeGreaterThan(COUNT / 3);
        expect(outcomes.read).toBeGreaterThan(0);
      } finally {
        reader.stop();
      }
    },
  );
});

/** A file with a header of our own making. */
function withHeader(text: string): Record<string, Uint8Array> {
  const head = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + head.length);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, 8);
  return { 'model.safetensors': bytes };
}

const times = (count: number, part: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => part(i)).join();
const NONE = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
const LONG = 'x'.repeat(28);
const NESTED = 10_000_000;

describe('files that mean harm', () => {
  it.each<[string, () => Record<string, Uint8Array>, RegExp]>([
    [
      '200,000 tensors that are described wrongly',
      () =>
        withHeader(
          `{${times(200_000, (i) => `"${LONG}${i}":{"dtype":"F32","shape":[1],"data_offsets":[0,0]}`)}}`,
        ),
      /of shape \[1\] needs 4 bytes/,
    ],
    [
      '200,000 tensors without elements',
      () => withHeader(`{${times(200_000, (i) => `"${LONG}${i}":${NONE}`)}}`),
      /at most 32768 tensors/,
    ],
    [
      '30,000 tensors of an architecture that is not supported',
      () => withHeader(`{${times(30_000, (i) => `"blocks.${i}.ls1.gamma":${NONE}`)}}`),
      /layer scale, which is not supported: blocks\.0\.ls1\.gamma, .* and 29996 more$/,
    ],
    [
      'lists in lists',
      () => withHeader(`{"a":${'['.repeat(NESTED)}${']'.repeat(NESTED)}}`),
      /at most 4096 bytes/,
    ],
    [
      'lists side by side',
      () => withHeader(`{"a":[${'[],'.repeat(NESTED / 2)}0]}`),
      /at most 4096 bytes/,
    ],
    [
      'a name of 20 MB',
      () => withHeader(`{"${'/'.repeat(2 * NESTED)}":${NONE}}`),
      /a name of at most 4096 bytes/,
    ],
    [
      '2,000,000 texts beside the tensors',
      () => withHeader(`{"__metadata__":{${times(2_000_000, (i) => `"${i}":""`)}}}`),
      /at most 32768 texts/,
    ],
    [
      'settings that are 600,000 lists',
      () => ({ 'config.json': json(Array(600_000).fill([])) }),
      /config.json must hold an object of settings/,
    ],
    [
      'an index of 90,000 names',
      () => ({
        'model.safetensors.index.json': json({
          weight_map: Object.fromEntries(
            Array.from({ length: 90_000 }, (_, i) => [i, '.safetensors']),
          ),
        }),
      }),
      /must name safetensors files of its folder/,
    ],
  ])(
    '%s: an error, and no memory beyond the file',
    { timeout: 120_000 },
    async (_, make, message) => {
      const reader = startReader();
      try {
        const { peak: before } = await reader.read(await ownFiles());
        const files = make();
        const { error, peak, seconds } = await reader.read(files);
        expect(error.slice(0, 1000)).toMatch(message);
        expect(error.length).toBeLessThan(1000);
        // Once as the message that it is sent by, and once as the file.
        expect(peak - before).toBeLessThan(2 * sizeOf(files) + BASE);
        expect(seconds).toBeLessThan(10);
      } finally {
        reader.stop();
      }
    },
  );
});
