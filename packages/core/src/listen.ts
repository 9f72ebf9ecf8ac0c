import { clone, customGrad, engine, type Tensor } from '@tensorflow/tfjs-core';
import { mapTree, namedLeaves, type Params } from './tree.ts';

/** Hears of each parameter's gradient, as soon as nothing will be added to it. */
export type GradientListener = (path: string, gradient: Tensor) => void;

type TapeNode = ReturnType<typeof engine>['state']['activeTape'][number];

/** Parameters whose gradients are heard of during the backward pass. */
export type Listened<P> = {
  /** At the begin of the forward pass: what stands in for the parameters. */
  readonly standIns: () => P;
  /** At the end of the forward pass. */
  readonly arrange: () => void;
  /** After the backward pass, with the gradients of all parameters: lets the listener hear of the others. */
  readonly finish: (gradients: readonly Tensor[]) => void;
};

/**
 * Lets a listener hear of gradients during the backward pass.
 *
 * Each parameter goes through an operation that changes nothing, whose gradient function is the listener. The backward pass
 * takes operations in the reverse of their order on TensorFlow.js's tape, so each is moved to just before the first operation
 * that reads its parameter: then the sum of all uses is complete.
 *
 * @param params the parameters
 * @param listener called once for each parameter that a loss depends on
 */
export function listen<P extends Params>(params: P, listener: GradientListener): Listened<P> {
  const paths = namedLeaves<Tensor>(params).map(([path]) => path);
  const heard = new Set<string>();
  const late = new Set<number>();
  const own = new Set<number>();
  const through = (leaf: Tensor, path: string): Tensor => {
    const same = customGrad((x: unknown) => ({
      value: clone(x as Tensor),
      gradFunc: (dy: Tensor) => {
        if (!late.has(leaf.id)) {
          heard.add(path);
          listener(path, dy);
        }
        return dy;
      },
    }));
    const standIn = same(leaf);
    own.add(standIn.id);
    return standIn;
  };
  return {
    standIns: () => mapTree(through, params),
    arrange() {
      const { state } = engine();
      const placed = new Map<number, TapeNode>();
      const others: TapeNode[] = [];
      for (const node of state.activeTape) {
        const id = node.outputs[0]?.id ?? -1;
        if (own.has(id)) placed.set(id, node);
        else others.push(node);
      }
      const take = ({ id }: Tensor): readonly TapeNode[] => {
        const node = placed.get(id);
        placed.delete(id);
        return node ? [node] : [];
      };
      const arranged = others.flatMap((node) => {
        const inputs = Object.values(node.inputs);
        // A loss that reads a parameter itself, not what stands in for it, adds to its gradient later.
        for (const { id } of inputs) late.add(id);
        return [...inputs.flatMap(take), node];
      });
      state.activeTape = [...arranged, ...placed.values()];
    },
    finish(gradients) {
      for (const [i, path] of paths.entries()) {
        if (!heard.has(path)) listener(path, gradients[i] as Tensor);
      }
    },
  };
}
