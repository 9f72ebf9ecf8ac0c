import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ENVIRONMENT } from './cli.ts';

const run = promisify(execFile);

/** A program of a page. */
export type Program = { readonly language: 'js' | 'ts' | 'python'; readonly code: string };

/** The programs of a page in Markdown, in its order. */
export function programsOf(markdown: string): Program[] {
  return [...markdown.matchAll(/^```(js|ts|python)\n([\s\S]*?)^```$/gm)].map(
    ([, language, code = '']) => ({ language: language as Program['language'], code }),
  );
}

/**
 * The Python that TORCH_PYTHON names, with goldens/make/requirements.txt.
 *
 * What these programs compute is held by goldens where there is none.
 */
export const PYTHON = process.env.TORCH_PYTHON;

/** What a page supposes: a picture as `image`, pixels, and that nothing is looked for in a network. */
const BEFORE = {
  python: `import os
os.environ.update(HF_HUB_OFFLINE='1', CUDA_VISIBLE_DEVICES='')
import numpy
from PIL import Image
image = Image.open('exact/0.png').convert('RGB')
pixels = numpy.zeros((1, 3, 32, 32), numpy.float32)
`,
  // Files as a form gives them, and a server that has the folder.
  js: `import { readdirSync as namesOf, readFileSync as bytesOf } from 'node:fs';
const fetchOf = (folder) => async (url) => {
  const name = String(url).replace('https://example.org/vit/', '');
  return namesOf(folder).includes(name) ? new Response(bytesOf(folder + '/' + name)) : new Response('', { status: 404 });
};
const input = { files: namesOf('photos-timm').map((name) => new File([bytesOf('photos-timm/' + name)], name)) };
`,
};

/** Prints what a program has, the numbers of arrays as lists. */
const AFTER = {
  python: (names: readonly string[]) => `
import json
print(json.dumps([numpy.asarray(x.detach() if hasattr(x, 'detach') else x).tolist() for x in [${names}]]))
`,
  js: (names: readonly string[]) => `
console.log(JSON.stringify([${names}], (_, x) => (ArrayBuffer.isView(x) ? [...x] : x)));
`,
};

/**
 * Runs a program as it stands on its page, in a folder that has what the page supposes.
 *
 * @param folder where it runs
 * @param program of a page
 * @param names of its variables
 * @returns their values
 */
export async function valuesOf(
  folder: string,
  { language, code }: Program,
  names: readonly string[],
): Promise<unknown[]> {
  const isPython = language === 'python';
  const kind = isPython ? 'python' : 'js';
  const served = language === 'ts' ? "globalThis.fetch = fetchOf('photos-timm');\n" : '';
  const file = join(folder, isPython ? 'program.py' : 'program.mjs');
  writeFileSync(file, `${BEFORE[kind]}${served}${code}${AFTER[kind](names)}`);
  const options = { cwd: folder, env: ENVIRONMENT, maxBuffer: 1 << 26 };
  const { stdout } = await run(
    isPython ? (PYTHON ?? 'python3') : process.execPath,
    [file],
    options,
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as unknown[];
}
