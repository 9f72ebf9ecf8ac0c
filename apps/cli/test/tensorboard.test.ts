import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadGolden } from '@twocan/testkit';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMetrics } from '../src/run/metrics-file.ts';
import { listSheets } from '../src/run/sample-sheets.ts';
import { crc32c, maskCrc } from '../src/tensorboard/crc32c.ts';
import { openEventLog } from '../src/tensorboard/event-log.ts';
import { encodeEvent, encodeFileStart } from '../src/tensorboard/events.ts';
import { scratch } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);
const range = (length: number, value: (i: number) => number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => value(i));

test.each([
  [range(32, () => 0), 0x8a9136aa],
  [range(32, () => 0xff), 0x62a8ab43],
  [range(32, (i) => i), 0x46dd794e],
  [range(32, (i) => 31 - i), 0x113fdb5c],
  [new Uint8Array(0), 0],
])('crc32c: the vectors of RFC 3720, B.4 (%#)', (bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

describe("records are TensorBoard's own, byte by byte", () => {
  const golden = loadGolden('events');
  const expected = (name: string): Uint8Array => Uint8Array.from(golden.values(name));
  const seconds = 1795504564.25;

  test('the start of a file', () => {
    expect(encodeFileStart(seconds)).toEqual(expected('start'));
  });

  test('scalars', () => {
    const summaries = [
      { name: 'loss/total', scalar: 1.1 },
      { name: 'naïve', scalar: -3e-9 },
    ];
    expect(encodeEvent({ step: 300, seconds, summaries })).toEqual(expected('scalars'));
  });

  test('an image, at a step beyond 32 bits', () => {
    const image = { name: 'samples', png: range(200, (i) => i), width: 300, height: 2 };
    const event = { step: 5_000_000_000, seconds, summaries: [image] };
    expect(encodeEvent(event)).toEqual(expected('image'));
  });
});

/** Splits a file into records, each with both checksums right. */
function records(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const found: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = view.getUint32(at, true);
    const data = file.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 8, true)).toBe(maskCrc(crc32c(file.subarray(at, at + 8))));
    expect(view.getUint32(at + 12 + length, true)).toBe(maskCrc(crc32c(data)));
    found.push(data);
    at += 16 + length;
  }
  return found;
}

describe('the log of a run', () => {
  const events = folder.path('tensorboard');
  const png = folder.path('sheet.png');
  const contents = (): Uint8Array[] =>
    readdirSync(events).map((name) => new Uint8Array(readFileSync(join(events, name))));

  beforeAll(async () => {
    await sharp({ create: { width: 7, height: 5, channels: 3, background: '#fff' } })
      .png()
      .toFile(png);
  });

  test('one record a line and one a sheet, whole after each', () => {
    const log = openEventLog(events, 1000);
    log.line({ step: 1, loss: 2, gradNorm: 1, machine: { time: 1001 } });
    log.sheet({ step: 1, path: png, seconds: 1002 });
    const [file = new Uint8Array(0)] = contents();
    expect(records(file)).toHaveLength(3);
    expect(Buffer.from(file).includes('optimizer/gradient-norm')).toBe(true);
    expect(Buffer.from(file).includes(readFileSync(png))).toBe(true);
  });

  test('a later process starts a file of its own and removes those before', () => {
    openEventLog(events, 2000);
    expect(contents().map((file) => records(file).length)).toEqual([1]);
  });
});

test('what is read for it: whole lines and sheets by step', () => {
  expect(readMetrics(folder.path('none'))).toEqual([]);
  expect(listSheets(folder.path('none'))).toEqual([]);
});
