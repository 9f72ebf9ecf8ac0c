import type { CanConfig } from '@twocan/can';
import { disposeTree, key } from '@twocan/core';
import { drawPictures, type PictureRow } from '@twocan/pretrain';
import type { Machine } from '../args/machine.ts';
import { openImages, roomFor } from '../images/layout/open-images.ts';
import { startWithWeights } from '../run/open-weights.ts';
import { usageError } from '../terminal/failure.ts';

/** A model, images, and how they are hidden. */
export type ReconstructRequest = Machine & {
  readonly model: string;
  readonly data: string;
  readonly maskRatio?: number;
  readonly seed: number;
};

/** Rows of pictures, and the method and step that they are of. */
export type Reconstructions = {
  readonly rows: readonly PictureRow[];
  readonly model: CanConfig;
  readonly step: number;
};

/**
 * Draws what a trained model makes of other images.
 *
 * @param request model, images and mask ratio
 * @returns rows of pictures
 * @throws Failure (exit code 2) for a model without a decoder
 */
export async function reconstruct(request: ReconstructRequest): Promise<Reconstructions> {
  const { config, params, step } = await startWithWeights(request);
  try {
    const { maskRatio = config.model.maskRatio } = request;
    if ((params.decoder ?? params.denoiser) === undefined) {
      throw usageError(`--model ${request.model} (${config.method}) has no decoder to draw with`);
    }
    if (maskRatio > 0 !== config.model.maskRatio > 0) {
      throw usageError(
        `--mask-ratio ${maskRatio}: the model was trained ${maskRatio > 0 ? 'without' : 'with'} hidden patches`,
      );
    }
    const folder = await openImages(request.data, roomFor(config.model.encoder, request));
    const model = { ...config.model, maskRatio };
    try {
      const rows = await drawPictures({ ...config, model }, params, folder, key(request.seed));
      return { rows, model, step };
    } finally {
      await folder.close();
    }
  } finally {
    disposeTree(params);
  }
}
