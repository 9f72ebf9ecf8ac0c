import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { add, tensor, tensor4d, transpose } from '@tensorflow/tfjs-core';
import { fold, key, mapTree, normal, type Params } from '@twocan/core';

/** Normal numbers of a name. */
const draw = (name: string, count: number): Float32Array =>
  Float32Array.from(normal(fold(key(5), name), count));

/** Fresh parameters are zero in many places, where a mistake would not show: these are nowhere. */
export const shaken = <P>(params: P): P =>
  mapTree(
    (leaf: Tensor, path: string) =>
      add(
        leaf,
        tensor(
          draw(path, leaf.size).map((x) => 0.1 * x),
          leaf.shape,
        ),
      ),
    params as Params,
  ) as P;

/** Images in both orders of the axes. */
export function drawImages(
  batch: number,
  height: number,
  width: number,
): { readonly images: Tensor4D; readonly pixels: Float32Array } {
  const images = tensor4d(draw('images', batch * height * width * 3), [batch, height, width, 3]);
  return { images, pixels: transpose(images, [0, 3, 1, 2]).dataSync<'float32'>() };
}
