import type { Kernels } from '../kernels.ts';
import { dispatch, elementwise } from './program.ts';

const AVERAGE = elementwise('old[index] * uniforms.decay + g[index] * (1.0 - uniforms.decay)');
const SQUARES = elementwise(
  'old[index] * uniforms.decay + g[index] * g[index] * (1.0 - uniforms.decay)',
);
const PARAMETER = elementwise(
  `p[index] * uniforms.kept
    - m[index] * uniforms.rate / (sqrt(v[index]) * uniforms.correction + uniforms.epsilon)`,
);

/** AdamW in three dispatches a parameter: a program of tfjs has one output. */
export const adamwKernels: Kernels = {
  'twocan.adamwUpdate': ({ parameter: p, gradient: g, m: oldM, v: oldV }, given) => {
    const { learningRate, b1, b2, epsilon, weightDecay, step } = given as Record<string, number> & {
      [name in 'learningRate' | 'b1' | 'b2' | 'epsilon' | 'weightDecay' | 'step']: number;
    };
    const { shape } = p;
    const m = dispatch({
      name: 'adamw.m',
      inputs: { old: oldM, g },
      shape,
      numbers: { decay: b1 },
      code: AVERAGE,
    });
    const v = dispatch({
      name: 'adamw.v',
      inputs: { old: oldV, g },
      shape,
      numbers: { decay: b2 },
      code: SQUARES,
    });
    const numbers = {
      kept: 1 - learningRate * weightDecay,
      rate: learningRate / (1 - b1 ** step),
      correction: 1 / Math.sqrt(1 - b2 ** step),
      epsilon,
    };
    const inputs = { p, m, v };
    return [dispatch({ name: 'adamw', inputs, shape, numbers, code: PARAMETER }), m, v];
  },
};
