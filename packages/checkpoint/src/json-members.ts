/** A member of an object in JSON: its name, and where its value lies in the bytes. */
export type Member = { readonly name: string; readonly begin: number; readonly end: number };

const [QUOTE, ESCAPE, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Longest name, with its quotes. */
export const MOST_NAME_BYTES = 4096;

/** What is no JSON, and where. */
const broken = (wanted: string, at: number): never => {
  throw new SyntaxError(`${wanted} expected at byte ${at}`);
};

/**
 * The members of an object in JSON, one at a time: `JSON.parse` would make a value of each before the first
 * can be looked at, and files that mean harm hold millions.
 *
 * Values are passed over by their brackets and quotes; who needs one parses it.
 *
 * @param bytes JSON in UTF-8
 * @param from where the object begins
 * @param to where the text ends
 * @returns each member as it is reached
 * @throws SyntaxError for what is no object, or for a name that is longer than {@link MOST_NAME_BYTES}
 */
export function* membersOf(bytes: Uint8Array, from: number, to: number): Generator<Member> {
  let at = past(bytes, from, to, OPEN, "'{'");
  if (bytes[at] === CLOSE) return expectEnd(bytes, at + 1, to);
  for (;;) {
    if (bytes[at] !== QUOTE || at >= to) broken('a name', at);
    const quoted = valueEnd(bytes, at, to);
    if (quoted - at > MOST_NAME_BYTES) broken(`a name of at most ${MOST_NAME_BYTES} bytes`, at);
    const name = parsed(bytes, at, quoted) as string;
    const begin = past(bytes, space(bytes, quoted, to), to, COLON, "':'");
    const end = valueEnd(bytes, begin, to);
    yield { name, begin, end };
    at = space(bytes, end, to);
    if (bytes[at] === CLOSE && at < to) return expectEnd(bytes, at + 1, to);
    at = past(bytes, at, to, COMMA, "',' or '}'");
  }
}

/**
 * The value of a part of the bytes.
 *
 * @throws SyntaxError for what is no JSON, TypeError for bytes that are no UTF-8
 */
export function parsed(bytes: Uint8Array, begin: number, end: number): unknown {
  return JSON.parse(UTF8.decode(bytes.subarray(begin, end)));
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

const SHOWN = 80;

/** A name as errors show it: its beginning, where it is long. */
export const brief = (name: string): string =>
  name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name;

function expectEnd(bytes: Uint8Array, at: number, to: number): void {
  if (space(bytes, at, to) < to) broken('the end', space(bytes, at, to));
}

const SPACE = [0x20, 0x09, 0x0a, 0x0d];

/** Where the next word begins. */
function space(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && SPACE.includes(bytes[at] ?? 0)) at++;
  return at;
}

/** The next word after a mark, which must stand there. */
function past(bytes: Uint8Array, at: number, to: number, mark: number, shown: string): number {
  if (at >= to || bytes[at] !== mark) broken(shown, at);
  return space(bytes, at + 1, to);
}

/** Where a value ends. */
function valueEnd(bytes: Uint8Array, begin: number, to: number): number {
  let depth = 0;
  for (let at = begin; at < to; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = quoteEnd(bytes, at, to);
    else if (byte === OPEN || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE || byte === CLOSE_LIST) {
      if (depth === 0) return at;
      depth--;
    } else if (depth === 0 && byte === COMMA) return at;
    else continue;
    if (depth === 0) return at + 1;
  }
  return depth === 0 ? to : broken("'}'", to);
}

/** Where the closing quote of a text lies. */
function quoteEnd(bytes: Uint8Array, begin: number, to: number): number {
  for (let at = begin + 1; at < to; at++) {
    if (bytes[at] === ESCAPE) at++;
    else if (bytes[at] === QUOTE) return at;
  }
  return broken("'\"'", to);
}
