import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ImageFolder, imageFolder } from '../src/node/index.ts';
import pictures from './golden/pictures.json' with { type: 'json' };

let [root, folder] = ['', undefined as ImageFolder | undefined];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'twocan-decoded-'));
  for (const { name, file } of pictures) await writeFile(join(root, name), file, 'base64');
  folder = await imageFolder(root, { atOnce: 1, only: pictures.map(({ name }) => name) });
});
afterAll(() => rm(root, { recursive: true }));

describe('pictures that other programs wrote', () => {
  it('are all read', () => {
    expect(folder?.broken).toEqual([]);
    expect(folder?.length).toBe(pictures.length);
  });

  it.each(pictures)('$name looks as it should', async ({ name, row, within }) => {
    const index = pictures.findIndex((picture) => picture.name === name);
    const picture = await folder?.image(index);
    expect([picture?.width, picture?.height]).toEqual([8, 4]);
    const gaps = [...(picture?.data ?? [])].map((value, i) => Math.abs(value - (row[i % 24] ?? 0)));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(within);
  });

  it('of one colour are named, and these are not', async () => {
    expect([...(folder?.oneColour ?? ['none'])]).toEqual([]);
    const create = { width: 9, height: 5, channels: 3, background: 'navy' } as const;
    await sharp({ create }).png().toFile(join(root, 'navy.png'));
    const flat = await imageFolder(root, { atOnce: 1, only: ['navy.png', 'cmyk.jpg'] });
    expect([...flat.oneColour]).toEqual(['navy.png']);
  });
});

describe('8-bit RGB', () => {
  it('is what sharp decodes, byte for byte, opaque or not', async () => {
    const data = Uint8Array.from({ length: 60 * 40 * 3 }, (_, i) => (i * 7919) % 256);
    const source = sharp(data, { raw: { width: 60, height: 40, channels: 3 } });
    const files = {
      'a.png': await source.clone().png().toBuffer(),
      'b.jpg': await source.clone().jpeg().toBuffer(),
      'opaque.png': await source.clone().ensureAlpha(1).png().toBuffer(),
    };
    for (const [name, content] of Object.entries(files)) await writeFile(join(root, name), content);
    const only = Object.keys(files);
    const decoded = await imageFolder(root, { atOnce: 1, shortSide: 20, only });
    for (const [i, content] of Object.values(files).entries()) {
      const plain = sharp(content).toColourspace('srgb').removeAlpha();
      const bytes = await plain.resize(20, 20, { fit: 'outside' }).raw().toBuffer();
      expect((await decoded.image(i)).data).toEqual(new Uint8Array(bytes));
    }
  });
});

describe('pictures that cannot be read', () => {
  const reasons = async (name: string, content: Uint8Array | string): Promise<string> => {
    await writeFile(join(root, name), content);
    await writeFile(join(root, 'sound.png'), await flat('png', 3));
    const { broken } = await imageFolder(root, { atOnce: 1, only: ['sound.png', name] });
    expect(broken.map((file) => file.name)).toEqual([name]);
    return broken[0]?.reason ?? '';
  };
  const flat = (kind: 'png' | 'tiff', channels: 3 | 4, size = 8): Promise<Buffer> =>
    sharp({ create: { width: size, height: size, channels, background: 'red' } })
      .toFormat(kind)
      .toBuffer();

  it('are named with a reason, not with the text of a library', async () => {
    const png = await flat('png', 3, 100);
    const found = {
      page: await reasons('page.jpg', '<!DOCTYPE html><html></html>'),
      empty: await reasons('empty.png', ''),
      cut: await reasons('cut.png', png.subarray(0, png.length - 60)),
    };
    expect(found).toEqual({
      page: expect.stringMatching(/^the contents are no image/),
      empty: 'the file is empty',
      cut: expect.stringMatching(/^damaged/),
    });
    expect(Object.values(found).join()).not.toMatch(/vips|png:|buffer/i);
  });

  it('are named with the limit on size', async () => {
    const huge = hugePng(40_000, 30_000);
    expect(await reasons('huge.png', huge)).toBe(
      '40000x30000 is more than the limit of 268 million pixels; make it smaller',
    );
  });

  it('are left out where their colours would be taken for others: YCbCr that is not in JPEG', async () => {
    const rgb = (compression: 'none' | 'lzw') =>
      sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
        .tiff({ compression })
        .toBuffer();
    for (const compression of ['none', 'lzw'] as const) {
      const file = await rgb(compression);
      const photometric = file.indexOf(Buffer.from('06010300010000000200', 'hex'));
      expect(photometric).toBeGreaterThan(0);
      file.writeUInt16LE(6, photometric + 8);
      expect(await reasons(`ycbcr-${compression}.tif`, file)).toMatch(
        /TIFF of YCbCr .*save it as RGB/,
      );
    }
  });
});

/** A PNG that claims a size; the header's checksum is right, there are no pixels. */
function hugePng(width: number, height: number): Buffer {
  const header = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  size[8] = 1;
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from('IHDR'), size])));
  return Buffer.concat([header, size, sum, Buffer.from('0000000049444154', 'hex')]);
}
