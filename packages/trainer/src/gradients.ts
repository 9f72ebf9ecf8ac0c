import { add, mul, type Scalar, sqrt, type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  type Communicator,
  disposeTree,
  type GradientListener,
  type LossOutput,
  mapTree,
  type Params,
  sortedLeaves,
  valueAndGrad,
} from '@twocan/core';
import { squaredNorm, startMeans } from '@twocan/ops';

/** Gradients with the metrics of the same pass, the loss among them. */
export type Gradients<P extends Params> = {
  readonly metrics: { readonly [name: string]: Scalar };
  readonly grads: P;
  /** Paths of parameters that the loss did not depend on. */
  readonly unused: readonly string[];
};

/**
 * The length of gradients as one vector; infinite where the optimizer's squares of them would be, and
 * such a step must not be taken.
 */
export const gradientNorm = (grads: Params): Scalar =>
  sqrt(squaredNorm(sortedLeaves<Tensor>(grads).map(([, gradient]) => gradient)));

/** A part of a step: its gradients, each of which a listener hears of as soon as it is there. */
export type GradientPart<P extends Params> = (listener?: GradientListener) => Gradients<P>;

/** The gradients of a loss, which is a metric of its own. */
export const gradientPart =
  <P extends Params, A extends readonly unknown[]>(
    loss: (params: P, ...args: A) => LossOutput,
    params: P,
    ...args: A
  ): GradientPart<P> =>
  (listener) => {
    const { loss: value, metrics, ...own } = valueAndGrad(loss, listener)(params, ...args);
    return { ...own, metrics: { ...metrics, loss: value } };
  };

/**
 * The mean of several gradient computations, run one after the other.
 *
 * At any time one running mean and one part exist, so memory does not grow with the parts.
 *
 * @param parts each gives its gradients; at least one
 * @returns means of metrics and gradients; unused are the paths that no part used
 */
export function meanGradients<P extends Params>(parts: readonly GradientPart<P>[]): Gradients<P> {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first();
  const mean = runningMean(parts, 1 / parts.length);
  if (mean === undefined) throw new RangeError('meanGradients: needs at least one part, got none');
  return mean;
}

/** The sum of shares of what parts give. */
function runningMean<P extends Params>(
  parts: readonly GradientPart<P>[],
  share: number,
): Gradients<P> | undefined {
  let mean: Gradients<P> | undefined;
  for (const part of parts) {
    const before = mean;
    let unused: readonly string[] = [];
    const trees = tidy((): never => {
      const next = part();
      unused = unusedInBoth(before, next);
      const add = (leaf: Tensor, _: string, sum?: Tensor): Tensor => joined(sum, leaf, share);
      return mapTree(add, treesOf(next), ...(before ? [treesOf(before)] : [])) as never;
    }) as Pick<Gradients<P>, 'metrics' | 'grads'>;
    mean = { ...trees, unused };
    if (before) disposeTree(treesOf(before));
  }
  return mean;
}

const treesOf = <P extends Params>({ metrics, grads }: Gradients<P>): Params => ({
  metrics,
  grads,
});

const joined = (sum: Tensor | undefined, leaf: Tensor, share: number): Tensor => {
  const weighted = mul(leaf, share);
  return sum ? add(sum, weighted) : weighted;
};

const unusedInBoth = <P extends Params>(
  before: Gradients<P> | undefined,
  next: Gradients<P>,
): readonly string[] => before?.unused.filter((path) => next.unused.includes(path)) ?? next.unused;

/**
 * The gradients of the mean of all ranks' losses.
 *
 * A gradient begins to be summed as soon as the last part has it, while its backward pass goes on.
 *
 * @param parts what this rank computes, one part after the other; at least one
 * @param communicator all ranks call this together, with as many parts of the same operations
 * @param finish makes the metrics of this rank's mean those that are averaged over ranks
 * @returns means of metrics and gradients, the same bits on every rank; those of this process where it is alone
 */
export function gradientsOverRanks<P extends Params>(
  parts: readonly GradientPart<P>[],
  communicator: Communicator,
  finish = (metrics: Gradients<P>['metrics']): Gradients<P>['metrics'] => metrics,
): Gradients<P> {
  const last = parts.at(-1);
  if (last === undefined || communicator.size === 1) {
    const own = meanGradients(parts);
    return { ...own, metrics: finish(own.metrics) };
  }
  return tidy((): never => meansWhileLast(last, parts.slice(0, -1), communicator, finish) as never);
}

/** As above, of the parts before the last, which are done first, and the last. */
function meansWhileLast<P extends Params>(
  last: GradientPart<P>,
  others: readonly GradientPart<P>[],
  communicator: Communicator,
  finish: (metrics: Gradients<P>['metrics']) => Gradients<P>['metrics'],
): Gradients<P> {
  const share = 1 / (others.length + 1);
  const before = runningMean(others, share);
  const sums = new Map(before && sortedLeaves<Tensor>(before.grads));
  const whole = (leaf: Tensor, sum: Tensor | undefined): Tensor =>
    share === 1 ? leaf : joined(sum, leaf, share);
  const means = startMeans(communicator);
  try {
    const paths: string[] = [];
    const own = last((path, gradient) => {
      paths.push(path);
      tidy(() => means.add(whole(gradient, sums.get(path))));
    });
    const metrics = finish(
      Object.fromEntries(
        Object.entries(own.metrics).map(([name, metric]) => [
          name,
          whole(metric, before?.metrics[name]) as Scalar,
        ]),
      ),
    );
    const names = Object.keys(metrics).sort();
    for (const name of names) means.add(metrics[name] as Scalar);
    const found = means.wait();
    const gradientOf = new Map(paths.map((path, i) => [path, found[i] as Tensor]));
    return {
      grads: mapTree((_: Tensor, path: string) => gradientOf.get(path) as Tensor, own.grads),
      metrics: Object.fromEntries(
        names.map((name, i) => [name, found[paths.length + i] as Scalar]),
      ),
      unused: unusedInBoth(before, own),
    };
  } catch (error) {
    means.drop();
    throw error;
  }
}
