import { type NamedFile, openImages, zipEntries } from '@twocan/data/web';
import { expect, it } from 'vitest';

/** Written by Python's zipfile: a stored file, a folder, a deflated file with a name in UTF-8, a comment. */
const ARCHIVE =
  'UEsDBBQAAAAAAAAAIQCzJE6WCAAAAAgAAAAPAAAAY2F0cy9zdG9yZWQudHh0YXMgaXQgaXNQSwMEFAAAAAAAAAAhAAAAAAAAAAAAAAAAAAUAAABjYXRzL1BLAwQUAAAICAAAACEAP1ci2RIAAACwBAAAEAAAAGRvZ3MvZ3LDtsOfZS50eHRLTE/MzFNIHCVHyVFylBz0JABQSwECFAMUAAAAAAAAACEAsyROlggAAAAIAAAADwAAAAAAAAAAAAAAgAEAAAAAY2F0cy9zdG9yZWQudHh0UEsBAhQDFAAAAAAAAAAhAAAAAAAAAAAAAAAAAAUAAAAAAAAAAAAAAIABNQAAAGNhdHMvUEsBAhQDFAAACAgAAAAhAD9XItkSAAAAsAQAABAAAAAAAAAAAAAAAIABWAAAAGRvZ3MvZ3LDtsOfZS50eHRQSwUGAAAAAAMAAwCuAAAAmAAAAAkAYSBjb21tZW50';

const archive = (): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(ARCHIVE), (letter) => letter.charCodeAt(0));

async function picture(colour: string, width = 4, height = 4): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  return canvas.convertToBlob({ type: 'image/png' });
}

const named = (path: string, file: Blob): NamedFile => ({ path, file });

it('the files of a zip archive are those that Python wrote', async () => {
  const entries = await zipEntries(new Blob([archive()]));
  expect(entries.map(({ path }) => path)).toEqual(['cats/stored.txt', 'dogs/größe.txt']);
  const texts = await Promise.all(
    entries.map(async ({ read }) => new TextDecoder().decode(await read())),
  );
  expect(texts).toEqual(['as it is', 'again '.repeat(200)]);
});

it('an archive that is cut off, or none at all, is refused', async () => {
  await expect(zipEntries(new Blob([archive().slice(0, 200)]))).rejects.toThrow(
    /must be a zip file/,
  );
  await expect(zipEntries(new Blob(['text']))).rejects.toThrow(/must be a zip file/);
});

it('an entry that holds more than it says is not unpacked', async () => {
  const bytes = archive();
  const view = new DataView(bytes.buffer);
  // The size of the last entry, in the list of the archive.
  const at = Array.from({ length: bytes.length - 4 }, (_, i) => i).filter(
    (i) => view.getUint32(i, true) === 0x02014b50,
  );
  view.setUint32((at.at(-1) ?? 0) + 24, 100, true);
  const [, packed] = await zipEntries(new Blob([bytes]));
  await expect(packed?.read()).rejects.toThrow(/damaged/);
});

it('pictures have the order, the classes and the pixels of their files', async () => {
  const files = [
    named('photos/dogs/b.png', await picture('rgb(0 0 255)')),
    named('photos/cats/a.png', await picture('rgb(255 0 0)', 40, 20)),
    named('photos/dogs/a.png', await picture('rgb(0 255 0 / 0%)')),
    named('photos/.hidden.png', await picture('black')),
  ];
  const progress: number[] = [];
  const opened = await openImages(files, {
    shortSide: 10,
    most: 10,
    progress: (done) => progress.push(done),
  });
  const names = Array.from({ length: opened.length }, (_, i) => opened.name(i));
  expect(names).toEqual(['cats/a.png', 'dogs/a.png', 'dogs/b.png']);
  expect([opened.classes, [...(opened.labels ?? [])]]).toEqual([
    ['cats', 'dogs'],
    [0, 1, 1],
  ]);
  expect([opened.unused, opened.tooMany, progress]).toEqual([[], 0, [1, 2, 3]]);
  const [cat, clear, blue] = await Promise.all([0, 1, 2].map(opened.image));
  expect([cat?.width, cat?.height, [...(cat?.data.slice(0, 3) ?? [])]]).toEqual([
    20,
    10,
    [255, 0, 0],
  ]);
  // What is transparent lies over grey, as of files in Node.
  expect([...(clear?.data.slice(0, 3) ?? [])]).toEqual([128, 128, 128]);
  expect([...(blue?.data.slice(-3) ?? [])]).toEqual([0, 0, 255]);
});

it('files that are no pictures are left out with a reason, and too many are counted', async () => {
  const png = await picture('red');
  const files = [
    ...['a.png', 'b.png', 'c.png', 'd.png'].map((path) => named(path, png)),
    named('e.heic', png),
    named('f.tif', png),
    named('g.txt', new Blob(['text'])),
    named('h.zip', new Blob(['text'])),
  ];
  const some = await openImages(files, { shortSide: 8, most: 2 });
  expect([some.length, some.tooMany, some.name(1), some.classes]).toEqual([
    2,
    2,
    'c.png',
    undefined,
  ]);
  expect(Object.fromEntries(some.unused.map(({ name, reason }) => [name, reason]))).toEqual({
    'e.heic': 'HEIC, which browsers do not read: save it as JPEG',
    'f.tif': 'an image format that browsers do not read: .tif',
    'g.txt': 'not an image: .txt',
    'h.zip': 'no zip archive that can be read, or cut off',
  });
  const broken = [named('a.png', png.slice(0, 40)), named('b.png', new Blob([]))];
  const { length, unused } = await openImages(broken, { shortSide: 8, most: 9 });
  expect([length, unused.map(({ reason }) => reason)]).toEqual([
    0,
    ['damaged, or of a kind that this browser does not read', 'the file is empty'],
  ]);
});

it('a small file of a huge picture is not decoded', async () => {
  const head = new Uint8Array(await (await picture('red')).arrayBuffer());
  new DataView(head.buffer).setUint32(16, 60_000);
  new DataView(head.buffer).setUint32(20, 60_000);
  const { unused } = await openImages([named('a.png', new Blob([head]))], {
    shortSide: 8,
    most: 9,
  });
  expect(unused[0]?.reason).toBe('60000 x 60000 is more than 134 million pixels; make it smaller');
});
