import { expectType } from '@twocan/core';
import { openable } from '../file-names.ts';
import { BLOCK } from './tar-header.ts';

/** The mark at the end of a tar file. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK);

/** Where fields of a header begin. */
const AT = {
  mode: 100,
  user: 108,
  group: 116,
  size: 124,
  time: 136,
  sum: 148,
  kind: 156,
  magic: 257,
};
/** Bytes of a name that the header itself holds. */
const SHORT = 100;

/**
 * A file as a member of a tar file: the same bytes for the same name and contents, of no owner and no
 * time. A name that the header cannot hold is described as pax does.
 *
 * @param name with `/` between the parts; a byte that is not UTF-8 as in `nameOfBytes`
 * @param contents what the file holds
 * @returns headers, contents and what fills the last block
 * @example
 * const tar = Buffer.concat([tarMember('a.txt', new TextEncoder().encode('a')), TAR_END]);
 */
export function tarMember(name: string, contents: Uint8Array): Uint8Array {
  expectType('tarMember', 'name', name, 'string');
  expectType('tarMember', 'contents', contents, Uint8Array);
  const bytes = Buffer.from(openable(name));
  const plain = bytes.length <= SHORT && bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  const described = plain ? [] : [block('pax', 'x', paxOf(bytes, name))];
  return Buffer.concat([...described, block(plain ? name : 'long', '0', contents)]);
}

/**
 * How many bytes {@link tarMember} gives.
 *
 * @param name of the file
 * @param size bytes of its contents
 * @returns a multiple of 512
 * @example
 * tarMemberSize('a.txt', 1); // 1024
 */
export function tarMemberSize(name: string, size: number): number {
  const empty = tarMember(name, new Uint8Array(0)).length;
  return empty + Math.ceil(size / BLOCK) * BLOCK;
}

/** Records of pax for a name; for one that is not UTF-8 they say so. */
function paxOf(bytes: Buffer, name: string): Buffer {
  const binary = typeof openable(name) === 'string' ? [] : [record('hdrcharset', 'BINARY')];
  return Buffer.concat([...binary, record('path', bytes)]);
}

/** A record begins with its own length, digits included. */
function record(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length++;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function block(name: string, kind: string, contents: Uint8Array): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, SHORT, 'latin1');
  header.write('0000644\0', AT.mode);
  header.write('0000000\0', AT.user);
  header.write('0000000\0', AT.group);
  header.write(`${contents.length.toString(8).padStart(11, '0')}\0`, AT.size);
  header.write('00000000000\0', AT.time);
  header.write(kind, AT.kind);
  header.write('ustar\x0000', AT.magic, 'latin1');
  header.fill(' ', AT.sum, AT.sum + 8);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, AT.sum);
  const fill = Buffer.alloc((BLOCK - (contents.length % BLOCK)) % BLOCK);
  return Buffer.concat([header, contents, fill]);
}
