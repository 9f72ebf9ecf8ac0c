import type { NamedArray, NamedArrays } from '../dtype.ts';
import { float32 } from '../layout.ts';
import { fail } from './fail.ts';

/**
 * A mask token as wide as the encoder, as it comes out of the decoder's projection: bwconrad/can puts it in
 * before, and computes the same for every hidden patch.
 *
 * @param params ours by path
 * @returns the same with a token of the decoder's width
 */
export function embeddedMask(params: NamedArrays): NamedArrays {
  const read = (path: string) => float32('importWeights', path, params[path] as NamedArray);
  const [mask, kernel, bias] = ['mask', 'embed/kernel', 'embed/bias'].map((path) =>
    read(`decoder/${path}`),
  );
  if (mask === undefined || kernel === undefined || bias === undefined) return params;
  const [from = 0, to = 0] = kernel.shape;
  if (mask.data.length !== from) {
    fail(`decoder.mask_token must have ${from} numbers, got ${mask.data.length}`);
  }
  const data = Float32Array.from({ length: to }, (_, column) => {
    let sum = bias.data[column] as number;
    for (let row = 0; row < from; row++) {
      sum += (mask.data[row] as number) * (kernel.data[row * to + column] as number);
    }
    return sum;
  });
  return { ...params, 'decoder/mask': { dtype: 'F32', shape: [1, 1, to], data } };
}
