import { bits, key } from '@twocan/core';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors, type ImportedWeights, importWeights } from '../src/index.ts';
import { bytesOf, type FolderName, filesOf, json } from './folders.ts';

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

/** Reads files, and holds what comes of it against their size. */
async function survives(files: Record<string, Uint8Array>): Promise<ImportedWeights | undefined> {
  const size = Object.values(files).reduce((sum, { length }) => sum + length, 0);
  try {
    const read = await importWeights(filesOf(files));
    const made = Object.values(read.params).reduce((sum, { data }) => sum + data.byteLength, 0);
    // Halves become twice as wide.
    expect(made).toBeLessThanOrEqual(2 * size + 1e4);
    return read;
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toMatch(/^RangeError: importWeights: /);
    return undefined;
  }
}

/** Weights by our own names, as they are exported. */
async function ownFiles(): Promise<Record<string, Uint8Array>> {
  const { params, encoder, decoder, images } = await importWeights(filesOf(bytesOf('vit-mae')));
  return {
    'model.safetensors': encodeSafetensors(params),
    'config.json': json({ format: 'twocan/weights', version: 1, encoder, decoder, images }),
  };
}

describe(`${COUNT} mutated files`, () => {
  it.each([
    ['safetensors', (name: string) => name.endsWith('.safetensors')],
    ['config.json', (name: string) => name.endsWith('.json')],
  ])(
    '%s: an error that names what is wrong, or weights of the size of the file',
    { timeout: 120_000 },
    async (_, picks) => {
      const own = await ownFiles();
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
        const read = await survives({ ...files, [target]: mutated(bytes, draw, text) });
        outcomes[read === undefined ? 'refused' : 'read']++;
      }
      // A reader that took or refused everything would pass without having been tried.
      expect(outcomes.refused).toBeGreaterThan(COUNT / 3);
      expect(outcomes.read).toBeGreaterThan(0);
    },
  );
});
