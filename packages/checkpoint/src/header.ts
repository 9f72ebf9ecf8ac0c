import { arrayOf, type DType, elements } from './dtype.ts';

/** Longest header that is read, as in the Hugging Face hub: no real model comes near it. */
export const MAX_HEADER_BYTES = 25_000_000;

/** One tensor of a header; the offsets count from the end of the header. */
export type Entry = {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
};

/** Everything in a file before its data. */
export type Header = {
  readonly entries: readonly Entry[];
  readonly metadata: { readonly [name: string]: string };
  readonly dataStart: number;
};

const fail = (rule: string): never => {
  throw new RangeError(`decodeSafetensors: ${rule}`);
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads and checks the header of a safetensors file: nothing in it is trusted.
 *
 * @param bytes the file
 * @returns entries in the order of their data
 * @throws RangeError naming the first rule that the file breaks
 */
export function readHeader(bytes: Uint8Array): Header {
  if (bytes.length < 8) fail(`a file has at least 8 bytes, got ${bytes.length}; is it truncated?`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MAX_HEADER_BYTES) {
    fail(`header length must be at most ${MAX_HEADER_BYTES} bytes, got ${length}`);
  }
  if (length > bytes.length - 8) {
    fail(`header needs ${length} bytes, the file has ${bytes.length - 8} left; is it truncated?`);
  }
  // The first byte rules out a byte order mark and leading spaces, which the format forbids.
  if (bytes[8] !== 0x7b) fail("header must begin with '{'; is this a safetensors file?");
  const json = parseJson(bytes.subarray(8, 8 + length));
  const metadata = readMetadata(json.__metadata__);
  const entries = Object.entries(json)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readEntry(name, value));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, bytes.length - 8 - length);
  return { entries, metadata, dataStart: 8 + length };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let text = '';
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    fail(`header must be JSON in UTF-8 (${error instanceof Error ? error.message : error})`);
  }
  if (!isRecord(value)) return fail('header must be a JSON object');
  refuseDuplicateNames(text);
  return value;
}

/** JSON.parse silently keeps the last of equal names, so names are counted in the text itself. */
function refuseDuplicateNames(text: string): void {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '{') open.push(new Set());
    else if (char === '[') open.push(new Set());
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const start = i;
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++;
      let after = i + 1;
      while (' \t\n\r'.includes(text[after] ?? '.')) after++;
      if (text[after] !== ':') continue;
      const name = JSON.parse(text.slice(start, i + 1)) as string;
      const names = open.at(-1);
      if (names?.has(name)) fail(`the name '${name}' stands twice`);
      names?.add(name);
    }
  }
}

function readMetadata(value: unknown): { readonly [name: string]: string } {
  if (value === undefined) return {};
  if (!isRecord(value)) return fail('__metadata__ must be an object of strings');
  for (const [name, text] of Object.entries(value)) {
    if (name === '__proto__') fail("__metadata__ must not use the name '__proto__'");
    if (typeof text !== 'string') fail(`__metadata__ '${name}' must be a string`);
  }
  return value as Record<string, string>;
}

function readEntry(name: string, value: unknown): Entry {
  // Names become properties of trees, where this one would replace the prototype.
  if (name.split('/').includes('__proto__')) fail(`'${name}' must not use the name '__proto__'`);
  if (!isRecord(value)) return fail(`'${name}' must be an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  const bytes = typeof dtype === 'string' ? arrayOf(dtype)?.BYTES_PER_ELEMENT : undefined;
  if (bytes === undefined) return fail(`'${name}' has the unknown dtype ${JSON.stringify(dtype)}`);
  const size = elements(shape) * bytes;
  if (!Number.isSafeInteger(size)) fail(`'${name}' has the impossible shape ${brief(shape)}`);
  const range = Array.isArray(offsets) && offsets.length === 2 ? offsets : [];
  const [begin, end] = range as unknown[] as [number, number];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin) {
    fail(`'${name}' must have data_offsets [begin, end], got ${brief(offsets)}`);
  }
  if (end - begin !== size) {
    fail(`'${name}' of shape ${brief(shape)} needs ${size} bytes, has ${end - begin}`);
  }
  return { name, dtype: dtype as DType, shape: shape as number[], begin, end };
}

const brief = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);

/** The tensors must tile the data: no overlap, no hole, nothing behind the last. */
function checkCoverage(entries: readonly Entry[], size: number): void {
  let expected = 0;
  for (const { name, begin, end } of entries) {
    if (begin < expected) fail(`'${name}' overlaps the tensor before it`);
    if (begin > expected) fail(`there is a hole of ${begin - expected} bytes before '${name}'`);
    expected = end;
  }
  if (expected > size) fail(`tensors need ${expected} bytes, the file has ${size}; truncated?`);
  if (expected < size) fail(`${size - expected} bytes follow the last tensor`);
}
