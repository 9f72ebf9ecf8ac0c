import { patchShape, type ViTConfig } from '@twocan/vit';
import { countParameters, expectCost, type MethodCost } from './counts.ts';

const FLOAT_BYTES = 4;
/** A parameter, and AdamW's two averages of its gradient. */
const FLOATS_OF_A_PARAMETER = 3;

type Blocks = Pick<ViTConfig, 'width' | 'depth' | 'mlpRatio'>;

/** Memory of a training step in bytes: that of `n` images is `fixed + n * perImage`. */
export type StepMemory = { readonly fixed: number; readonly perImage: number };

/**
 * The least memory that a training step needs on any backend.
 *
 * Counted are the parameters with AdamW's averages, the pixels, and what each block keeps for its gradient: its
 * input, queries, keys and values, and the hidden layer. A step needs more: attention, gradients, losses.
 *
 * @param cost what is computed
 * @returns bytes
 * @throws TypeError or RangeError for what is no cost, naming what is wrong
 * @example
 * const { fixed, perImage } = leastStepMemory({ ...preset('b16'), views: 1, maskRatio: 0.75 });
 * fixed + 64 * perImage; // 5.5e9
 */
export function leastStepMemory(cost: MethodCost): StepMemory {
  expectCost('leastStepMemory', cost);
  const { encoder, decoder, views, maskRatio } = cost;
  const { image, channels } = encoder;
  const { patches } = patchShape(encoder);
  const visible = Math.floor(patches * (1 - maskRatio) + 1e-9);
  const kept = (tokens: number, { width, depth, mlpRatio }: Blocks) =>
    depth * (1 + tokens) * width * (1 + 3 + mlpRatio);
  const floats =
    image.height * image.width * channels +
    kept(visible, encoder) +
    (decoder === undefined ? 0 : kept(patches, decoder));
  return {
    fixed: FLOAT_BYTES * FLOATS_OF_A_PARAMETER * countParameters(cost).total,
    perImage: FLOAT_BYTES * views * floats,
  };
}
