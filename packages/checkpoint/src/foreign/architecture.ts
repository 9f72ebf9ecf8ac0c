import { brief, partOf, type Settings } from './config-file.ts';
import { fail } from './fail.ts';

/** `model_args` of timm that change nothing of an encoder that is read. */
const HARMLESS =
  /^(img_size|patch_size|embed_dim|depth|num_heads|mlp_ratio|num_classes|in_chans|global_pool|dynamic_img_size|weight_init|drop_rate|drop_path_rate|pos_drop_rate|patch_drop_rate|proj_drop_rate|attn_drop_rate|qkv_bias|strict_img_size|fix_init|no_embed_class|class_token|num_features|pool_include_prefix)$/;

/** Names of timm's models that are Vision Transformers of another kind, without a tensor that shows it. */
const OTHER = /rope|relpos|quickgelu|siglip|_gap_|parallel|_xp_|dinov3|sapiens|lingbot/;

/**
 * The settings of config.json in one list: those of transformers, timm's `model_args`, or the arguments of
 * facebookresearch/mae.
 *
 * @param config of config.json
 * @returns settings without what names the architecture
 * @throws RangeError for an architecture that is not supported
 */
export function architectureOf(config: Settings): Settings {
  const { model_type: type, architecture } = config;
  if (type !== undefined && type !== 'vit' && type !== 'vit_mae') {
    fail(`model_type ${brief(type)} is not supported; those that are: "vit", "vit_mae"`);
  }
  const act = config.hidden_act;
  if (act !== undefined && act !== 'gelu') {
    fail(`hidden_act ${brief(act)} is not supported; the one that is: "gelu"`);
  }
  if (architecture === undefined) return config;
  const name = typeof architecture === 'string' ? architecture : brief(architecture);
  if (!/^(vit|deit)_/.test(name) || OTHER.test(name)) {
    fail(`timm's architecture ${brief(name)} is not supported; those that are: plain vit_*`);
  }
  const args = partOf(config, 'model_args');
  for (const [key, value] of Object.entries(args)) {
    const off = value === null || value === false || value === 0;
    if (!HARMLESS.test(key) && !off) {
      fail(`model_args ${key} ${brief(value)} is not supported`);
    }
  }
  return { ...sizeOfImages(config), ...args };
}

/** The images of a model whose `model_args` leave their size to its name. */
function sizeOfImages(config: Settings): Settings {
  const { input_size: size } = partOf(config, 'pretrained_cfg');
  return Array.isArray(size) && size.length === 3 ? { img_size: size.slice(1) } : {};
}
