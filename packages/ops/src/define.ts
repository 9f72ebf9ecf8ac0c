import { customGrad, engine, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { expectOptions, expectTensor, expectType } from '@twocan/core';
import { floatOf } from './floats.ts';
import { type Attributes, byName, hasKernels, runKernel, type Tensors } from './kernels.ts';

/** For operations that take tensors alone. */
export type NoAttributes = Readonly<Record<string, never>>;

/** What every definition has. */
type Common<T extends Tensors> = {
  readonly name: string;
  /** The tensors that hold row numbers; all others reach `forward` and kernels as float32. */
  readonly integers?: readonly (keyof T & string)[];
};

/**
 * An operation with a gradient: a definition in plain tfjs ops, which reads like the equation.
 *
 * `forward` gives the value `y`, and under other names what `backward` takes up again. `backward` takes `dy`,
 * the operation's tensors and what was kept, and gives a gradient for each input.
 *
 * A backend may register a pair of tfjs kernels, `twocan.<name>` and `twocan.<name>.gradient`. The
 * first takes the tensors by name and returns `[y, ...residuals]`; the second takes `dy`, the tensors that are
 * saved and `residual0 …`, and returns one gradient for each of `inputs`, in their order. Value and
 * gradients must be those of the plain definition (a contract test compares them); the residuals are
 * the pair's own affair, and so one kernel without the other is not used.
 */
export type OpDefinition<
  T extends Tensors,
  A extends Attributes,
  F extends Tensors & { readonly y: Tensor },
  I extends keyof T & string,
  S extends keyof T & string,
> = Common<T> & {
  /** The tensors that have a gradient; the others are data. */
  readonly inputs: readonly I[];
  /** The tensors that the gradient takes; all unless given. */
  readonly saves?: readonly S[];
  readonly forward: (tensors: T, attributes: A) => F;
  readonly backward: (
    tensors: Pick<T, S> & Omit<F, 'y'> & { readonly dy: Tensor },
    attributes: A,
  ) => Readonly<Record<I, Tensor>>;
};

/**
 * An operation that nothing differentiates, such as an optimizer's update; it may have several results.
 *
 * A backend may register the kernel `twocan.<name>`, which returns the results in the order of `outputs`.
 */
export type UpdateDefinition<
  T extends Tensors,
  A extends Attributes,
  F extends Tensors,
> = Common<T> & {
  readonly outputs: readonly (keyof F & string)[];
  readonly forward: (tensors: T, attributes: A) => F;
};

/** An operation ready to be called with its tensors. */
export type Op<T extends Tensors, A extends Attributes, R> = (tensors: T, attributes: A) => R;

// biome-ignore lint/suspicious/noExplicitAny: the overloads of defineOp say what fits together
type Any = any;
type Named = Record<string, Tensor>;

/**
 * Builds an operation from its definition: a backend's kernel where there is one, else the plain ops.
 *
 * Tensors of int32 and bool are cast to float32 on the way in, and gradients reach them through the cast.
 *
 * @param definition forward and backward in plain ops, and the names of the inputs; or, for what has no
 *   gradient, forward and the names of its outputs
 * @returns a function `(tensors, attributes) → y`, or of all outputs by name
 * @throws TypeError for a definition that is incomplete
 * @example
 * const scaled = defineOp({
 *   name: 'scaled',
 *   inputs: ['x'],
 *   forward: ({ x }: { x: Tensor }, { factor }: { factor: number }) => ({ y: mul(x, factor) }),
 *   backward: ({ dy }, { factor }) => ({ x: mul(dy, factor) }),
 * });
 * scaled({ x: ones([2]) }, { factor: 3 });
 */
export function defineOp<
  T extends Tensors,
  F extends Tensors & { readonly y: Tensor },
  I extends keyof T & string,
  S extends keyof T & string = keyof T & string,
  A extends Attributes = NoAttributes,
>(definition: OpDefinition<T, A, F, I, S>): Op<T, A, F['y']>;
export function defineOp<T extends Tensors, F extends Tensors, A extends Attributes = NoAttributes>(
  definition: UpdateDefinition<T, A, F>,
): Op<T, A, F>;
export function defineOp(definition: Any): Op<Tensors, Attributes, Any> {
  expectOptions('defineOp', 'definition', definition, ['name', 'forward']);
  const isUpdate = definition.outputs !== undefined;
  const [list, functions] = isUpdate
    ? ['outputs', ['forward']]
    : ['inputs', ['forward', 'backward']];
  expectOptions('defineOp', 'definition', definition, [list, ...functions]);
  const { name } = definition;
  expectType('defineOp', 'name', name, 'string');
  expectType('defineOp', list, definition[list], Array);
  for (const each of definition[list]) expectType('defineOp', list, each, 'string');
  for (const each of functions) expectType('defineOp', each, definition[each], 'function');
  const op = isUpdate ? update(definition) : differentiable(definition);
  const { inputs = [], integers = [] } = definition;
  return (given, attributes) =>
    tidy(() => {
      for (const input of inputs) expectTensor(name, input, given[input] as Tensor);
      // The border: kernels read memory as floats, whatever the tensor there is called.
      const floats = Object.entries(given).map(([argument, tensor]): [string, Tensor] => {
        if (!integers.includes(argument)) return [argument, floatOf(name, argument, tensor)];
        expectTensor(name, argument, tensor);
        return [argument, tensor];
      });
      return op(Object.fromEntries(floats), attributes) as Tensor;
    });
}

function update({ name, outputs, forward }: Any): Op<Tensors, Attributes, Tensors> {
  return (tensors, attributes) =>
    hasKernels(name)
      ? byName(outputs, runKernel(name, tensors, attributes))
      : forward(tensors, attributes);
}

function differentiable(definition: Any): Op<Tensors, Attributes, Tensor> {
  const { name, inputs, saves, forward, backward } = definition;
  const gradient = `${name}.gradient`;
  return (tensors, attributes) => {
    const byKernel = hasKernels(name, gradient);
    const forwardOf = (given: Tensors): Named => {
      if (!byKernel) return forward(given, attributes);
      const [y, ...kept] = runKernel(name, given, attributes);
      return { y: y as Tensor, ...Object.fromEntries(kept.map((r, i) => [`residual${i}`, r])) };
    };
    const backwardOf = (given: Tensors): readonly Tensor[] => {
      if (byKernel) return runKernel(gradient, given, attributes);
      const grads: Tensors = backward(given, attributes);
      return inputs.map((input: string) => grads[input]);
    };
    const run = customGrad((...args: unknown[]) => {
      const save = args[args.length - 1] as (tensors: Tensor[]) => void;
      const given = { ...tensors, ...byName(inputs, args as Tensor[]) };
      const { y, ...kept } = forwardOf(given);
      const names: readonly string[] = saves ?? Object.keys(given);
      const held = {
        ...byName(
          names,
          names.map((each) => given[each] as Tensor),
        ),
        ...kept,
      };
      save(Object.values(held));
      return {
        value: y as Tensor,
        gradFunc: (dy: Tensor, saved: Tensor[]) => {
          // A tidy of its own: tfjs would hold every intermediate until the whole backward pass ends.
          const grads = tidy(() => [
            ...backwardOf({ dy, ...byName(Object.keys(held), saved) }),
          ]) as Tensor[];
          // Saved tensors are freed as the pass goes, which makes room for the gradients. Only a gradient
          // of a gradient would need them again.
          if (engine().state.gradientDepth === 0) {
            for (const tensor of saved) if (!grads.includes(tensor)) tensor.dispose();
          }
          return grads;
        },
      };
    });
    return run(...inputs.map((input: string) => tensors[input]));
  };
}
