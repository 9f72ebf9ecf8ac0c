import {
  clone,
  engine,
  keep,
  type Scalar,
  type Tensor,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { expectOptions, expectType, refuse } from './check.ts';
import type { Communicator } from './communicator.ts';
import { registerGradients } from './gradients.ts';
import type { Key } from './key.ts';
import { type GradientListener, listen } from './listen.ts';
import { expectParams, expectShape } from './shape.ts';
import { mapTree, namedLeaves, type Params } from './tree.ts';

/** What a loss function gives back: the scalar to minimise and scalars to log. */
export type LossOutput = {
  readonly loss: Scalar;
  readonly metrics?: { readonly [name: string]: Scalar };
};

/** What a training step gives a loss in addition to the parameters and the batch. */
export type LossContext<P = unknown> = {
  /** The step's own key: all that is random in the loss comes from it. */
  readonly key: Key;
  /** The moving average of the parameters, where the training state keeps one; no gradient reaches it. */
  readonly teacher?: P;
  /**
   * The ranks that compute the step together, where there are several: each has its own images, and the loss is the
   * mean of what they return. It must run the same operations on all of them: gradients are summed in their order.
   */
  readonly communicator?: Communicator;
};

/** A loss with its gradient; the caller owns (disposes) every tensor in it. */
export type ValueAndGrad<P> = {
  readonly loss: Scalar;
  readonly metrics: { readonly [name: string]: Scalar };
  /** The gradient of each parameter, in the tree of the parameters. */
  readonly grads: P;
  /** Paths of parameters that the loss does not depend on; their gradients are zeros. */
  readonly unused: readonly string[];
};

/**
 * Turns a loss over a tree of parameters into a function that also returns the gradient.
 *
 * @param lossFunction `(params, ...args) → { loss, metrics? }`; pure, borrows its tensors
 * @param listener hears of each gradient once, `(path, gradient)`, as soon as it is what it will be at the end: during the
 *   backward pass, the parameters that are read last first; then those that the loss does not depend on, with zeros. It
 *   borrows the gradient. The order is that of the loss's operations, so the same wherever they are the same
 * @returns a function of the same arguments giving loss, metrics and the gradient tree
 * @throws TypeError for what is no function; the function it returns throws a RangeError if a tensor stands
 *   twice in the parameters (its gradients would be summed), one is disposed or the loss is no scalar
 * @example
 * const step = valueAndGrad((p, x) => ({ loss: sum(square(mul(p.w, x))) }));
 * const { loss, grads } = step({ w: scalar(2) }, scalar(3)); // 36, { w: 36 }
 */
export function valueAndGrad<P extends Params, A extends readonly unknown[]>(
  lossFunction: (params: P, ...args: A) => LossOutput,
  listener?: GradientListener,
): (params: P, ...args: A) => ValueAndGrad<P> {
  expectType('valueAndGrad', 'lossFunction', lossFunction, 'function');
  if (listener !== undefined) expectType('valueAndGrad', 'listener', listener, 'function');
  return (params, ...args) => {
    expectParams('valueAndGrad', 'params', params);
    registerGradients();
    const named = namedLeaves<Tensor>(params);
    const leaves = named.map(([, tensor]) => tensor);
    if (leaves.length === 0) refuse('valueAndGrad', 'params', 'hold a tensor', params);
    refuseSharedLeaves(named);
    // Metrics leave the tape as kept clones: `gradients` itself returns the loss alone.
    let escaped: Record<string, Scalar> = {};
    const listened = listener && listen(params, listener);
    const run = (): { value: Scalar; grads: (Tensor | null | undefined)[] } =>
      engine().gradients(
        () => {
          const output = lossFunction(listened?.standIns() ?? params, ...args);
          expectOptions('valueAndGrad', 'what the loss function returns', output, ['loss']);
          const { loss, metrics = {} } = output;
          expectShape('valueAndGrad', 'loss', loss, []);
          escaped = Object.fromEntries(
            Object.entries(metrics).map(([name, metric]) => [name, keep(clone(metric))]),
          );
          listened?.arrange();
          return loss;
        },
        leaves,
        undefined,
        true,
      );
    const unused: string[] = [];
    const result = tidy(() => {
      const { value, grads } = run();
      const filled = leaves.map((leaf, i) => {
        const grad = grads[i];
        if (grad) return grad;
        unused.push(named[i]?.[0] ?? '');
        return zerosLike(leaf);
      });
      listened?.finish(filled);
      return [value as Tensor, ...filled];
    });
    const [loss, ...flat] = result as [Scalar, ...Tensor[]];
    // Clones, so that the metrics belong to the caller's tidy like every other result.
    const metrics = Object.fromEntries(
      Object.entries(escaped).map(([name, metric]) => {
        const own = clone(metric);
        metric.dispose();
        return [name, own];
      }),
    );
    let next = 0;
    const grads = mapTree(() => flat[next++] as Tensor, params);
    return { loss, metrics, grads, unused };
  };
}

function refuseSharedLeaves(named: readonly (readonly [string, Tensor])[]): void {
  const seen = new Map<Tensor, string>();
  for (const [path, tensor] of named) {
    const earlier = seen.get(tensor);
    if (earlier !== undefined) {
      throw new RangeError(
        `valueAndGrad: the same tensor is at '${earlier}' and '${path}'; use tf.clone for one`,
      );
    }
    seen.set(tensor, path);
  }
}
