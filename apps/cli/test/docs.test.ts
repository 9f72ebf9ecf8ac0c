import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importWeights, type NamedArrays } from '@twocan/checkpoint';
import { filesAt } from '@twocan/checkpoint/node';
import { key } from '@twocan/core';
import { drawShape } from '@twocan/data';
import { expectClose } from '@twocan/testkit';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS, flagOf } from './all-commands.ts';
import { BIN, drawPhotos, ENVIRONMENT, scratch } from './cli.ts';
import { type Program, PYTHON, programsOf, valuesOf } from './page-programs.ts';
import { shownFlags } from './shown-flags.ts';

const ROOT_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));
// It brings ONNX Runtime, which has binaries for some machines only.
const noPipeline = await import('@huggingface/transformers').then(
  () => undefined,
  (error: Error) => error.message.split('\n')[0],
);
if (noPipeline !== undefined)
  console.log(`skipped: transformers.js cannot be loaded: ${noPipeline}`);
if (PYTHON === undefined) console.log('skipped: the programs in Python; TORCH_PYTHON names none');

// Every command of the documentation runs, in the order of its page and in a folder that has what the
// page supposes. Runs are cut to two steps of four images; nothing else is changed.
const DOCS = new URL('../../../docs/', import.meta.url);
const PAGES = readdirSync(DOCS).filter((name) => name.endsWith('.md'));
/** Lines that other programs run, or that need a network or what a network brought: .ci/native runs those. */
const OTHERS = [
  ...[
    'npm install -g twocan',
    'npm install twocan',
    'npm install --include=optional',
    'pip install tensorboard',
    'tensorboard --logdir runs',
  ],
  ...['twocan setup node', 'twocan setup node --check', 'twocan setup node-gpu'],
  ...['twocan setup webgpu', 'twocan bench --backend webgpu'],
];

const folder = scratch();
afterAll(folder.remove);

/** The lines of a page's shell blocks, indented ones included. */
function commandsOf(page: string): string[] {
  const text = readFileSync(new URL(page, DOCS), 'utf8');
  return [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !OTHERS.includes(line));
}

/** A line as it is run: the words after `twocan`, a pretraining cut short. */
function shortened(line: string): string[] {
  const [program, ...words] = line.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'));
  expect(program).toBe('twocan');
  const isNewRun = words[0] === 'pretrain' && !words.includes('--resume');
  // A rerun of a config that is short already must keep its settings.
  if (!isNewRun || words.some((word) => word.endsWith('config.json'))) return words;
  for (const flag of ['--epochs', '--batch']) {
    const at = words.indexOf(flag);
    if (at >= 0) words.splice(at, 2);
  }
  const parts = words.indexOf('--micro-batch');
  if (parts >= 0) words[parts + 1] = '2';
  return [...words, '--steps', '2', '--batch', '4', '--checkpoint-every', '0'];
}

function run(
  words: readonly string[],
  cwd: string,
): Promise<{ code: number | null; said: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [BIN, ...words], { cwd, env: ENVIRONMENT });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    child.on('error', fail);
    child.on('close', (code) => done({ code, said }));
  });
}

describe.each(PAGES)('%s', (page) => {
  const home = folder.path(page.replace('.md', ''));
  const lines = commandsOf(page);

  beforeAll(async () => {
    mkdirSync(home);
    await drawPhotos(join(home, 'photos'), 2, 6);
    await drawPhotos(join(home, 'labelled'), 2, 10);
    copyFileSync(join(home, 'photos/class-0/0.png'), join(home, 'cat.png'));
    writeFileSync(join(home, 'settings.json'), '{"data": "photos", "weights": [0.1, 0.6, 0.3]}');
  });

  test(`${lines.length} commands run`, { timeout: 400_000 }, async () => {
    for (const line of lines) {
      const { code, said } = await run(shortened(line), home);
      expect([line, code, said]).toEqual([line, 0, expect.not.stringContaining('twocan: ')]);
    }
  });

  if (page === 'interop.md') programs(home);

  test('links lead somewhere', () => {
    const text = readFileSync(new URL(page, DOCS), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(((?!http)[^)#]+)/g)) {
      expect(() => readFileSync(new URL(target, DOCS))).not.toThrow();
    }
  });
});

/** The programs in other languages of the page on weights, in the folder that its commands made. */
function programs(home: string): void {
  const found = programsOf(readFileSync(new URL('interop.md', DOCS), 'utf8'));
  const of = (word: string) => found.find(({ code }) => code.includes(word)) as Program;
  /** The rows that twocan embed writes of a picture that needs no resizing. */
  const row = async (model: string): Promise<number[]> => {
    await done(['embed', '--model', model, '--data', 'exact', '--out', 'row.jsonl']);
    return JSON.parse(readFileSync(join(home, 'row.jsonl'), 'utf8')).features;
  };
  const done = async (words: readonly string[]) =>
    expect(await run(words, home)).toEqual({ code: 0, said: expect.any(String) });
  const close = { rtol: 0, atol: 1e-4 };

  beforeAll(async () => {
    mkdirSync(join(home, 'exact'));
    const { width, height, data } = drawShape(key(5), 2, 32);
    const image = sharp(data, { raw: { width, height, channels: 3 } });
    await image.clone().png().toFile(join(home, 'exact/0.png'));
    // A picture without loss under the name that the page has: the ending is no matter of the readers.
    await image.png().toFile(join(home, 'photo.jpg'));
    symlinkSync(ROOT_MODULES, join(home, 'node_modules'), 'dir');
  });

  test('the page has a program for each that it names', () => {
    const first = found.map(({ language, code }) => `${language}: ${code.split('\n')[0]}`);
    expect(first).toEqual([
      'python: import timm',
      'python: from transformers import ViTImageProcessor, ViTMAEForPreTraining, ViTModel',
      "js: import { pipeline } from '@huggingface/transformers';",
      expect.stringMatching(/^ts: import .* from '@twocan\/checkpoint';/),
    ]);
  });

  test.skipIf(noPipeline !== undefined)('transformers.js gives the row of embed', async () => {
    const values = await valuesOf(home, of('pipeline'), ['features.dims', 'features.data']);
    const [dims, features] = values as [number[], number[]];
    const expected = await row('photos-timm');
    expect(dims).toEqual([1, expected.length]);
    expectClose(features, expected, close);
  });

  test('the reader of a page reads a URL and files of a form', async () => {
    const names = ['params', 'encoder', 'images', 'notes', 'chosen'];
    const values = await valuesOf(home, of('filesFromUrl'), names);
    const [params, encoder, images, notes, chosen] = values as [NamedArrays, ...unknown[]];
    const read = await importWeights(filesAt(join(home, 'photos-timm')));
    expect([encoder, images, notes]).toEqual([read.encoder, read.images, read.notes]);
    const path = 'encoder/blocks/0/mlp/hidden/kernel';
    expect(Float32Array.from(params[path]?.data as Float32Array)).toEqual(read.params[path]?.data);
    expect(chosen).toEqual({ ...read, params });
  });

  describe.skipIf(PYTHON === undefined)('in Python (TORCH_PYTHON)', { timeout: 400_000 }, () => {
    test.each([
      ['timm', 'import timm', ''],
      ['transformers', 'ViTModel', "mae(**processor(image, return_tensors='pt')).logits.shape"],
    ])('%s gives the row of embed', async (_, word, more) => {
      const expected = await row('photos-timm');
      const values = await valuesOf(home, of(word), ['features', 'tokens', `[${more}]`]);
      const [[features], [tokens], [shape]] = values as [number[][], number[][][], number[][]];
      expectClose(features as number[], expected, close);
      const [, ...patches] = tokens as number[][];
      const mean = expected.map(
        (_, d) => patches.reduce((sum, x) => sum + (x[d] ?? 0), 0) / patches.length,
      );
      expectClose(mean, expected, close);
      // Of each patch, its pixels.
      if (shape) expect([shape[0], shape[1]]).toEqual([1, patches.length]);
    });

    test.each(['photos-timm', 'photos-transformers', 'photos-onnx', 'photos-half'])(
      'the card of %s opens it',
      async (folder) => {
        const card = programsOf(readFileSync(join(home, folder, 'README.md'), 'utf8'));
        const isWeights = folder === 'photos-half';
        const program = card[0] as Program;
        const names = [isWeights ? "weights['encoder/cls']" : 'features'];
        const [values] = await valuesOf(home, program, names);
        const numbers = (values as number[][]).flat(2);
        const { encoder } = JSON.parse(readFileSync(join(home, 'photos-half/config.json'), 'utf8'));
        expect([card.length, numbers.length]).toEqual([1, encoder.width]);
        expect(numbers.every(Number.isFinite)).toBe(true);
      },
    );

    test('pickled weights are converted by the lines of the error', async () => {
      const folder = join(home, 'pickled');
      mkdirSync(folder);
      const load = "d = safetensors.torch.load_file('photos-timm/model.safetensors')";
      const save = "torch.save({'model': d, 'epoch': 3}, 'pickled/weights.pth')";
      const code = ['import torch, safetensors.torch', load, save].join('\n');
      await valuesOf(home, { language: 'python', code }, []);
      const { said } = await run(['embed', '--model', 'pickled', '--data', 'exact'], home);
      const lines = [...said.matchAll(/^ {2}(.*)$/gm)].map(([, line]) => line);
      expect([said, lines.length]).toEqual([expect.stringContaining('is a pickled file'), 3]);
      await valuesOf(home, { language: 'python', code: lines.join('\n') }, []);
      copyFileSync(join(home, 'photos-timm/config.json'), join(home, 'config.json'));
      expect(await row('model.safetensors')).toEqual(await row('photos-timm'));
    });
  });
}

test('every option that a page shows is one of the command that it is shown with', () => {
  const names = COMMANDS.map(({ name }) => name);
  const flags = new Map(
    COMMANDS.map(({ name, settings }) => [name, Object.keys(settings).map(flagOf)]),
  );
  const everywhere = ['--help', '--version', '--experimental-vm-modules'];
  for (const page of PAGES) {
    const text = readFileSync(new URL(page, DOCS), 'utf8');
    for (const { flag, commands } of shownFlags(text, names)) {
      const some =
        everywhere.includes(flag) || commands.some((name) => flags.get(name)?.includes(flag));
      expect(some, `${page}: ${flag} is shown with ${commands.join(', ')}`).toBe(true);
    }
  }
});

test('the page on commands has a section for each', async () => {
  const { said } = await run(['--help'], folder.path('.'));
  const listed = [...said.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name = '']) => name);
  const text = readFileSync(new URL('commands.md', DOCS), 'utf8');
  const headings = [...text.matchAll(/^## ([a-z]+)$/gm)].map(([, name = '']) => name);
  expect([...headings].sort()).toEqual([...listed].sort());
});

test('a flag is shown with the command of its line, its heading, its paragraph or its section', () => {
  const page = [
    '# A page',
    'First `--a`.',
    '## probe',
    'With `--b`, or as `knn` with `--c`; see `twocan embed --d`.',
    '',
    '```sh',
    'twocan explain --e 1 \\',
    '  --f',
    'tensorboard --logdir runs',
    '```',
    '## Another',
    'Then `--g`.',
    '',
    '| `--h` | in `knn` |',
    '| `--i` | alone |',
    '',
    '```sh',
    'twocan bench --j',
    '```',
  ].join('\n');
  const commands = ['pretrain', 'probe', 'knn', 'embed', 'explain', 'bench'];
  const shown = shownFlags(page, commands).map(({ flag, commands: of }) => [flag, of.join()]);
  expect(Object.fromEntries(shown)).toEqual({
    '--a': 'embed,explain,bench',
    '--b': 'probe,embed,knn',
    '--c': 'probe,embed,knn',
    '--d': 'embed',
    '--e': 'explain',
    '--f': 'explain',
    '--g': 'bench',
    '--h': 'knn',
    '--i': 'bench',
    '--j': 'bench',
  });
  expect(shownFlags('`--a`', commands)).toEqual([{ flag: '--a', commands: ['pretrain'] }]);
});
