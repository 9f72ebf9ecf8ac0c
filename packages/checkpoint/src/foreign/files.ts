import { expectType, refuse } from '@twocan/core';
import { fail } from './fail.ts';

/** Files that weights lie in: a folder on a disk, behind a URL, or chosen in a page. */
export type WeightFiles = {
  /** What errors call them. */
  readonly place: string;
  /** The names of the files, where they can be listed. */
  readonly names?: readonly string[] | undefined;
  /** The one file that was meant, where it is not the folder as a whole. */
  readonly file?: string | undefined;
  /** The bytes of a file; nothing where there is none. A file larger than `most` bytes is an error. */
  readonly read: (name: string, most: number) => Promise<Uint8Array | undefined>;
};

/**
 * Weights behind a URL: of a safetensors file, or of the folder that holds it and its config.json.
 *
 * @param url such as `https://huggingface.co/NAME/resolve/main`
 * @returns files for {@link importWeights}
 * @throws TypeError for what is no URL
 * @example
 * const weights = await importWeights(filesFromUrl('https://example.org/models/vit/'));
 */
export function filesFromUrl(url: string | URL): WeightFiles {
  if (!(url instanceof URL)) expectType('filesFromUrl', 'url', url, 'string');
  if (!URL.canParse(String(url))) refuse('filesFromUrl', 'url', 'be a whole URL', url, TypeError);
  const whole = new URL(url);
  const name = whole.pathname.split('/').at(-1) ?? '';
  const isFile = /\.\w+$/.test(name) && !whole.pathname.endsWith('/');
  const at = (file: string): URL => {
    const place = new URL(whole);
    const folder = isFile ? whole.pathname.slice(0, -name.length) : `${whole.pathname}/`;
    place.pathname = folder.replace(/\/+$/, '/') + file;
    return place;
  };
  return {
    place: whole.href,
    ...(isFile && { file: decodeURIComponent(name) }),
    read: async (file, most) => {
      const place = isFile && file === decodeURIComponent(name) ? whole : at(file);
      const answer = await fetch(place);
      if (answer.status === 404) return undefined;
      if (!answer.ok)
        return fail(`${place.href} cannot be read: the server answers ${answer.status}`);
      if (Number(answer.headers.get('content-length') ?? 0) > most) return tooLarge(file, most);
      return (await bytesOf(answer, most)) ?? tooLarge(file, most);
    },
  };
}

/** The bytes of an answer; nothing where there are more, whatever the server says of their number. */
async function bytesOf(answer: Response, most: number): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (const reader = answer.body?.getReader(); reader !== undefined; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    pieces.push(value);
    if (size <= most) continue;
    await reader.cancel();
    return undefined;
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/**
 * Weights that a user chose in a page: a file, or those of a folder.
 *
 * @param files of an `<input type="file">`
 * @returns files for {@link importWeights}
 * @throws TypeError for what are no files
 * @example
 * const weights = await importWeights(filesFromBrowser([...input.files]));
 */
export function filesFromBrowser(files: readonly File[]): WeightFiles {
  expectType('filesFromBrowser', 'files', files, Array);
  for (const file of files) expectType('filesFromBrowser', 'files', file, Blob);
  const [only, ...others] = files;
  return {
    place: only?.name ?? 'no file',
    names: files.map(({ name }) => name),
    ...(only !== undefined && others.length === 0 && { file: only.name }),
    read: async (name, most) => {
      const file = files.find((one) => one.name === name);
      if (file === undefined) return undefined;
      return file.size > most ? tooLarge(name, most) : new Uint8Array(await file.arrayBuffer());
    },
  };
}

/** The error of a file that is larger than its kind can be. */
export const tooLarge = (name: string, most: number): never =>
  fail(`${name} must have at most ${most} bytes`);
