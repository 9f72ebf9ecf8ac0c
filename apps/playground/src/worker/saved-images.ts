import type { Dataset, Image } from '@twocan/data';
import { privateFolder } from './private-files.ts';

/** What stands before the pixels. */
type Index = {
  readonly names: readonly string[];
  readonly sizes: readonly (readonly [width: number, height: number])[];
  readonly classes?: readonly string[];
  readonly labels?: readonly number[];
};

const INDEX = 'images.json';
const PIXELS = 'images.bin';

/** Keeps decoded images, so that a run on them goes on after a reload with the same bits. */
export async function keepImages(dataset: Dataset): Promise<void> {
  const folder = await privateFolder('playground');
  const images: Image[] = [];
  for (let i = 0; i < dataset.length; i++) images.push(await dataset.image(i));
  const pixels = new Uint8Array(images.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of images) {
    pixels.set(data, at);
    at += data.length;
  }
  const { classes, labels } = dataset;
  const index: Index = {
    names: images.map((_, i) => dataset.name(i)),
    sizes: images.map(({ width, height }) => [width, height]),
    ...(classes && { classes }),
    ...(labels && { labels: [...labels] }),
  };
  await folder.remove(INDEX);
  await folder.write(PIXELS, pixels);
  await folder.write(INDEX, new TextEncoder().encode(JSON.stringify(index)));
}

/** The images that were kept; nothing where there are none. */
export async function keptImages(): Promise<Dataset | undefined> {
  const folder = await privateFolder('playground');
  const [text, pixels] = [await folder.read(INDEX), await folder.read(PIXELS)];
  if (text === undefined || pixels === undefined) return undefined;
  const { names, sizes, classes, labels } = JSON.parse(new TextDecoder().decode(text)) as Index;
  const images: Image[] = [];
  let at = 0;
  for (const [width, height] of sizes) {
    const length = width * height * 3;
    images.push({ width, height, channels: 3, data: pixels.subarray(at, at + length) });
    at += length;
  }
  return {
    length: names.length,
    image: async (index) => images[index] as Image,
    name: (index) => names[index] ?? '',
    ...(classes && { classes }),
    ...(labels && { labels: Int32Array.from(labels) }),
  };
}
