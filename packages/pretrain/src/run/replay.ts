import { clone, keep, type Tensor } from '@tensorflow/tfjs-core';
import type { CanParams } from '@twocan/can';
import {
  disposeTree,
  expectInteger,
  expectOptions,
  type FirstNonFinite,
  fold,
  key,
  mapTree,
  namedLeaves,
  type Params,
  solo,
  watchKernels,
} from '@twocan/core';
import { type Dataset, expectDataset } from '@twocan/data';
import type { Transform } from '@twocan/optim';
import { disposeState, nonFiniteLeaf } from '@twocan/trainer';
import type { PretrainConfig } from '../config.ts';
import { expectPretrainConfig } from '../expect-config.ts';
import { batchesOf, partsOf, type StepParts } from './parts.ts';
import { freshState, optimizerOf, type PretrainState, scheduleOf } from './state.ts';
import { stepOf } from './step.ts';

/** What is needed to replay a step. */
export type ReplayOptions = {
  /** The images of the run. */
  readonly dataset: Dataset;
  /** The state of a checkpoint before the step, taken over and disposed; that of the start by default. */
  readonly state?: PretrainState | undefined;
  /** What the run began with, borrowed; drawn by default. */
  readonly initial?: CanParams | undefined;
  /** How many steps were done before the last step that is replayed. */
  readonly until: number;
};

/** One step, looked at closely. */
export type Replayed = {
  /** How many steps were done before it. */
  readonly step: number;
  readonly learningRate: number;
  /** Numbers of the images in the data, batch by batch. */
  readonly images: readonly number[];
  /** `loss`, the terms, `gradNorm` and more, as the run reports them. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The length of the gradient of each part of the model, such as `encoder`. */
  readonly gradients: Readonly<Record<string, number>>;
  /** The first gradient with NaN or infinity, by the path of its parameter. */
  readonly gradient?: string;
  /** The first tensor of the state after the step with NaN or infinity. */
  readonly after?: string;
  /** The first kernel that gave NaN or infinity; not known on WebGPU. */
  readonly first?: FirstNonFinite;
};

/**
 * Takes a step of a run again, from the same state with the same images, masks and noise, and looks at everything in it.
 *
 * From the given state it goes on step by step until numbers are not finite, at the latest to `until`. On the backend of the run
 * with as many threads the numbers are the same, bit by bit.
 *
 * @param config the run
 * @param options images and state
 * @returns the first step whose numbers are not finite, or else the last one
 * @throws RangeError where the state is past the step
 * @example
 * const { metrics, first } = await replay(config, { dataset, state, until: 12 });
 */
export async function replay(config: PretrainConfig, options: ReplayOptions): Promise<Replayed> {
  expectPretrainConfig('replay', config);
  expectOptions('replay', 'options', options, ['dataset', 'until'], ['state', 'initial']);
  const { dataset, until } = options;
  expectDataset('replay', dataset);
  expectInteger('replay', 'until', until, 0, Number.MAX_SAFE_INTEGER);
  let state = options.state ?? freshState(config, options.initial);
  try {
    expectInteger('replay', 'state.step', state.step, 0, until);
    const parts = partsOf(config, batchesOf(config, dataset), solo);
    for (;;) {
      const batches = await parts(state.step);
      const { next, seen } = await take(config, state, batches);
      if (state.step === until || !isWhole(seen)) {
        disposeState(next);
        return seen;
      }
      disposeState(state, next);
      state = next;
    }
  } finally {
    disposeState(state);
  }
}

const isWhole = ({ metrics, after }: Replayed): boolean =>
  after === undefined && Object.values(metrics).every(Number.isFinite);

/** One step, with what it computes on the way. */
async function take(
  config: PretrainConfig,
  state: PretrainState,
  batches: StepParts,
): Promise<{ readonly next: PretrainState; readonly seen: Replayed }> {
  const held: { grads?: Params } = {};
  const optimizer = seeing(optimizerOf(config), (grads) => {
    held.grads = mapTree((leaf: Tensor) => keep(clone(leaf)), grads);
  });
  const step = stepOf(config, solo, optimizer);
  const root = fold(key(config.seed), 'train');
  const { result, first } = watchKernels(() => step(state, batches, root));
  const { state: next, metrics: scalars } = result;
  const metrics = await numbersOf(scalars);
  disposeTree(scalars as Params);
  const grads = held.grads ?? {};
  const gradient = await nonFiniteLeaf(grads);
  const gradients = await lengthsOf(grads);
  disposeTree(grads);
  const { params, optimizer: moments, ema } = next;
  const after = await nonFiniteLeaf({ params, optimizer: moments, ...(ema && { ema }) });
  const seen = {
    step: state.step,
    learningRate: scheduleOf(config)(state.step),
    images: batches.flatMap(({ indices }) => [...indices]),
    metrics,
    gradients,
    ...(gradient !== undefined && { gradient }),
    ...(after !== undefined && { after }),
    ...(first && { first }),
  };
  return { next, seen };
}

/** The same optimizer, which shows the gradients that it is given. */
const seeing = (own: Transform, see: (grads: Params) => void): Transform => ({
  init: own.init,
  update(grads, ...rest) {
    see(grads);
    return own.update(grads, ...rest);
  },
  ...(own.apply && {
    apply(grads, ...rest) {
      see(grads);
      return (own.apply as NonNullable<Transform['apply']>)(grads, ...rest);
    },
  }),
});

async function numbersOf(
  scalars: Readonly<Record<string, Tensor>>,
): Promise<Record<string, number>> {
  const entries = Object.entries(scalars).map(
    async ([name, scalar]) => [name, (await scalar.data())[0] ?? Number.NaN] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** Lengths of the parts of a tree, in float64: squares of a large gradient overflow float32. */
async function lengthsOf(tree: Params): Promise<Record<string, number>> {
  const squares: Record<string, number> = {};
  for (const [path, leaf] of namedLeaves<Tensor>(tree)) {
    const part = path.split('/')[0] ?? '';
    let sum = squares[part] ?? 0;
    for (const value of await leaf.data()) sum += value * value;
    squares[part] = sum;
  }
  return Object.fromEntries(Object.entries(squares).map(([part, sum]) => [part, Math.sqrt(sum)]));
}
