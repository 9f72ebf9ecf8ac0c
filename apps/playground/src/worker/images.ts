import { atMost, type Dataset, drawnSets, holdOut, subset } from '@twocan/data';
import type { LabelledSets } from '@twocan/pretrain';
import { QUICK_START_DRAWINGS } from '@twocan/pretrain/settings';

/** Images that a run trains on, is evaluated on, and shows. */
export type RunImages = {
  readonly dataset: Dataset;
  /** Absent where classes are not known. */
  readonly evaluation?: LabelledSets;
  /** Those whose features are followed. */
  readonly gallery: Dataset;
  /** As the config of `twocan pretrain` names them. */
  readonly data: string;
  readonly evaluated: string | null;
  /** For a person. */
  readonly about: string;
};

/** So many are followed: their features take a moment, and a map of them is full. */
const FOLLOWED = 300;
/** As many as `twocan pretrain` evaluates on, so that its scores and those of the page compare. */
const EVALUATED = { train: 2000, test: 500 };

/** The built-in drawings. */
export function drawings(size: number, count: number = QUICK_START_DRAWINGS): RunImages {
  const { train, test, source, evaluation } = drawnSets({ count, size });
  return {
    dataset: train,
    evaluation: { train: atMost(train, EVALUATED.train), test: atMost(test, EVALUATED.test) },
    // Classes take turns among drawings: each so-many-th would leave some of them out.
    gallery: subset(
      test,
      Array.from({ length: Math.min(FOLLOWED, test.length) }, (_, i) => i),
    ),
    data: source,
    evaluated: evaluation,
    about: `${train.length.toLocaleString('en')} drawings of ${train.classes?.length} figures and textures`,
  };
}

/** How many drawings a run had, by the name of its data; nothing where it had other images. */
export function drawingsOf(data: string): number | undefined {
  const count = /^shapes:(\d+)$/.exec(data)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** Images of a person. Their folder has to be named where the run goes on outside of the tab. */
export function ownImages(dataset: Dataset): RunImages {
  const sides = dataset.labels && holdOut(dataset);
  const classes = dataset.classes?.length ?? 0;
  const own = `${dataset.length.toLocaleString('en')} images of your own`;
  return {
    dataset,
    ...(sides && {
      evaluation: {
        train: atMost(sides.train, EVALUATED.train),
        test: atMost(sides.test, EVALUATED.test),
      },
    }),
    gallery: atMost(dataset, FOLLOWED),
    data: '/images-of-the-playground',
    evaluated: sides
      ? 'every fifth picture of the playground, by its neighbours among the rest'
      : null,
    about: classes > 1 ? `${own} in ${classes} classes` : own,
  };
}
