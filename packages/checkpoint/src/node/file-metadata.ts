import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { expectType } from '@twocan/core';
import { headerLength, MAX_HEADER_BYTES, readHeader } from '../header.ts';

/**
 * The texts that a safetensors file has beside its tensors, read from its header alone: the rest may be gigabytes.
 *
 * @param path the file's
 * @returns texts by name
 * @throws RangeError for what is no safetensors file; the file system's errors
 * @example
 * const { format } = fileMetadata('model.safetensors');
 */
export function fileMetadata(path: string): { readonly [name: string]: string } {
  expectType('fileMetadata', 'path', path, 'string');
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const begins = Math.min(size, 8);
    const first = readAtStart(file, begins);
    const wanted = begins < 8 ? 0 : headerLength(first);
    // What is longer than a header may be is refused by its length.
    const length = wanted > MAX_HEADER_BYTES ? 0 : wanted;
    return readHeader(readAtStart(file, Math.min(size, begins + length)), size).metadata;
  } finally {
    closeSync(file);
  }
}

function readAtStart(file: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, 0));
}
