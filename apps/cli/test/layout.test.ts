import { describe, expect, test } from 'vitest';
import { readLayout } from '../src/images/layout/layout.ts';
import { matchClasses } from '../src/images/layout/match-classes.ts';
import { isAnnotationName, partName } from '../src/images/layout/part-names.ts';

/** Two images of each class in a folder; without classes two loose ones. */
const some = (folder: string, ...classes: readonly string[]): string[] =>
  (classes.length === 0 ? [''] : classes.map((name) => `${name}/`)).flatMap((own) =>
    ['1.png', '2.png'].map((name) => `${folder === '' ? '' : `${folder}/`}${own}${name}`),
  );

/** A layout in short: folders, classes, how it is tested, and what is left out. */
function short(images: readonly string[]) {
  const { train, tested, leftOut, remarks } = readLayout(images);
  return {
    train: `${train.folder}[${train.classes.join(' ')}]${train.names.length}`,
    tested:
      tested === undefined
        ? 'no'
        : `${tested.by}: ${tested.part.folder}[${tested.part.classes.join(' ')}]${tested.part.names.length}`,
    leftOut: leftOut.map(({ name, reason }) => `${name}: ${reason}`),
    remarks,
  };
}

type Short = ReturnType<typeof short>;

const LAYOUTS: Readonly<Record<string, readonly [string[], Partial<Short>]>> = {
  'class folders': [
    some('', 'a', 'b'),
    { train: '[a b]4', tested: 'itself: [a b]4', leftOut: [], remarks: [] },
  ],
  'one flat folder': [some(''), { train: '[]2', tested: 'no', leftOut: [] }],
  'class folders and a stray image': [
    ['x.png', ...some('', 'a', 'b')],
    { train: '[a b]5', tested: 'itself: [a b]5' },
  ],
  Roboflow: [
    [...some('test', 'a', 'b'), ...some('train', 'a', 'b'), ...some('valid', 'a', 'b')],
    {
      train: 'train[a b]4',
      tested: 'training part: test[a b]4',
      leftOut: ['valid/: test/ is the test part'],
    },
  ],
  'an unlabelled test beside a labelled validation': [
    [...some('TEST'), ...some('Training', 'a', 'b'), ...some('Validation', 'a', 'b')],
    {
      train: 'Training[a b]4',
      tested: 'training part: Validation[a b]4',
      leftOut: ['TEST/: a part without class folders'],
    },
  ],
  'a class that the training part lacks, and one that the test part lacks': [
    [...some('dev', 'b', 'c'), ...some('train', 'a', 'b')],
    {
      train: 'train[a b]4',
      tested: 'training part: dev[b]2',
      leftOut: ['dev/c/: a class that the training part lacks'],
    },
  ],
  'no class in common': [
    [...some('test', 'c', 'd'), ...some('train', 'a', 'b')],
    {
      tested: 'itself: train[a b]4',
      leftOut: ['test/: a part without a class of the training part'],
    },
  ],
  'parts of a named set, each in a folder of its own name': [
    [...some('seg_pred/seg_pred'), ...some('seg_test/seg_test', 'a', 'b')].concat(
      some('seg_train/seg_train', 'a', 'b'),
    ),
    {
      train: 'seg_train[a b]4',
      tested: 'training part: seg_test[a b]4',
      leftOut: ['seg_pred/: neither the training nor the test part'],
    },
  ],
  'parts in the folder of an archive': [
    [...some('archive/test_set', 'a', 'b'), ...some('archive/training_set', 'a', 'b')],
    { train: 'archive/training_set[a b]4', tested: 'training part: archive/test_set[a b]4' },
  ],
  'YOLO: images without classes': [
    [...some('images/train'), ...some('images/val')],
    {
      train: 'images/train[]2',
      tested: 'no',
      leftOut: ['images/val/: a part without class folders'],
    },
  ],
  'masks beside images': [
    [...some('annotations/trimaps'), ...some('images')],
    { train: '[]2', tested: 'no', leftOut: ['annotations/: annotations beside images'] },
  ],
  'masks in a part': [
    [...some('train/images'), ...some('train/masks')],
    { train: 'train[]2', tested: 'no', leftOut: ['train/masks/: annotations beside images'] },
  ],
  'classes that are called as annotations are': [
    some('', 'mask', 'no mask'),
    { train: '[mask no mask]4', leftOut: [] },
  ],
  'a class that is called as a part is': [
    some('', 'bicycle', 'bus', 'train'),
    { train: '[bicycle bus train]6', tested: 'itself: [bicycle bus train]6' },
  ],
  'classes with folders of their own': [
    [...some('bus', 'old', 'new'), ...some('train', 'old', 'new')],
    { train: '[bus train]8' },
  ],
  'a training part beside images of no part': [
    [...some('samples'), ...some('train', 'a', 'b'), 'x.png'],
    {
      train: 'train[a b]4',
      tested: 'itself: train[a b]4',
      leftOut: [
        'samples/: neither the training nor the test part',
        'x.png: an image beside the parts',
      ],
    },
  ],
  'a training part alone': [some('train', 'a', 'b'), { train: 'train[a b]4' }],
  'a labelled test of an unlabelled training part': [
    [...some('test', 'a', 'b'), 'test/x.png', ...some('train')],
    {
      train: 'train[]2',
      tested: 'itself: test[a b]4',
      leftOut: ['test/: images without a class in the test part'],
    },
  ],
  'held-out parts without a training part': [
    [...some('test', 'a', 'b'), ...some('val', 'a', 'b')],
    {
      train: 'val[a b]4',
      tested: 'training part: test[a b]4',
      remarks: ['no training part in the folder: val/ is taken for it'],
    },
  ],
  'a single folder of classes, and a stray image': [
    [...some('PetImages', 'Cat', 'Dog'), 'x.png'],
    { train: '[Cat Dog]5', tested: 'itself: [Cat Dog]5' },
  ],
  'a test part with an image in no class': [
    [...some('test', 'a', 'b'), 'test/x.png', ...some('train', 'a', 'b')],
    {
      tested: 'training part: test[a b]4',
      leftOut: ['test/: images without a class in the test part'],
    },
  ],
  'a held-out part beside the class folders': [
    [...some('', 'a', 'b', 'c'), ...some('Holdout', 'a', 'B')],
    {
      train: '[a b c]6',
      tested: 'training part: Holdout[B a]4',
      remarks: ['the class B of the test part is b of the training part'],
    },
  ],
  'a class that is called as a held-out part, with folders of its own': [
    [...some('', 'a', 'b'), ...some('test', 'blood', 'urine')],
    { train: '[a b test]8', tested: 'itself: [a b test]8' },
  ],
  'masks in a folder alone': [
    [...some('VOC2012/JPEGImages'), ...some('VOC2012/SegmentationClass')],
    { train: '[]2', leftOut: ['VOC2012/SegmentationClass/: annotations beside images'] },
  ],
  'masks in each class': [
    [...some('ill/images'), ...some('ill/masks'), ...some('well/images'), ...some('well/masks')],
    {
      train: '[ill well]4',
      leftOut: ['ill/masks/: annotations beside images', 'well/masks/: annotations beside images'],
    },
  ],
  'classes that differ by case, spaces or accents': [
    some('', 'Cat', 'cat', 'cat ', 'caf\u00e9', 'cafe\u0301'),
    {
      train: '[Cat cafe\u0301 caf\u00e9 cat cat ]10',
      remarks: [
        '"Cat" and "cat" and "cat " differ only by case, spaces or the form of accents: they are 3 classes',
        '"cafe\u0301" and "caf\u00e9" differ only by case, spaces or the form of accents: they are 2 classes',
      ],
    },
  ],
  'folds of the same classes': [
    [...some('fold1', 'a', 'b', 'c'), ...some('fold2', 'a', 'b', 'c')],
    {
      train: '[fold1 fold2]12',
      remarks: [
        'every class folder holds the same folders (a, b, …): these are taken neither for classes nor for parts',
      ],
    },
  ],
  'classes with some folders in common': [
    [...some('a', '1', '2'), ...some('b', '1'), ...some('b/2'), 'b/x.png'],
    { train: '[a b]9', remarks: [] },
  ],
  'no image': [[], { train: '[]0', tested: 'no', leftOut: [] }],
};

describe('readLayout', () => {
  test.each(Object.entries(LAYOUTS))('%s', (_, [images, expected]) => {
    expect(short(images.toSorted())).toMatchObject(expected);
  });

  test('every image is in a part or left out, and the classes are those of the test names', () => {
    for (const [images] of Object.values(LAYOUTS)) {
      const { train, tested, leftOut } = readLayout(images);
      const test = tested === undefined || tested.part === train ? 0 : tested.part.names.length;
      const left = leftOut.reduce((sum, { files = 1 }) => sum + files, 0);
      expect(train.names.length + test + left).toBe(images.length);
    }
  });
});

test.each([
  ...[
    ['Train', 'train', ''],
    ['TRAINING_SET', 'train', ''],
    ['trainImages', 'train', ''],
  ],
  ...[
    ['train2017', 'train', ''],
    ['asl_alphabet_test', 'test', 'asl alphabet'],
  ],
  ...[
    ['Hold-Out', 'test', ''],
    ['valset', 'validation', ''],
    ['dev', 'validation', ''],
  ],
])('the name %s', (name, role, of) => {
  expect(partName(name)).toEqual({ role, of });
});

test.each(['trainer', 'contest', 'validated', 'train_test', 'cat', 'invalid', ''])(
  'the name %j is of no part',
  (name) => {
    expect(partName(name)).toBeUndefined();
  },
);

test('names of annotations', () => {
  expect(['Labels', 'masks', 'SegmentationClass', 'ground_truth'].every(isAnnotationName)).toBe(
    true,
  );
  expect(['masked', 'label maker', 'gtr'].some(isAnnotationName)).toBe(false);
});

test('classes that differ by case or by the form of accents are one, unless two are alike', () => {
  const { classOf, remarks } = matchClasses(
    ['Cat', 'café', 'a', 'A'],
    ['cat', 'cafe\u0301', 'a', 'á'],
  );
  expect([...classOf]).toEqual([
    ['cat', 'Cat'],
    ['cafe\u0301', 'café'],
    ['a', 'a'],
  ]);
  expect(remarks[0]).toBe('the class cat of the test part is Cat of the training part');
  expect(matchClasses(['Cat'], ['cat', 'CAT']).classOf.size).toBe(0);
});
