import {
  customGrad,
  engine,
  getBackend,
  getKernel,
  type NamedAttrMap,
  type Tensor,
  type TensorInfo,
  tidy,
} from '@tensorflow/tfjs-core';
import { expectOptions, expectTensor, expectType } from '@twocan/core';
import { floatOf } from './floats.ts';

/** Plain numbers, booleans and strings that an operation takes beside its tensors. */
export type Attributes = Readonly<Record<string, number | boolean | string>>;

type Tensors = readonly Tensor[];

/**
 * One operation of the op contract: a definition in plain tfjs ops, with an explicit gradient.
 *
 * A backend may register a pair of tfjs kernels, `twocan.<name>` and `twocan.<name>.gradient`. The
 * first takes the inputs and constants by name and returns `[value, ...residuals]`; the second takes
 * `dy`, the inputs, the constants and `residual0 …` and returns one gradient per input. Value and
 * gradients must be those of the plain definition (a contract test compares them); the residuals are
 * the pair's own affair, and so one kernel without the other is not used.
 */
export type OpDefinition<A extends Attributes> = {
  readonly name: string;
  /** Names of the tensors that have a gradient. */
  readonly inputs: readonly string[];
  /** Names of the tensors that are data: no gradient is computed for them. */
  readonly constants?: readonly string[];
  /** Names of the constants that hold row numbers; all other tensors reach `forward` and kernels as float32. */
  readonly integers?: readonly string[];
  readonly forward: (inputs: Tensors, constants: Tensors, attributes: A) => Tensors;
  readonly backward: (
    dy: Tensor,
    inputs: Tensors,
    constants: Tensors,
    residuals: Tensors,
    attributes: A,
  ) => Tensors;
};

/** An operation ready to be called with its tensors. */
export type Op<A extends Attributes> = (
  inputs: Tensors,
  constants: Tensors,
  attributes: A,
) => Tensor;

const named = (names: readonly string[], tensors: Tensors): Record<string, Tensor> =>
  Object.fromEntries(names.map((name, i) => [name, tensors[i] as Tensor]));

function runKernel(name: string, tensors: Record<string, Tensor>, attributes: Attributes): Tensors {
  const out: Tensor | Tensor[] = engine().runKernel(
    name,
    tensors as Record<string, Tensor & TensorInfo>,
    attributes as NamedAttrMap,
  );
  return Array.isArray(out) ? out : [out];
}

/**
 * Builds an operation from its definition: a backend's kernel where there is one, else the plain ops.
 *
 * Tensors of int32 and bool are cast to float32 on the way in, and gradients reach them through the cast.
 *
 * @param definition forward and backward in plain ops, and the names of the tensors
 * @returns a differentiable function `(inputs, constants, attributes) → tensor`
 * @example
 * const double = defineOp({
 *   name: 'double',
 *   inputs: ['x'],
 *   forward: ([x]) => [mul(x, 2)],
 *   backward: (dy) => [mul(dy, 2)],
 * });
 */
export function defineOp<A extends Attributes>(definition: OpDefinition<A>): Op<A> {
  expectOptions('defineOp', 'definition', definition, ['name', 'inputs', 'forward', 'backward']);
  const { name, inputs: inputNames, constants: constantNames = [], integers = [] } = definition;
  expectType('defineOp', 'name', name, 'string');
  expectType('defineOp', 'inputs', inputNames, Array);
  for (const input of inputNames) expectType('defineOp', 'inputs', input, 'string');
  expectType('defineOp', 'forward', definition.forward, 'function');
  expectType('defineOp', 'backward', definition.backward, 'function');
  const forwardKernel = `twocan.${name}`;
  const backwardKernel = `${forwardKernel}.gradient`;
  const hasKernels = (): boolean =>
    [forwardKernel, backwardKernel].every((kernel) => Boolean(getKernel(kernel, getBackend())));

  const forward = (inputs: Tensors, constants: Tensors, attributes: A): Tensors =>
    hasKernels()
      ? runKernel(
          forwardKernel,
          { ...named(inputNames, inputs), ...named(constantNames, constants) },
          attributes,
        )
      : definition.forward(inputs, constants, attributes);

  const backward = (dy: Tensor, saved: Tensors, attributes: A): Tensors => {
    const inputs = saved.slice(0, inputNames.length);
    const constants = saved.slice(inputNames.length, inputNames.length + constantNames.length);
    const residuals = saved.slice(inputNames.length + constantNames.length);
    if (!hasKernels()) {
      return definition.backward(dy, inputs, constants, residuals, attributes);
    }
    const kept = Object.fromEntries(residuals.map((r, i) => [`residual${i}`, r]));
    const given = { ...named(inputNames, inputs), ...named(constantNames, constants) };
    return runKernel(backwardKernel, { dy, ...given, ...kept }, attributes);
  };

  const run: Op<A> = (inputs, constants, attributes) => {
    const differentiable = customGrad((...args: unknown[]) => {
      const save = args[args.length - 1] as (tensors: Tensor[]) => void;
      const tensors = args.slice(0, -1) as Tensor[];
      const [value, ...residuals] = forward(tensors, constants, attributes);
      save([...tensors, ...constants, ...residuals]);
      return {
        value: value as Tensor,
        gradFunc: (dy: Tensor, saved: Tensor[]) => {
          // A tidy of its own: tfjs would hold every intermediate until the whole backward pass ends.
          const grads = tidy(() => [...backward(dy, saved, attributes)]) as Tensor[];
          // Saved tensors are freed during the backward pass, which makes room for the gradients. Only a gradient
          // of a gradient would ask for it again.
          if (engine().state.gradientDepth === 0) {
            for (const tensor of saved) if (!grads.includes(tensor)) tensor.dispose();
          }
          return grads;
        },
      };
    });
    return differentiable(...inputs);
  };

  /** The border: kernels read memory as floats, whatever the tensor there is called. */
  const floats = (names: readonly string[], tensors: Tensors): Tensors =>
    tensors.map((tensor, i) => {
      const argument = names[i] ?? '';
      if (!integers.includes(argument)) return floatOf(name, argument, tensor);
      expectTensor(name, argument, tensor);
      return tensor;
    });

  return (inputs, constants, attributes) =>
    tidy(() => run(floats(inputNames, inputs), floats(constantNames, constants), attributes));
}
