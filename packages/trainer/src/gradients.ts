import { add, mul, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { disposeTree, mapTree, type Params } from '@twocan/core';

/** Gradients with the metrics of the same pass, the loss among them. */
export type Gradients<P extends Params> = {
  readonly metrics: { readonly [name: string]: Scalar };
  readonly grads: P;
  /** Paths of parameters that the loss did not depend on. */
  readonly unused: readonly string[];
};

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
