import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Decoded } from './decode.ts';
import { keepFile } from './kept-file.ts';

/** Decoded pictures that are kept on the disk, for all processes of a machine. */
export type DecodedCache = {
  /**
   * @param identity of the file and of how it is decoded
   * @param decode makes the picture where it is not kept
   */
  readonly decoded: (identity: string, decode: () => Promise<Decoded>) => Promise<Decoded>;
};

/** Raise it when the same file is decoded to other bits. */
const FORMAT = Buffer.from('twocan/decoded/1');
const HEADER = FORMAT.length + 16;
/** The cache is this many folders, each with its share of the room: none has to be listed whole. */
const FOLDERS = 256;
/** Pictures that this process writes to a folder until it looks again what others wrote there. */
const LOOK_AGAIN = 64;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * A cache of decoded pictures in a folder.
 *
 * A picture is a file that gets its name when it is whole, and holds a sum of its bytes: what a crash left
 * or another program wrote is not read but made anew. When a folder's share of the room is taken, pictures that no
 * process has read for a day give way; while there are none, no more are kept: in a training, each
 * picture is read once an epoch, and a newer one is of no more use than one that is there.
 *
 * @param folder where; made when the first picture is kept
 * @param bytes the room, within some per cent
 * @returns the cache
 */
export function decodedCache(folder: string, bytes: number): DecodedCache {
  const share = bytes / FOLDERS;
  const rooms = new Map<string, Room>();
  const keep = async (place: string, path: string, picture: Decoded): Promise<void> => {
    const contents = encode(picture);
    const room = rooms.get(place) ?? { taken: 0, writes: 0 };
    rooms.set(place, room);
    if (room.writes++ % LOOK_AGAIN === 0) room.taken = await takenIn(place);
    if (room.taken + contents.length > share) {
      if (room.writes % LOOK_AGAIN !== 1) return; // looked not long ago
      room.taken = await makeRoom(place, share - contents.length);
      if (room.taken + contents.length > share) return;
    }
    room.taken += contents.length;
    await keepFile(path, contents);
  };
  return {
    decoded: async (identity, decode) => {
      const name = createHash('sha256').update(identity).digest('hex').slice(0, 40);
      const place = join(resolve(folder), name.slice(0, 2));
      const path = join(place, name.slice(2));
      const known = await read(path);
      if (known !== undefined) return known;
      const picture = await decode();
      await keep(place, path, picture);
      return picture;
    },
  };
}

type Room = { taken: number; writes: number };
type Kept = { readonly path: string; readonly size: number; readonly used: number };

async function read(path: string): Promise<Decoded | undefined> {
  try {
    const picture = decodeKept(await readFile(path));
    if (picture === undefined) return undefined;
    const { mtimeMs } = await stat(path);
    // Its time says when it was of use; to the hour is enough.
    if (Date.now() - mtimeMs > HOUR) await utimes(path, new Date(), new Date());
    return picture;
  } catch {
    return undefined;
  }
}

function encode({ width, height, data, oneColour }: Decoded): Uint8Array {
  const out = Buffer.allocUnsafe(HEADER + data.length);
  FORMAT.copy(out);
  [width, height, Number(oneColour), crc32(data)].forEach((value, i) => {
    out.writeUInt32LE(value, FORMAT.length + 4 * i);
  });
  out.set(data, HEADER);
  return out;
}

/** Undefined for what is not whole. */
function decodeKept(bytes: Buffer): Decoded | undefined {
  if (bytes.length < HEADER || !bytes.subarray(0, FORMAT.length).equals(FORMAT)) return undefined;
  const [width = 0, height = 0, oneColour, sum] = [0, 1, 2, 3].map((i) =>
    bytes.readUInt32LE(FORMAT.length + 4 * i),
  );
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset + HEADER, bytes.length - HEADER);
  if (data.length !== width * height * 3 || crc32(data) !== sum) return undefined;
  return { width, height, data, oneColour: oneColour === 1 };
}

async function keptIn(place: string): Promise<Kept[]> {
  const names = await readdir(place).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(place, name);
      const { size, mtimeMs: used } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
      return { path, size, used };
    }),
  );
  return found.filter(({ size }) => size > 0);
}

const takenIn = async (place: string): Promise<number> =>
  (await keptIn(place)).reduce((sum, { size }) => sum + size, 0);

/** Removes what nobody used for a day, the oldest first, until no more than `most` is taken. */
async function makeRoom(place: string, most: number): Promise<number> {
  const kept = (await keptIn(place)).sort((a, b) => a.used - b.used);
  let taken = kept.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size, used } of kept) {
    if (taken <= most || Date.now() - used < DAY) break;
    await rm(path, { force: true });
    taken -= size;
  }
  return taken;
}
