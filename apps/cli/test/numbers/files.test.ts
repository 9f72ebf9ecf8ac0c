import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors } from '@twocan/checkpoint';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, describe, expect, test } from 'vitest';
import { jsonLinesOf } from '../../src/files/rows/json-lines.ts';
import { npyOf } from '../../src/files/rows/npy.ts';
import { parquetOf } from '../../src/files/rows/parquet.ts';
import type { RowStream } from '../../src/files/rows/rows.ts';
import { safetensorsOf } from '../../src/files/rows/safetensors.ts';
import { SERIES } from '../../src/run/series.ts';
import { openEventLog } from '../../src/tensorboard/event-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'twocan-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of numbers of that many images, made in two pieces. */
async function fileOf(
  write: (stream: RowStream) => AsyncIterable<Uint8Array | string>,
  images: number,
  shape: readonly number[],
): Promise<{ readonly bytes: Buffer; readonly data: Float32Array; readonly names: string[] }> {
  const size = shape.reduce((product, side) => product * side, 1);
  const data = Float32Array.from({ length: images * size }, (_, i) => i / 7 - 3);
  const names = Array.from({ length: images }, (_, i) => `ä ${i}.png`);
  const half = Math.ceil(images / 2);
  async function* pieces() {
    yield { first: 0, count: half, rows: data.subarray(0, half * size) };
    if (half < images)
      yield { first: half, count: images - half, rows: data.subarray(half * size) };
  }
  const parts: Buffer[] = [];
  const stream = { kind: 'features', names, shape, pieces: pieces() };
  for await (const part of write(stream)) parts.push(Buffer.from(part));
  return { bytes: Buffer.concat(parts), data, names };
}

describe('a NumPy file', () => {
  test.each([
    [1, [1]],
    [2, [3]],
    [1000, [7]],
    [123_456, [1]],
    [5, [4, 3]],
  ])('of %d x %j', async (images, shape) => {
    const { bytes, data } = await fileOf(npyOf, images, shape);
    expect([...bytes.subarray(0, 8)]).toEqual([0x93, ...Buffer.from('NUMPY'), 1, 0]);
    const length = bytes.readUInt16LE(8);
    const header = bytes.subarray(10, 10 + length).toString();
    expect(header.trim()).toBe(
      `{'descr': '<f4', 'fortran_order': False, 'shape': (${[images, ...shape].join(', ')}), }`,
    );
    expect(header.endsWith('\n')).toBe(true);
    // numpy.lib.format: numbers begin at a multiple of 64.
    expect((10 + length) % 64).toBe(0);
    expect(bytes.length).toBe(10 + length + 4 * data.length);
    const values = new Float32Array(new Uint8Array(bytes.subarray(10 + length)).buffer);
    expect(values).toEqual(data);
  });
});

test.each([
  [1, [3]],
  [5, [2, 3]],
  [300, [16]],
])('a Parquet file of %d x %j is read by hyparquet', async (images, shape) => {
  const { bytes, data, names } = await fileOf(parquetOf, images, shape);
  const file = new Uint8Array(bytes).buffer;
  const metadata = parquetMetadata(file);
  expect(Number(metadata.num_rows)).toBe(images);
  expect(metadata.row_groups).toHaveLength(Math.min(images, 2));
  expect(metadata.key_value_metadata).toContainEqual({
    key: 'shape',
    value: JSON.stringify(shape),
  });
  const rows = await parquetReadObjects({ file });
  expect(rows.map(({ name }) => name)).toEqual(names);
  expect(rows.flatMap(({ features }) => features)).toEqual([...data]);
});

test('a safetensors file has one tensor, read by what reads every other', async () => {
  const { bytes, data } = await fileOf(safetensorsOf, 5, [2, 3]);
  const { features } = decodeSafetensors(bytes).tensors;
  expect(features).toEqual({ dtype: 'F32', shape: [5, 2, 3], data });
});

test('JSON lines nest the numbers as their shape does', async () => {
  const { bytes, data, names } = await fileOf(jsonLinesOf, 3, [2, 2]);
  const lines = bytes.toString().trimEnd().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as { name: string; features: number[][] });
  expect(rows.map(({ name }) => name)).toEqual(names);
  expect(rows[1]?.features).toEqual([[...data.subarray(4, 6)], [...data.subarray(6, 8)]]);
});

/** The scalars of an event file by tag, with step and time; read by hand. */
function scalarsOf(file: Uint8Array) {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const found: { tag: string; step: number; seconds: number; value: number }[] = [];
  for (let at = 0; at < file.length; ) {
    const length = view.getUint32(at, true);
    const fields = fieldsOf(file.subarray(at + 12, at + 12 + length));
    at += 16 + length;
    const summary = fields.get(5)?.[0];
    if (!(summary instanceof Uint8Array)) continue;
    for (const value of fieldsOf(summary).get(1) ?? []) {
      const own = fieldsOf(value as Uint8Array);
      const scalar = own.get(2)?.[0];
      if (typeof scalar !== 'number') continue;
      found.push({
        tag: Buffer.from(own.get(1)?.[0] as Uint8Array).toString(),
        step: fields.get(2)?.[0] as number,
        seconds: fields.get(1)?.[0] as number,
        value: scalar,
      });
    }
  }
  return found;
}

function fieldsOf(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag % 8;
    let value: number | Uint8Array;
    const length = type === 0 ? 0 : type === 1 ? 8 : type === 5 ? 4 : varint();
    const start = at;
    at += length;
    if (type === 0) value = varint();
    else if (type === 1) value = view.getFloat64(start, true);
    else if (type === 5) value = view.getFloat32(start, true);
    else value = bytes.subarray(start, at);
    const field = Math.floor(tag / 8);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

describe('the event file of a run', () => {
  test('has every number under the tag of its own', () => {
    const path = join(folder, 'events');
    const log = openEventLog(path, 1000.5);
    // Whole numbers and halves: float32 holds them.
    log.line({
      step: 3,
      loss: 1,
      contrastive: 2,
      reconstruction: 3,
      denoising: 4,
      alignment: 5,
      uniformity: -6,
      gradNorm: 7,
      learningRate: 8,
      unknown: 99,
      machine: { time: 1003, imagesPerSecond: 9, rssMegabytes: 10, millis: 98 },
    });
    log.line({
      step: 4,
      evaluation: { knn: 0.5, rawPixels: 0.25, effectiveRank: 12 },
      machine: {},
    });
    const [name = ''] = readdirSync(path);
    expect(name).toBe('events.out.tfevents.1000.twocan');
    const scalars = scalarsOf(new Uint8Array(readFileSync(join(path, name))));
    const at = (step: number) =>
      Object.fromEntries(
        scalars.filter((own) => own.step === step).map(({ tag, value }) => [tag, value]),
      );
    expect(at(3)).toEqual({
      'loss/total': 1,
      'loss/contrastive': 2,
      'loss/reconstruction': 3,
      'loss/denoising': 4,
      'collapse/alignment': 5,
      'collapse/uniformity': -6,
      'optimizer/gradient-norm': 7,
      'optimizer/learning-rate': 8,
      'machine/images-per-second': 9,
      'machine/rss-megabytes': 10,
    });
    expect(at(4)).toEqual({ 'evaluation/knn': 0.5, 'collapse/effective-rank': 12 });
    expect(scalars.map(({ seconds }) => seconds)).toEqual([
      ...new Array<number>(10).fill(1003),
      ...[1000.5, 1000.5],
    ]);
  });

  test('replaces those of earlier processes, and nothing else', () => {
    const path = join(folder, 'again');
    openEventLog(path, 1);
    writeFileSync(join(path, 'notes.txt'), 'mine');
    openEventLog(path, 2.9);
    expect(readdirSync(path).sort()).toEqual(['events.out.tfevents.2.twocan', 'notes.txt']);
  });
});

test('curves: each reads its own number, and says what to see', () => {
  const step = { step: 1, machine: { imagesPerSecond: 1 }, loss: 2, evaluation: { knn: 3 } };
  // A judgement has no loss, though its line may hold the name.
  expect(SERIES.flatMap(({ tag, of }) => (of(step) === undefined ? [] : tag))).toEqual([
    'evaluation/knn',
  ]);
  const { evaluation: _, ...plain } = step;
  expect(SERIES.flatMap(({ tag, of }) => (of(plain) === undefined ? [] : tag))).toEqual([
    'loss/total',
    'machine/images-per-second',
  ]);
  expect(SERIES.every(({ of }) => of({ step: 1, machine: {} }) === undefined)).toBe(true);
  for (const { title, reading } of SERIES) expect(`${title} ${reading}`).toMatch(/^[A-Zk].+ .+\.$/);
  expect(new Set(SERIES.map(({ title }) => title)).size).toBe(SERIES.length);
});
