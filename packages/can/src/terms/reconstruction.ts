import { maskedWeights } from '@twocan/masking';
import { patchify } from '@twocan/patches';
import { maskedPatchLoss } from '@twocan/reconstruction';
import type { Kind } from './kind.ts';

/** The error of the decoder's output on hidden patches. */
export const reconstruction: Kind<'predictions' | 'mask'> = ({
  encoder: { patch },
  target,
  normalizePixels,
}) => ({
  needs: ['predictions', 'mask'],
  loss: ({ predictions, mask, clean, noisy }) => {
    const pixels = patchify(target === 'clean' ? clean : noisy, patch);
    return {
      loss: maskedPatchLoss(predictions, pixels, maskedWeights(mask), {
        normalize: normalizePixels,
      }),
    };
  },
});
