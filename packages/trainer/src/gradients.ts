import { add, mul, type Scalar, sqrt, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type Communicator, disposeTree, mapTree, type Params, sortedLeaves } from '@twocan/core';
import { meansOverRanks, squaredNorm } from '@twocan/ops';

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

/**
 * The mean of several gradient computations, run one after the other.
 *
 * At any time one running mean and one part exist, so memory does not grow with the parts.
 *
 * @param parts each gives its gradients; at least one
 * @returns means of metrics and gradients; unused are the paths that no part used
 */
export function meanGradients<P extends Params>(
  parts: readonly (() => Gradients<P>)[],
): Gradients<P> {
  const share = 1 / parts.length;
  let mean: Params | undefined;
  let unused: readonly string[] | undefined;
  for (const part of parts) {
    const before = mean;
    mean = tidy((): never => {
      const next = part();
      unused = unused?.filter((path) => next.unused.includes(path)) ?? next.unused;
      const fresh: Params = { metrics: next.metrics, grads: next.grads };
      const join = (leaf: Tensor, _: string, sum?: Tensor): Tensor => {
        const weighted = mul(leaf, share);
        return sum ? add(sum, weighted) : weighted;
      };
      return mapTree(join, fresh, ...(before ? [before] : [])) as never;
    }) as Params;
    if (before) disposeTree(before);
  }
  if (mean === undefined || unused === undefined) {
    throw new RangeError('meanGradients: needs at least one part, got none');
  }
  return { ...(mean as { metrics: Gradients<P>['metrics']; grads: P }), unused };
}

/**
 * The gradients of the mean of all ranks' losses.
 *
 * @param own what this rank computed
 * @param communicator all ranks call this together
 * @returns means of metrics and gradients, the same bits on every rank; `own` itself in one process
 */
export function gradientsOverRanks<P extends Params>(
  own: Gradients<P>,
  communicator: Communicator,
): Gradients<P> {
  if (communicator.size === 1) return own;
  const { metrics, grads } = own;
  const tree: Params = { metrics, grads };
  const leaves = sortedLeaves<Tensor>(tree);
  const means = meansOverRanks(
    leaves.map(([, leaf]) => leaf),
    communicator,
  );
  const byPath = new Map(leaves.map(([path], i) => [path, means[i] as Tensor]));
  const all = mapTree((_: Tensor, path: string) => byPath.get(path) as Tensor, tree);
  return { ...own, ...(all as Pick<Gradients<P>, 'metrics' | 'grads'>) };
}
