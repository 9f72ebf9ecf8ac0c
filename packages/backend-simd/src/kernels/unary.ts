import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import { bits, KERNEL, UNARY } from '../table.ts';
import { input, isFloat, override, sizeOf } from './register.ts';
import { runItems } from './work.ts';

type Name = keyof typeof UNARY;

/** Work of an element, in plain vector steps. */
const SLOW: Partial<Record<Name, number>> = {
  Exp: 6,
  Log: 8,
  Tanh: 10,
  Sigmoid: 8,
  Erf: 8,
};

/** y = f(x) in a new tensor; p and q are the operation's numbers. */
export function unary(backend: SimdBackend, name: Name, x: TensorInfo, p = 0, q = 0): TensorInfo {
  const from = backend.offset(x);
  const y = backend.output(x.shape);
  const args = [UNARY[name], from, backend.offset(y), bits(p), bits(q)];
  runItems(backend.engine, KERNEL.unary, sizeOf(x.shape), SLOW[name] ?? 1, args, 4);
  return y;
}

const PLAIN: readonly Name[] = [
  ...([
    'Exp',
    'Log',
    'Tanh',
    'Sigmoid',
    'Erf',
    'Sqrt',
    'Rsqrt',
    'Square',
    'Neg',
    'Abs',
    'Relu',
  ] as const),
  ...(['Relu6', 'Reciprocal', 'Floor', 'Ceil', 'Round', 'Sign'] as const),
];

/** Registers the kernels of one input and one output of the same shape. */
export function registerUnary(): void {
  for (const name of PLAIN) {
    override(name, (call) => {
      const x = input(call, 'x');
      return isFloat(x) ? unary(call.backend, name, x) : undefined;
    });
  }
  override('Step', (call) => {
    const x = input(call, 'x');
    return isFloat(x) ? unary(call.backend, 'Step', x, Number(call.attrs.alpha)) : undefined;
  });
  override('LeakyRelu', (call) => {
    const x = input(call, 'x');
    return isFloat(x) ? unary(call.backend, 'LeakyRelu', x, Number(call.attrs.alpha)) : undefined;
  });
  override('ClipByValue', (call) => {
    const x = input(call, 'x');
    const { clipValueMin, clipValueMax } = call.attrs;
    return isFloat(x)
      ? unary(call.backend, 'ClipByValue', x, Number(clipValueMin), Number(clipValueMax))
      : undefined;
  });
}
