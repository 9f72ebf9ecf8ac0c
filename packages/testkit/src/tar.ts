/** A member of a tar file that a test makes; the fields of its header as they come to be. */
export type MadeMember = {
  readonly name: string | Buffer;
  readonly contents?: Uint8Array | string;
  readonly kind?: string;
  /** The 12 bytes of the size. */
  readonly size?: Buffer;
  readonly sumIsWrong?: boolean;
};

/** A member as it lies in a tar file of the ustar format. */
export function tarMember({
  name,
  contents = '',
  kind = '0',
  size,
  sumIsWrong,
}: MadeMember): Buffer {
  const bytes = Buffer.from(contents);
  const header = Buffer.alloc(512);
  Buffer.from(name).copy(header, 0, 0, 100);
  header.write('0000644\0', 100);
  (size ?? Buffer.from(`${bytes.length.toString(8).padStart(11, '0')}\0`)).copy(header, 124);
  header.write('00000000001\0', 136);
  header.write(kind, 156);
  header.write('ustar\x0000', 257, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((all, byte) => all + byte, sumIsWrong ? 1 : 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** A whole tar file with its mark of the end. */
export const tarFile = (...members: readonly MadeMember[]): Buffer =>
  Buffer.concat([...members.map(tarMember), Buffer.alloc(1024)]);

/** A record of pax, which begins with its own length. */
export function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length > length) length++;
  return `${length} ${key}=${value}\n`;
}
