import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { drawPhotos, scratch, twocan } from '../cli.ts';
import { describeRows, expectFailure, type Rows } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const [run, photos] = [folder.path('run'), folder.path('photos')];
const TINY = ['--batch', '2', '--steps', '1', '--checkpoint-every', '0'];

beforeAll(async () => {
  await drawPhotos(photos, 3, 5);
  const { code } = await twocan(['pretrain', '--data', 'shapes:8', ...TINY, '--out', run]);
  expect(code).toBe(0);
});

/** Copies the photos, or some of their classes, to places below a folder. */
function lay(name: string, places: Readonly<Record<string, readonly number[]>>): string {
  const root = folder.path(name);
  for (const [place, classes] of Object.entries(places)) {
    for (const c of classes) {
      cpSync(join(photos, `class-${c}`), join(root, place, `class-${c}`), { recursive: true });
    }
  }
  return root;
}

const knn = (data: string, ...more: readonly string[]) =>
  twocan(['knn', '--model', run, '--data', data, ...more]);

/** knn ends well: its note matches, and its counts are these. */
async function expectCounts(data: string, note: RegExp, counts: object): Promise<void> {
  const { code, stdout, stderr } = await knn(data, '--json');
  expect([code, stderr]).toEqual([0, expect.stringMatching(note)]);
  expect(JSON.parse(stdout)).toMatchObject(counts);
}

const ROWS: Rows = {
  'Parts in other words, one of them without labels': async () => {
    const data = lay('words', { Training: [0, 1, 2], VALIDATION: [0, 1, 2], dev: [0, 1] });
    cpSync(join(photos, 'class-0'), join(data, 'Test'), { recursive: true });
    await expectCounts(data, /evaluated on 15 images of .*VALIDATION in 3 classes.*Test\/ with 5/, {
      trainImages: 15,
      testImages: 15,
      classes: 3,
    });
  },

  'Folders that describe images beside the parts': async () => {
    const data = lay('coco', { 'images/train2017': [0, 1], 'images/val2017': [0, 1] });
    mkdirSync(join(data, 'labels/train2017'), { recursive: true });
    writeFileSync(join(data, 'labels/train2017/1.txt'), '0 0.5 0.5 1 1');
    mkdirSync(join(data, 'images/masks'));
    cpSync(join(photos, 'class-0/0.png'), join(data, 'images/masks/0.png'));
    await expectCounts(
      data,
      /left out 2 files: labels.*\(not an image: \.txt\), images\/masks\/ with 1 file \(annot/,
      { trainImages: 10, testImages: 10, classes: 2 },
    );
  },

  'Classes that only one part has': async () => {
    const data = lay('unequal', { train: [0, 1], holdout: [1, 2] });
    renameSync(join(data, 'holdout/class-1'), join(data, 'holdout/CLASS-1'));
    await expectCounts(
      data,
      /never tested: class-0; the class CLASS-1 of the test part is class-1.*holdout\/class-2\/ with 5 files \(a class that the training part lacks/,
      { trainImages: 10, testImages: 5, classes: 2, testedClasses: 1 },
    );
  },

  'Images beside the class folders': async () => {
    const data = lay('stray', { '': [0, 1] });
    cpSync(join(photos, 'class-0/0.png'), join(data, 'cover.png'));
    await expectCounts(
      data,
      /11 images .* 1 without a class and not evaluated \(first: cover.png/,
      {
        trainImages: 8,
        testImages: 2,
        classes: 2,
      },
    );
  },

  'A class that is too small to hold an image out': async () => {
    const data = lay('small', { 'pets/': [0, 1] });
    await drawPhotos(join(data, 'pets/few'), 1, 4);
    const { stdout, stderr } = await knn(data);
    expect(stderr).toMatch(/never tested: few \(4 of the 5 images that are needed\)/);
    expect(stdout).toMatch(/2 pictures whose labels were held out, 2 of 3 classes, k 12 of 12/);
  },

  'No class that is large enough': async () => {
    const data = folder.path('all-small');
    await drawPhotos(data, 2, 3);
    expectFailure(
      await knn(data),
      2,
      /has no class that is large enough; .*not evaluated: every class is too small/,
    );
  },

  'Evaluation data with parts of their own': async () => {
    const data = lay('evaluated', { train: [0, 1], val: [0, 1] });
    const labelled = lay('labelled', { train: [0, 1, 2], test: [0, 2] });
    const flags = ['--data', data, '--eval-data', labelled, ...TINY];
    const out = folder.path('evaluated-run');
    const { code, stderr } = await twocan(['pretrain', ...flags, '--out', out]);
    const note =
      /10 images of .*evaluated.train in 2 classes; evaluated on 5 images of .*labelled.test in 1 classes; never tested: class-1; .*val\/ with 10 files \(--eval-data is evaluated instead/;
    expect([code, stderr]).toEqual([0, expect.stringMatching(note)]);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toMatch(note);
  },

  'Evaluation data among the images of the data': async () => {
    const data = lay('around', { '': [0, 1], more: [0, 1] });
    const out = folder.path('around-run');
    const pretrain = (evaluated: string) =>
      twocan([
        'pretrain',
        '--data',
        data,
        '--eval-data',
        evaluated,
        ...TINY,
        ...['--out', out, '--overwrite'],
      ]);
    const inside = await pretrain(join(data, 'more'));
    expect([inside.code, inside.stderr]).toEqual([
      0,
      expect.stringMatching(
        /: 10 images of .*around in 2 classes; evaluated on 10 images of .*around.more in 2 classes\n/,
      ),
    ]);
    // The same images by other paths are no test of images that were learned from.
    const linked = folder.path('linked');
    mkdirSync(linked);
    for (const c of ['class-0', 'class-1', 'more']) symlinkSync(join(data, c), join(linked, c));
    const same = await pretrain(linked);
    expect(same.stderr).toMatch(/evaluated apart from the data; .*evaluated on 4 of them/);
    expect(same.stdout).toMatch(/the pretraining saw them without/);
    expect((await twocan(['knn', '--model', out, '--data', linked])).code).toBe(0);
  },

  'A held-out part beside the classes': async () => {
    const data = lay('beside', { '': [0, 1], holdout: [0, 1] });
    await expectCounts(
      data,
      /10 images of .*beside in 2 classes; evaluated on 10 images of .*holdout in 2/,
      {
        trainImages: 10,
        testImages: 10,
        classes: 2,
      },
    );
    // With the part as --eval-data, nothing that is used is called left out.
    const flags = ['--data', data, '--eval-data', join(data, 'holdout'), ...TINY];
    const { stderr } = await twocan(['pretrain', ...flags, '--out', folder.path('beside-run')]);
    expect(stderr).toMatch(/evaluated on 10 images of .*holdout in 2 classes\n/);
  },

  'Classes that may be meant otherwise': async () => {
    const data = lay('alike', { '': [0], fold1: [0, 1], fold2: [0, 1] });
    renameSync(join(data, 'class-0'), join(data, 'FOLD1'));
    expect((await knn(data)).stderr).toMatch(/"FOLD1" and "fold1" differ only by case/);
    rmSync(join(data, 'FOLD1'), { recursive: true });
    expect((await knn(data)).stderr).toMatch(/every class folder holds the same folders/);
  },

  'A test part of which no image decodes': async () => {
    const data = lay('corrupt', { train: [0, 1], valid: [0, 1] });
    mkdirSync(join(data, 'test/class-0'), { recursive: true });
    mkdirSync(join(data, 'test/class-1'));
    writeFileSync(join(data, 'test/class-0/1.png'), 'no picture');
    writeFileSync(join(data, 'test/class-1/1.png'), 'no picture');
    await expectCounts(
      data,
      /evaluated on 10 images of .*valid in 2 classes; left out 2 files: test\/ with 2 files \(a part of which no/,
      { trainImages: 10, testImages: 10, classes: 2 },
    );
  },

  'Runs, classifiers and sheets inside of the data': async () => {
    const data = lay('with-runs', { '': [0, 1] });
    cpSync(run, join(data, 'runs/first'), { recursive: true });
    mkdirSync(join(data, 'tuned'));
    writeFileSync(join(data, 'tuned/finetune.json'), '{"encoder": {}, "recipe": {}}');
    cpSync(join(photos, 'class-0/0.png'), join(data, 'tuned/0.png'));
    const sheet = folder.path('sheet.png');
    const drawn = ['reconstruct', '--model', run, '--data', photos, '--out', sheet];
    expect((await twocan(drawn)).code).toBe(0);
    mkdirSync(join(data, 'sheets'));
    renameSync(sheet, join(data, 'sheets/1.png'));
    // A folder with a config.json of something else is data.
    writeFileSync(join(data, 'class-0/config.json'), '{"method": "none"}');
    const out = join(data, 'second');
    const begun = await twocan(['pretrain', '--data', data, ...TINY, '--out', out]);
    const note = /can on 10 images of/;
    expect([begun.code, begun.stderr]).toEqual([0, expect.stringMatching(note)]);
    expect(begun.stderr).toMatch(/runs\/first\/ with \d+ files \(a run of twocan pretrain\)/);
    expect(begun.stderr).toMatch(/tuned\/ with 2 files \(a classifier of twocan finetune\)/);
    expect(begun.stderr).toMatch(/sheets\/1\.png \(a picture that twocan drew\)/);
    const resumed = await twocan(['pretrain', '--resume', '--out', out]);
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringMatching(note)]);
    expect(resumed.stdout).toBe(begun.stdout);
  },

  'A run as the data': async () => {
    expectFailure(
      await knn(run),
      2,
      /--data .*run is a run of twocan pretrain; give a folder of images/,
    );
  },

  'A folder called shapes': async () => {
    const [work, out] = [folder.path('elsewhere'), folder.path('shapes-run')];
    cpSync(photos, join(work, 'shapes'), { recursive: true });
    const run = (...data: readonly string[]) =>
      twocan(['pretrain', ...data, ...TINY, '--overwrite', '--out', out], undefined, {}, work);
    expect((await run('--data', 'shapes')).stderr).toMatch(
      /--data shapes is the folder .*elsewhere.shapes; shapes:2000 draws/,
    );
    expect((await run('--data', 'shapes:8')).stderr).toMatch(/can on 8 images of shapes:8 /);
  },

  'Images that the pretraining did not see': async () => {
    const { stdout } = await knn(photos);
    expect(stdout).toMatch(/3 pictures whose labels were held out, 3 classes/);
    const flags = ['--data', 'shapes:8', '--eval-data', photos, ...TINY];
    const other = await twocan(['pretrain', ...flags, '--out', folder.path('shapes-on-photos')]);
    expect(other.stdout).toMatch(/3 pictures whose labels were held out, 3 classes/);
  },
};

describeRows('Folders', ROWS);
