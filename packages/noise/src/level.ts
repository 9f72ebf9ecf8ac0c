import { relu, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import {
  expectInteger,
  expectKey,
  expectNumber,
  expectOptions,
  expectParams,
  expectRank,
  expectType,
  fold,
  type Key,
  refuse,
} from '@twocan/core';
import { type DenseParams, dense, initDense } from '@twocan/nn';

/** How a noise level becomes a vector. */
export type LevelCode = {
  /** D, even and at least 4. */
  readonly width: number;
  /**
   * Factor on σ before the sinusoids. 1 is faithful to the method, but a σ below 0.1 then barely
   * moves the code; 1000/σ_max spreads the phases.
   */
  readonly scale?: number;
  /** What is coded: σ itself, which is faithful, or ln σ, so that small levels differ as much as large ones. */
  readonly of?: 'level' | 'log';
};

/** ln σ is of this σ for smaller ones, 0 among them. */
const SMALLEST = 1e-6;

/**
 * The sinusoidal code of noise levels.
 *
 * f_k = exp(-k·ln 10000/(D/2 - 1)), code = [sin(x·scale·f), cos(x·scale·f)] of x = σ, or x = ln σ
 *
 * @param levels σ, `[B]`
 * @param code width D, scale, and what is coded
 * @returns `[B, D]`
 * @throws RangeError if D is not even or below 4
 * @example
 * encodeLevel(Float32Array.of(0, 0.05), { width: 8 }); // [2, 8]
 *
 * Mishra et al., arXiv 2210.16870; the sinusoids of denoising diffusion models.
 */
export function encodeLevel(levels: Float32Array, code: LevelCode): Tensor2D {
  expectType('encodeLevel', 'levels', levels, Float32Array);
  expectOptions('encodeLevel', 'code', code, ['width'], ['scale', 'of']);
  const { width, scale = 1, of = 'level' } = code;
  expectInteger('encodeLevel', 'width', width);
  const fits = (x: number): boolean => x >= 4 && x % 2 === 0;
  expectNumber('encodeLevel', 'width', width, 'be even and at least 4', fits);
  expectNumber('encodeLevel', 'scale', scale, 'be finite', Number.isFinite);
  if (of !== 'level' && of !== 'log') refuse('encodeLevel', 'of', 'be level or log', of);
  expectInteger('encodeLevel', 'width times levels', levels.length * width, 0);
  const half = width / 2;
  const frequencies = Array.from({ length: half }, (_, k) =>
    Math.exp((-k * Math.log(10000)) / (half - 1)),
  );
  const table = new Float32Array(levels.length * width);
  for (const [b, level] of levels.entries()) {
    const coded = of === 'level' ? level : Math.log(Math.max(level, SMALLEST));
    for (let k = 0; k < half; k++) {
      const angle = coded * scale * (frequencies[k] as number);
      table[b * width + k] = Math.sin(angle);
      table[b * width + half + k] = Math.cos(angle);
    }
  }
  return tensor2d(table, [levels.length, width]);
}

/** Two linear layers `[D, D]`. */
export type LevelMlpParams = { readonly hidden: DenseParams; readonly out: DenseParams };

/**
 * Parameters of the level's two-layer perceptron.
 *
 * @param key where the numbers come from
 * @param config `width` D
 * @returns `{ hidden, out }`
 * @example
 * const params = initLevelMlp(key(0), { width: 8 });
 */
export function initLevelMlp(key: Key, config: { readonly width: number }): LevelMlpParams {
  expectKey('initLevelMlp', 'key', key);
  expectOptions('initLevelMlp', 'config', config, ['width'], []);
  const { width } = config;
  expectInteger('initLevelMlp', 'width', width);
  const shape = { in: width, out: width };
  return { hidden: initDense(fold(key, 'hidden'), shape), out: initDense(fold(key, 'out'), shape) };
}

/**
 * Linear, ReLU, linear: the code of a level as the vector p that is added to tokens.
 *
 * @param params hidden and output layer
 * @param code `[B, D]`, from {@link encodeLevel}
 * @returns `[B, D]`
 * @throws RangeError if the width does not fit
 * @example
 * levelMlp(initLevelMlp(key(0), { width: 8 }), encodeLevel(levels, { width: 8 })); // [B, 8]
 */
export function levelMlp(params: LevelMlpParams, code: Tensor2D): Tensor2D {
  expectParams('levelMlp', 'params', params, ['hidden', 'out']);
  expectRank('levelMlp', 'code', code, 2);
  return tidy(() => dense(params.out, relu(dense(params.hidden, code))) as Tensor2D);
}
