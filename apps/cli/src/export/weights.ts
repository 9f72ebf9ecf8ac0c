import { type CanParams, plainDecoder } from '@twocan/can';
import {
  type FolderImages,
  type NamedArrays,
  toHalf,
  treeToNamed,
  widened,
} from '@twocan/checkpoint';
import { disposeTree, type Params } from '@twocan/core';
import { roundedWeights } from '@twocan/onnx';
import type { RunConfig } from '../run/config.ts';
import { ABOUT, type Dtype, type Target } from './targets.ts';

/** What leaves a run: encoder and decoder by path, and what others need to know of them. */
export type ExportedModel = {
  /** `encoder/…` and, where the run has a decoder with a mask token, `decoder/…` without a noise level. */
  readonly arrays: NamedArrays;
  readonly model: RunConfig['model'];
  readonly images: FolderImages;
};

/**
 * Reads the weights that an export is of.
 *
 * @param config the run
 * @param params borrowed
 * @returns arrays in memory
 */
export async function exportedModel(
  { model, normalization }: RunConfig,
  params: CanParams,
): Promise<ExportedModel> {
  const decoder = plainDecoder(model)(params);
  try {
    const tree = { encoder: params.encoder, ...(decoder && { decoder }) };
    const arrays = await treeToNamed(tree as unknown as Params);
    return { arrays, model, images: { interpolation: 'bilinear', ...normalization } };
  } finally {
    if (decoder) disposeTree(decoder as unknown as Params);
  }
}

/** Whether there is a decoder to export. */
export const hasDecoder = ({ arrays }: ExportedModel): boolean =>
  Object.hasOwn(arrays, 'decoder/mask');

/**
 * The weights that a folder computes with.
 *
 * @param arrays as the run has them
 * @param target who opens it
 * @param dtype its numbers
 * @returns float32 arrays
 */
export function roundedFor(arrays: NamedArrays, target: Target, dtype: Dtype): NamedArrays {
  if (ABOUT[target].onnx) return roundedWeights(arrays, dtype);
  return dtype === 'fp16' ? widened(toHalf(arrays)) : arrays;
}
