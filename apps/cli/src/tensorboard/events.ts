import { concat, double, float, integer, message, text } from '@twocan/onnx/protobuf';
import { crc32c, maskCrc } from './crc32c.ts';

/** One thing to show under a name, such as `loss/contrastive`. */
export type Summary =
  | { readonly name: string; readonly scalar: number }
  | {
      readonly name: string;
      readonly png: Uint8Array;
      readonly width: number;
      readonly height: number;
    };

/** What happened at a step. `seconds` since 1970 place it on the wall-clock axis. */
export type StepEvent = {
  readonly step: number;
  readonly seconds: number;
  readonly summaries: readonly Summary[];
};

// Field numbers of tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const;
const SUMMARY = { value: 1 } as const;
const VALUE = { tag: 1, simpleValue: 2, image: 4 } as const;
const IMAGE = { height: 1, width: 2, colorspace: 3, encoded: 4 } as const;
const RGB = 3;

/**
 * The first record of an event file.
 *
 * @param seconds since 1970
 * @returns bytes of the file
 */
export function encodeFileStart(seconds: number): Uint8Array {
  return record([double(EVENT.wallTime, seconds), text(EVENT.fileVersion, 'brain.Event:2')]);
}

/**
 * One record of an event file; TensorBoard reads a file that grows.
 *
 * @param event step, time and what to show
 * @returns bytes to append
 */
export function encodeEvent({ step, seconds, summaries }: StepEvent): Uint8Array {
  const values = summaries.map((summary) =>
    message(SUMMARY.value, [text(VALUE.tag, summary.name), valueOfSummary(summary)]),
  );
  return record([
    double(EVENT.wallTime, seconds),
    integer(EVENT.step, step),
    message(EVENT.summary, values),
  ]);
}

function valueOfSummary(summary: Summary): Uint8Array {
  if ('scalar' in summary) return float(VALUE.simpleValue, summary.scalar);
  return message(VALUE.image, [
    integer(IMAGE.height, summary.height),
    integer(IMAGE.width, summary.width),
    integer(IMAGE.colorspace, RGB),
    message(IMAGE.encoded, [summary.png]),
  ]);
}

/** TFRecord: the length in eight bytes and its CRC, the data and its CRC, all little-endian. */
function record(fields: readonly Uint8Array[]): Uint8Array {
  const data = concat(fields);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, data.length, true);
  return concat([length, checksum(length), data, checksum(data)]);
}

function checksum(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, maskCrc(crc32c(bytes)), true);
  return out;
}
