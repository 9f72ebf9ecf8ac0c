import { disposeTree, key } from '@twocan/core';
import { drawPictures } from '@twocan/pretrain';
import type { Machine } from '../args/machine.ts';
import { openImages, roomFor } from '../images/layout/open-images.ts';
import { openModel } from '../run/open-model.ts';
import { startBackend } from '../run/start-backend.ts';
import { usageError } from '../terminal/failure.ts';
import { writeSamples } from './samples.ts';

/** What `twocan reconstruct` was asked. */
export type ReconstructRequest = Machine & {
  readonly model: string;
  readonly data: string;
  readonly out: string;
  readonly maskRatio?: number;
  readonly seed: number;
};

/**
 * Draws the sheet of samples of a trained model on other images.
 *
 * @param request model, images, file and mask ratio
 * @throws Failure (exit code 2) for a model without a decoder
 */
export async function drawReconstructions(request: ReconstructRequest): Promise<void> {
  await startBackend(request);
  const { config, params, step } = await openModel(request.model);
  try {
    const { model } = config;
    if (params.decoder === undefined) {
      throw usageError(`--model ${request.model} (${config.method}) has no decoder to draw with`);
    }
    if (request.maskRatio !== undefined && request.maskRatio > 0 !== model.maskRatio > 0) {
      throw usageError(
        `--mask-ratio ${request.maskRatio}: the model was trained ${model.maskRatio > 0 ? 'with' : 'without'} hidden patches`,
      );
    }
    const folder = await openImages(request.data, roomFor(model.encoder, request));
    const asked = {
      ...config,
      model: { ...model, maskRatio: request.maskRatio ?? model.maskRatio },
    };
    try {
      const rows = await drawPictures(asked, params, folder, key(request.seed));
      await writeSamples(request.out, asked.model, rows);
    } finally {
      await folder.close();
    }
    console.log(`${request.out}: the model after step ${step}`);
  } finally {
    disposeTree(params);
  }
}
