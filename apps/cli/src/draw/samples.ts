import { type CanConfig, reconstructionCaption } from '@twocan/can';
import type { PictureRow } from '@twocan/pretrain';
import { writeSheet } from './picture-files.ts';

/**
 * Writes the sheet of samples: each row of pictures under what it shows.
 *
 * @param path where the PNG goes
 * @param model the method
 * @param rows of `drawPictures`
 */
export async function writeSamples(
  path: string,
  model: CanConfig,
  rows: readonly PictureRow[],
): Promise<void> {
  const labelled = rows.map((row) => ({ label: captionOf(row, model), pictures: row.pictures }));
  await writeSheet(path, labelled, { model });
}

function captionOf({ id, gain }: PictureRow, model: CanConfig): string {
  switch (id) {
    case 'original':
      return 'Original, resized to the model';
    case 'input':
      return `Input: ${changesOf(model)}`;
    case 'reconstruction':
      return `Reconstruction: ${reconstructionCaption(model)}`;
    case 'predicted-noise':
      return `Predicted noise, amplified ${gain}x; hidden patches are left grey`;
    case 'added-noise':
      return `Noise that was added, amplified ${gain}x`;
  }
}

function changesOf({ noise, maskRatio }: CanConfig): string {
  const changes = [
    ...(noise.max > 0 ? [`noise of level 0 to ${noise.max} of a normalised pixel added`] : []),
    ...(maskRatio > 0
      ? [`${Math.round(100 * maskRatio)}% of patches hidden (drawn in the mean colour)`]
      : []),
  ];
  return changes.length > 0 ? changes.join(', ') : 'the original itself';
}
