import type { FolderImages } from '../foreign/images.ts';
import type { FolderModel } from '../model.ts';
import type { Json } from '../run-state.ts';
import { expectFolderModel, expectImages, expectOneOf } from './expect-model.ts';

/** timm's own ε, which its files cannot change. */
const EPSILON = 1e-6;

/**
 * The config.json of a folder that `timm.create_model('local-dir:FOLDER', pretrained=True)` opens.
 *
 * The model that it describes gives the mean of the patch tokens after the last norm.
 *
 * @param model the encoder
 * @param images normalisation and resizing
 * @param pool whether the class token counts in the mean: 'patches' or 'all'
 * @returns plain JSON; the weights beside it are {@link toTimm}'s
 * @throws RangeError for an ε other than 1e-6, which timm's files cannot state
 * @example
 * writeFileSync('config.json', JSON.stringify(timmConfig(encoder, { mean, std, interpolation: 'bilinear' })));
 *
 * timm 1.0, `models/_hub.py` and `vision_transformer.py`.
 */
export function timmConfig(
  model: FolderModel,
  images: FolderImages,
  pool: 'patches' | 'all' = 'patches',
): Json {
  expectFolderModel('timmConfig', model);
  expectImages('timmConfig', images, model.channels);
  expectOneOf('timmConfig', 'pool', pool, ['patches', 'all']);
  const { image, channels, patch, width, depth, heads, mlpRatio, epsilon } = model;
  if (epsilon !== EPSILON) {
    throw new RangeError(
      `timmConfig: epsilon must be ${EPSILON}, which is timm's own, got ${epsilon}; use another format`,
    );
  }
  const { height, width: across } = image;
  return {
    architecture: 'vit_base_patch16_224',
    num_classes: 0,
    num_features: width,
    global_pool: 'avg',
    model_args: {
      img_size: [height, across],
      patch_size: patch,
      in_chans: channels,
      embed_dim: width,
      depth,
      num_heads: heads,
      mlp_ratio: ratioThatFloors(width, mlpRatio),
      global_pool: 'avg',
      // The norm comes before the mean.
      fc_norm: false,
      ...(pool === 'all' && { pool_include_prefix: true }),
    },
    pretrained_cfg: {
      input_size: [channels, height, across],
      fixed_input_size: true,
      interpolation: images.interpolation,
      crop_pct: 1,
      crop_mode: 'center',
      mean: [...images.mean],
      std: [...images.std],
      num_classes: 0,
      pool_size: null,
      first_conv: 'patch_embed.proj',
      classifier: 'head',
    },
  };
}

/** timm rounds width times ratio down, we round it to the nearest. */
function ratioThatFloors(width: number, ratio: number): number {
  const hidden = Math.round(width * ratio);
  return Math.floor(width * ratio) === hidden ? ratio : (hidden + 0.5) / width;
}
