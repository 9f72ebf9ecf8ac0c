import { type PresetName, preset, presetNames } from '@twocan/vit';

/** A tab is asked for no more than this: multiplications for one image in its encoder. */
const MOST = { processor: 0.3e9, gpu: 3e9 };

/** Multiplications of an encoder for one image, roughly: tokens times weights, and tokens with each other. */
function multiplications(name: PresetName): number {
  const { image, patch, width, depth, mlpRatio } = preset(name).encoder;
  const tokens = (image.height / patch) * (image.width / patch) + 1;
  return depth * (tokens * width * width * (4 + 2 * mlpRatio) + 2 * tokens * tokens * width);
}

/**
 * The presets that are too large to be trained in a tab.
 *
 * @param onGpu whether a GPU computes
 * @returns their names, smallest first
 */
export const tooLarge = (onGpu: boolean): readonly string[] =>
  presetNames.filter((name) => multiplications(name) > (onGpu ? MOST.gpu : MOST.processor));
