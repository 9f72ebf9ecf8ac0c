import { linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { drawPhotos, scratch, twocan } from '../cli.ts';
import { describeRows, expectRefused, type Rows } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const [model, many] = [folder.path('model'), folder.path('many')];
const CLASSES = 1000;

beforeAll(async () => {
  const flags = ['--data', 'shapes:8', '--batch', '2', '--steps', '1', '--out', model];
  expect((await twocan(['pretrain', ...flags])).code).toBe(0);
  const photos = folder.path('photos');
  await drawPhotos(photos, 1, 2);
  for (let own = 0; own < CLASSES; own++) {
    const path = join(many, `class-${own}`);
    mkdirSync(path, { recursive: true });
    // Five images each, so that one of them tests; there are two to link to.
    for (let i = 0; i < 5; i++)
      linkSync(join(photos, `class-0/${i % 2}.png`), join(path, `${i}.png`));
  }
});

const ROWS: Rows = {
  'A thousand classes': async () => {
    const { code, stdout, stderr } = await twocan([
      'knn',
      '--model',
      model,
      '--data',
      many,
      '--json',
    ]);
    expect([code, stderr]).toEqual([0, expect.not.stringMatching(/rror/)]);
    expect(JSON.parse(stdout)).toMatchObject({ classes: CLASSES, testImages: CLASSES });
  },

  'Work that takes more than two seconds': async () => {
    // As soon as it says how far it is, it has shown what is looked for.
    const when = /training the probe, steps \d+\/\d+, (\d+[hms])+ left\n/;
    const args = ['probe', '--model', model, '--data', 'shapes:50', '--epochs', '100000'];
    expect((await twocan(args, { when, signal: 'SIGKILL' })).signal).toBe('SIGKILL');
  },

  'A path that is longer than the system takes': () =>
    expectRefused(
      ['--data', folder.path('name/'.repeat(1000))],
      /--data .*(is not a folder|cannot be read)/,
      folder.path('refused'),
    ),
};

describeRows('Sizes', ROWS);
