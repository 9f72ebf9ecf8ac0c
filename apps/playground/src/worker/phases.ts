import { dispose, mul, reshape, type Tensor2D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { type CanParams, canForward } from '@twocan/can';
import { unitRows } from '@twocan/evaluate';
import { visibleWeights } from '@twocan/masking';
import { patchGrid, patchify, unpatchify } from '@twocan/patches';
import { drawViews, type PretrainConfig, picturesOf } from '@twocan/pretrain';
import type { Phases } from '../messages.ts';
import type { Crops } from './look.ts';

/**
 * What is seen in a step before its losses: the crops, what is hidden of them, what the model makes of them.
 *
 * @param config the run
 * @param params borrowed
 * @param crops those that are shown
 * @returns all but the line of the step
 */
export async function phasesOf(
  config: PretrainConfig,
  params: CanParams,
  { views, images, key }: Crops,
): Promise<Omit<Phases, 'line'>> {
  const { model } = config;
  const { image, patch, channels, width } = model.encoder;
  const { rows, columns, count } = patchGrid({ ...image, patch });
  const tensors = views.map((view) =>
    tensor4d(view, [images, image.height, image.width, channels]),
  );
  const { forward, mask } = canForward(model)(params, { views: tensors }, key);
  const left =
    mask &&
    tidy(() => {
      const visible = reshape(visibleWeights(mask), [-1, count, 1]);
      const patches = mul(patchify(forward.clean, patch), visible);
      return unpatchify(patches as ReturnType<typeof patchify>, { rows, columns, patch, channels });
    });
  const { embeddings } = forward;
  try {
    const pictures = left && picturesOf(await left.data<'float32'>(), config);
    const alike = embeddings && (await cosines(embeddings.a, embeddings.b));
    const projector = embeddings?.a.shape[1];
    return {
      images,
      rows: await drawViews(config, params, views, key),
      ...(pictures && { hidden: pictures }),
      patches: { all: count, visible: Math.round(count * (1 - (mask ? model.maskRatio : 0))) },
      widths: { encoder: width, ...(projector && { projector }) },
      ...(alike && { alike }),
    };
  } finally {
    dispose([tensors, forward as never, left as never]);
  }
}

/** Cosines of the rows of one with those of the other: a handful each. */
async function cosines(a: Tensor2D, b: Tensor2D): Promise<number[][]> {
  const [rows, width] = a.shape;
  const [left, right] = await Promise.all(
    [a, b].map(async (each) => unitRows(await each.data<'float32'>(), { rows })),
  );
  const row = (of: Float32Array | undefined, i: number) =>
    of?.subarray(i * width, (i + 1) * width) ?? new Float32Array();
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: rows }, (_, j) => {
      const other = row(right, j);
      return row(left, i).reduce((sum, value, k) => sum + value * (other[k] as number), 0);
    }),
  );
}
