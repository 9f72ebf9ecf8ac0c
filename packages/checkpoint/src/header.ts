import { arrayOf, type DType, elements } from './dtype.ts';
import { brief, type Member, membersOf, parsed } from './json-members.ts';

/** Longest header that is read, as in the Hugging Face hub: no real model comes near it. */
export const MAX_HEADER_BYTES = 25_000_000;

/** Most tensors of a file, and most texts beside them: each takes memory that is many times its own bytes. */
export const MOST_NAMES = 2 ** 15;

/** Type, shape and place of a tensor are some hundred bytes. */
const MOST_ENTRY_BYTES = 4096;

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
 * Reads and checks the header of a safetensors file: nothing in it is trusted, and it is read tensor by tensor,
 * so that one that means harm takes no more memory than its bytes and those of {@link MOST_NAMES} tensors.
 *
 * @param bytes the file, or its beginning
 * @param size bytes of the whole file
 * @returns entries in the order of their data
 * @throws RangeError naming the first rule that the file breaks
 */
export function readHeader(bytes: Uint8Array, size = bytes.length): Header {
  if (size < 8) fail(`a file has at least 8 bytes, got ${size}; is it truncated?`);
  const length = headerLength(bytes);
  if (length > MAX_HEADER_BYTES) {
    fail(`header length must be at most ${MAX_HEADER_BYTES} bytes, got ${length}`);
  }
  if (length > size - 8) {
    fail(`header needs ${length} bytes, the file has ${size - 8} left; is it truncated?`);
  }
  // The first byte rules out a byte order mark and leading spaces, which the format forbids.
  if (bytes[8] !== 0x7b) fail("header must begin with '{'; is this a safetensors file?");
  const { entries, metadata } = inWords(() => readMembers(bytes, 8 + length));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, size - 8 - length);
  return { entries, metadata, dataStart: 8 + length };
}

/** The length of the header that the first 8 bytes name. */
export function headerLength(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}

/** What a part that is no JSON, or no UTF-8, makes of the header. */
function inWords<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return fail(`header must be JSON in UTF-8 (${reason})`);
  }
}

function readMembers(bytes: Uint8Array, end: number): Pick<Mutable, 'entries' | 'metadata'> {
  const found: Mutable = { entries: [], metadata: {} };
  for (const member of uniqueMembers(bytes, 8, end)) {
    if (member.name === '__metadata__') found.metadata = readMetadata(bytes, member);
    else if (found.entries.push(readEntry(bytes, member)) > MOST_NAMES) tooMany('tensors');
  }
  return found;
}

function* uniqueMembers(bytes: Uint8Array, begin: number, end: number): Generator<Member> {
  const names = new Set<string>();
  for (const member of membersOf(bytes, begin, end)) {
    if (names.has(member.name)) fail(`the name '${brief(member.name)}' stands twice`);
    names.add(member.name);
    yield member;
  }
}

type Mutable = { entries: Entry[]; metadata: { readonly [name: string]: string } };

const tooMany = (what: string): never =>
  fail(`a file must have at most ${MOST_NAMES} ${what}, got more`);

function readMetadata(bytes: Uint8Array, { begin, end }: Member): Mutable['metadata'] {
  if (bytes[begin] !== 0x7b) fail('__metadata__ must be an object of strings');
  const texts = new Map<string, string>();
  for (const member of uniqueMembers(bytes, begin, end)) {
    const { name } = member;
    if (name === '__proto__') fail("__metadata__ must not use the name '__proto__'");
    if (bytes[member.begin] !== 0x22) fail(`__metadata__ '${brief(name)}' must be a string`);
    texts.set(name, parsed(bytes, member.begin, member.end) as string);
    if (texts.size > MOST_NAMES) tooMany('texts in __metadata__');
  }
  return Object.fromEntries(texts);
}

function readEntry(bytes: Uint8Array, member: Member): Entry {
  const { name } = member;
  const shown = brief(name);
  // Names become properties of trees, where this one would replace the prototype.
  if (name.split('/').includes('__proto__')) fail(`'${shown}' must not use the name '__proto__'`);
  const length = member.end - member.begin;
  if (length > MOST_ENTRY_BYTES) {
    fail(`'${shown}' must be described in at most ${MOST_ENTRY_BYTES} bytes, got ${length}`);
  }
  const value = parsed(bytes, member.begin, member.end);
  if (!isRecord(value)) return fail(`'${shown}' must be an object`);
  // JSON.parse keeps the last of equal names.
  for (const _ of uniqueMembers(bytes, member.begin, member.end));
  const { dtype, shape, data_offsets: offsets } = value;
  const width = typeof dtype === 'string' ? arrayOf(dtype)?.BYTES_PER_ELEMENT : undefined;
  if (width === undefined) return fail(`'${shown}' has the unknown dtype ${inJson(dtype)}`);
  const size = elements(shape) * width;
  if (!Number.isSafeInteger(size)) fail(`'${shown}' has the impossible shape ${inJson(shape)}`);
  const range = Array.isArray(offsets) && offsets.length === 2 ? offsets : [];
  const [begin, end] = range as unknown[] as [number, number];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin) {
    fail(`'${shown}' must have data_offsets [begin, end], got ${inJson(offsets)}`);
  }
  if (end - begin !== size) {
    fail(`'${shown}' of shape ${inJson(shape)} needs ${size} bytes, has ${end - begin}`);
  }
  return { name, dtype: dtype as DType, shape: shape as number[], begin, end };
}

const inJson = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);

/** The tensors must tile the data: no overlap, no hole, nothing behind the last. */
function checkCoverage(entries: readonly Entry[], size: number): void {
  let expected = 0;
  for (const { name, begin, end } of entries) {
    if (begin < expected) fail(`'${brief(name)}' overlaps the tensor before it`);
    if (begin > expected)
      fail(`there is a hole of ${begin - expected} bytes before '${brief(name)}'`);
    expected = end;
  }
  if (expected > size) fail(`tensors need ${expected} bytes, the file has ${size}; truncated?`);
  if (expected < size) fail(`${size - expected} bytes follow the last tensor`);
}
