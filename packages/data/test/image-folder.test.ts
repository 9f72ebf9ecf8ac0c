import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Image } from '../src/index.ts';
import { imageFolder, listFolder, listImages } from '../src/node/index.ts';
import { numberedPicture } from './pictures.ts';

const SOURCE = smooth();
let root = '';

/** A picture that survives JPEG: slow ramps in each channel. */
function smooth(): Image {
  const { width, height } = { width: 24, height: 16 };
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return [40 + 8 * x, 220 - 9 * y, 60 + 3 * x + 4 * y][i % 3] ?? 0;
  });
  return { width, height, channels: 3, data };
}

const toSharp = (image: Image = SOURCE) =>
  sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } });

async function put(path: string, content: Uint8Array): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

/** Largest and mean difference of two pictures of equal size. */
function difference(a: Image, b: Image): { worst: number; mean: number } {
  expect([a.width, a.height, a.data.length]).toEqual([b.width, b.height, b.data.length]);
  const gaps = Array.from(a.data, (x, i) => Math.abs(x - (b.data[i] ?? 0)));
  return { worst: Math.max(...gaps), mean: gaps.reduce((s, x) => s + x, 0) / gaps.length };
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'twocan-data-'));
});
afterAll(() => rm(root, { recursive: true }));

describe('imageFolder', () => {
  it('decodes every kind of file to upright RGB', async () => {
    const grey = toSharp().greyscale();
    const black = await toSharp().linear(0, 0).png().toBuffer();
    const files: Record<string, Promise<Buffer>> = {
      'rgb.png': toSharp().png().toBuffer(),
      'opaque.png': toSharp().ensureAlpha(1).png().toBuffer(),
      'palette.png': toSharp().png({ palette: true, dither: 0 }).toBuffer(),
      'deep.png': toSharp().toColourspace('rgb16').png().toBuffer(),
      'interlaced.png': toSharp().png({ progressive: true }).toBuffer(),
      'rgb.jpg': toSharp().jpeg({ quality: 95 }).toBuffer(),
      'turned.JPG': toSharp()
        .rotate(-90)
        .withMetadata({ orientation: 6 })
        .jpeg({ quality: 95 })
        .toBuffer(),
      'cmyk.jpeg': toSharp()
        .toColourspace('cmyk')
        .withIccProfile('cmyk')
        .jpeg({ quality: 95 })
        .toBuffer(),
      'a.webp': toSharp().webp({ lossless: true }).toBuffer(),
      'a.tif': toSharp().tiff({ compression: 'lzw' }).toBuffer(),
      'a.gif': toSharp().gif({ dither: 0 }).toBuffer(),
      'a.avif': toSharp().avif({ quality: 90 }).toBuffer(),
      // Two frames: the first is the picture.
      'moving.gif': sharp([await toSharp().png().toBuffer(), black], { join: { animated: true } })
        .gif({ dither: 0 })
        .toBuffer(),
      'Ünïcode – 写真 📷.png': toSharp().png().toBuffer(),
      'grey.png': grey.clone().toColourspace('b-w').png().toBuffer(),
      'grey.jpg': grey.clone().toColourspace('b-w').jpeg({ quality: 95 }).toBuffer(),
      'grey-alpha.png': grey.clone().toColourspace('b-w').ensureAlpha(1).png().toBuffer(),
    };
    for (const [name, content] of Object.entries(files)) await put(`kinds/${name}`, await content);
    const read: number[] = [];
    const progress = (done: number): number => read.push(done);
    const folder = await imageFolder(join(root, 'kinds'), { atOnce: 2, progress });
    expect(read).toEqual(Array.from({ length: folder.length }, (_, i) => i + 1));
    expect(folder.broken).toEqual([]);
    expect(folder.length).toBe(Object.keys(files).length);
    expect(folder.classes).toBeUndefined();
    const tones = await grey.clone().raw().toBuffer();
    const greySource: Image = {
      ...SOURCE,
      data: SOURCE.data.map((_, i) => tones[Math.floor(i / 3)] ?? 0),
    };
    const exact = ['rgb.png', 'opaque.png', 'deep.png', 'interlaced.png', 'a.webp', 'a.tif'];
    for (let i = 0; i < folder.length; i++) {
      const name = folder.name(i);
      const gap = difference(await folder.image(i), name.startsWith('grey') ? greySource : SOURCE);
      if (exact.includes(name)) expect(gap.worst, name).toBe(0);
      // Out of gamut for ink, 256 colours, or lossy: close on the whole.
      else expect(gap.mean, name).toBeLessThan(name === 'cmyk.jpeg' ? 25 : 6);
    }
  });

  it('takes classes from the first level, at any depth below', async () => {
    const png = await toSharp().png().toBuffer();
    for (const path of ['b/2.png', 'b/deep/er/1.png', 'a/10.png', 'a/9.png', 'B/x.png']) {
      await put(`classes/${path}`, png);
    }
    const folder = await imageFolder(join(root, 'classes'));
    const names = Array.from({ length: folder.length }, (_, i) => folder.name(i));
    expect(names).toEqual(['B/x.png', 'a/10.png', 'a/9.png', 'b/2.png', 'b/deep/er/1.png']);
    expect(folder.classes).toEqual(['B', 'a', 'b']);
    expect([...(folder.labels ?? [])]).toEqual([0, 1, 1, 2, 2]);
    expect((await imageFolder(join(root, 'classes', 'b'))).classes).toBeUndefined();
    const last = folder.name(folder.length - 1);
    const alone = await imageFolder(join(root, 'classes'), { only: [last] });
    expect([alone.length, alone.name(0)]).toEqual([1, last]);
    expect(await alone.image(0)).toEqual(await folder.image(folder.length - 1));
  });

  it('follows links, but not in circles', async () => {
    const png = await toSharp().png().toBuffer();
    await put('links/real/1.png', png);
    await put('links/.hidden/2.png', png);
    await put('links/notes.txt', png);
    await symlink(join(root, 'links'), join(root, 'links/real/up'));
    await symlink(join(root, 'links/real'), join(root, 'links/twin'));
    await symlink(join(root, 'nowhere'), join(root, 'links/dead.png'));
    expect(await listImages(join(root, 'links'))).toEqual(['real/1.png', 'twin/1.png']);
    expect((await listFolder(join(root, 'links'))).leftOut).toEqual([
      { name: '.hidden/', reason: 'a hidden folder', files: 1 },
      { name: 'dead.png', reason: 'a link to nothing' },
      { name: 'notes.txt', reason: 'not an image: .txt' },
      { name: 'real/up/', reason: 'a link to a folder that it lies in' },
      { name: 'twin/up/', reason: 'a link to a folder that it lies in' },
    ]);
  });

  it('leaves broken files out and names them; replaces them when found late', async () => {
    const jpeg = await toSharp(numberedPicture(64, 64)).jpeg().toBuffer();
    for (const path of ['a/1.jpg', 'a/2.jpg', 'b/3.jpg', 'b/4.jpg'])
      await put(`broken/${path}`, jpeg);
    await put('broken/a/0.png', Buffer.from('no picture'));
    await put('broken/b/9.jpg', new Uint8Array(0));
    await truncate(join(root, 'broken/a/1.jpg'), Math.floor(jpeg.length / 2));
    const folder = await imageFolder(join(root, 'broken'));
    expect(folder.inMemory).toBe(true);
    expect(folder.length).toBe(3);
    expect(folder.broken.map(({ name }) => name).sort()).toEqual(['a/0.png', 'a/1.jpg', 'b/9.jpg']);
    expect(folder.broken.every(({ reason }) => reason.length > 0)).toBe(true);
    // Without memory for pictures only headers are read first, and half a JPEG has a sound one.
    const large = await imageFolder(join(root, 'broken'), { cacheBytes: 0 });
    expect(large.inMemory).toBe(false);
    expect(large.length).toBe(4);
    expect(await large.image(0)).toEqual(await large.image(1));
    expect(large.broken.map(({ name }) => name)).toContain('a/1.jpg');
    await large.close();
    await expect(large.image(1)).rejects.toThrow(/closed/);
  });

  it('shrinks to a short side and never enlarges', async () => {
    await put('sizes/1.png', await toSharp(numberedPicture(90, 60)).png().toBuffer());
    await put('sizes/2.png', await toSharp(numberedPicture(12, 30)).png().toBuffer());
    const folder = await imageFolder(join(root, 'sizes'), { shortSide: 20 });
    expect(await folder.image(0)).toMatchObject({ width: 30, height: 20 });
    expect(await folder.image(1)).toMatchObject({ width: 12, height: 30 });
  });

  it('says why a folder is of no use', async () => {
    await put('text/readme.txt', Buffer.from('words'));
    await put('junk/1.png', Buffer.from('no picture'));
    await expect(imageFolder(join(root, 'absent'))).rejects.toThrow(/cannot read .*absent.*ENOENT/);
    await expect(imageFolder(join(root, 'text'))).rejects.toThrow(
      /no pictures in .*looked for \.jpg/,
    );
    await expect(imageFolder(join(root, 'junk'))).rejects.toThrow(
      /none of the 1 files in .* decodes; the first, 1\.png: /,
    );
    await expect(imageFolder(root, { atOnce: 0 })).rejects.toThrow(/atOnce must be an integer/);
  });
});
