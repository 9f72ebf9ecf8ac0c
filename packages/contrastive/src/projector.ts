import { relu, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import {
  type Communicator,
  expectCommunicator,
  expectInteger,
  expectKey,
  expectOptions,
  expectParams,
  expectShape,
  expectType,
  fold,
  type Key,
  solo,
} from '@twocan/core';
import { initDense, initNorm, type NormParams } from '@twocan/nn';
import { batchNorm, linear } from '@twocan/ops';

/** The shape of a projection head. */
export type ProjectorConfig = {
  /** Width of the features that come in. */
  readonly in: number;
  /** Width of each hidden layer. */
  readonly hidden: number;
  /** Number of hidden layers; 0 gives one linear map. */
  readonly layers: number;
  /** Width of the embedding that goes out. */
  readonly out: number;
  /** Batch normalisation after each hidden layer, before its ReLU. */
  readonly batchNorm: boolean;
};

/** One layer: dense, or dense without bias followed by batch normalisation. */
export type ProjectorLayer = {
  readonly kernel: Tensor2D;
  readonly bias?: Tensor1D;
  readonly norm?: NormParams;
};

/** The parameters of a projection head. */
export type ProjectorParams = { readonly layers: readonly ProjectorLayer[] };

// The epsilon of torch.nn.BatchNorm1d, which the public codes use.
const EPSILON = 1e-5;

/**
 * Draws the parameters of a projection head: `layers` hidden layers, then a linear map.
 *
 * Kernels are Xavier-uniform, biases 0, norms 1 and 0. A hidden layer under batch normalisation has
 * no bias, since the normalisation would remove it.
 *
 * @param key each layer folds it by its index
 * @param config widths and depth
 * @returns the parameters
 * @throws RangeError if a width is not a positive integer
 * @example
 * initProjector(key(0), { in: 192, hidden: 192, layers: 1, out: 128, batchNorm: false });
 *
 * The head of the authors' CAN code is `layers: 1, hidden: in`; bwconrad/can has
 * `layers: 2, hidden: 4096, batchNorm: true`.
 */
export function initProjector(key: Key, config: ProjectorConfig): ProjectorParams {
  expectKey('initProjector', 'key', key);
  const names = ['in', 'hidden', 'layers', 'out', 'batchNorm'];
  expectOptions('initProjector', 'config', config, names);
  for (const name of ['in', 'hidden', 'out'] as const) {
    expectInteger('initProjector', name, config[name]);
  }
  expectInteger('initProjector', 'layers', config.layers, 0, 1000);
  expectType('initProjector', 'batchNorm', config.batchNorm, 'boolean');
  const layers = Array.from({ length: config.layers + 1 }, (_, i): ProjectorLayer => {
    const last = i === config.layers;
    const size = {
      in: i === 0 ? config.in : config.hidden,
      out: last ? config.out : config.hidden,
    };
    const { kernel, bias } = initDense(fold(key, i), size);
    if (last || !config.batchNorm) return { kernel, bias };
    bias.dispose();
    return { kernel, norm: initNorm({ width: config.hidden }) };
  });
  return { layers };
}

/**
 * Maps features to embeddings: dense, (batch norm,) ReLU, …, dense. The rows are not normalised.
 *
 * Batch normalisation uses the statistics of the rows given, always: the head is thrown away after
 * pre-training, so running statistics are not kept.
 *
 * @param params from {@link initProjector}
 * @param x features, `[B, D]`
 * @param communicator the ranks whose rows have the statistics in common; one process by default
 * @returns embeddings, `[B, Z]`
 * @throws RangeError if the width of `x` is not that of the first layer
 * @example
 * const z = project(params, features);
 */
export function project(
  params: ProjectorParams,
  x: Tensor2D,
  communicator: Communicator = solo,
): Tensor2D {
  expectParams('project', 'params', params, ['layers']);
  expectType('project', 'params.layers', params.layers, Array);
  expectShape('project', 'x', x, [null, params.layers[0]?.kernel.shape[0] ?? null]);
  expectCommunicator('project', 'communicator', communicator);
  return tidy(() =>
    params.layers.reduce((input, { kernel, bias, norm }, i) => {
      const y = linear(input, kernel, bias) as Tensor2D;
      if (i === params.layers.length - 1) return y;
      return relu(norm ? batchNorm(y, norm.scale, norm.bias, EPSILON, communicator) : y);
    }, x),
  );
}
