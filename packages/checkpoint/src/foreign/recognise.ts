import type { NamedArrays } from '../dtype.ts';
import { fail, someOf } from './fail.ts';
import { FORMATS, type FormatNames } from './formats.ts';

/** Tensors without the prefix that all of a model's names may have, and whose names they are. */
export type Recognised = { readonly names: FormatNames; readonly named: NamedArrays };

/** By what the two families are known, at the end of a name; what stands before is the prefix. */
const ENDS = ['patch_embed.proj.weight', 'embeddings.patch_embeddings.projection.weight'] as const;

/**
 * Finds out whose names tensors have.
 *
 * @param named tensors by the names of the file
 * @returns the format, and the tensors by its names
 * @throws RangeError for an architecture that is not supported, or names of no format
 */
export function recognise(named: NamedArrays): Recognised {
  const all = Object.keys(named);
  refuseUnsupported(all);
  const marks = all.filter((name) => ENDS.some((end) => name === end || name.endsWith(`.${end}`)));
  const [mark, second] = marks;
  if (mark === undefined) {
    return fail(
      `these are not the weights of a Vision Transformer in the names of timm, transformers or facebookresearch/mae: no tensor is called ${ENDS.join(' or ')} (${someOf(all)})`,
    );
  }
  if (second !== undefined) {
    return fail(`there is more than one encoder: ${someOf(marks)}; keep the tensors of one`);
  }
  const plain = withoutPrefix(named, mark);
  const names = FORMATS.find((format) => Object.hasOwn(plain, format.mark));
  // The marks of both families without a decoder are their ends themselves.
  return names === undefined ? fail(`'${mark}' is of no known format`) : { names, named: plain };
}

/** `module.`, `model.` and the like go; `vit.` comes where a ViTModel was saved alone. */
function withoutPrefix(named: NamedArrays, mark: string): NamedArrays {
  const isTimm = mark.endsWith(ENDS[0]);
  const before = mark.slice(0, -(isTimm ? ENDS[0] : ENDS[1]).length);
  const own = isTimm ? 'encoder.' : 'vit.';
  const nested = before === own || before.endsWith(`.${own}`);
  const outer = nested ? before.slice(0, -own.length) : before;
  // Encoder and decoder of bwconrad/can; its encoder alone has timm's names under `encoder.`.
  const pair = isTimm && nested && Object.hasOwn(named, `${outer}decoder.embed.weight`);
  const [cut, add] = isTimm ? [pair ? outer : before, ''] : [outer, nested ? '' : own];
  return Object.fromEntries(
    Object.entries(named).map(([name, array]) => {
      if (!name.startsWith(cut)) return [name, array];
      const rest = name.slice(cut.length);
      return [isTimm || nested || /^(decoder|classifier)\./.test(rest) ? rest : add + rest, array];
    }),
  );
}

/** Parts of other architectures, by the names of their tensors. */
const UNSUPPORTED: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)(dist_token|distillation_token)$/, 'a distillation token'],
  [/(^|\.)(reg_token|register_tokens)$/, 'register tokens'],
  [/(^|\.)(rope|rotary|inv_freq|periods|freqs_cis)\b|rotary_emb/, 'rotary positions'],
  [/rel_pos|relative_position/, 'relative positions'],
  [/\.mlp\.(fc1_g|fc1_x|w1|w2|w3|w12|weights_in|gate_proj)\./, 'a gated perceptron (SwiGLU)'],
  [
    /\.(mlp|attn)\.norm\.|\.(q_norm|k_norm)\.|\.attn\.(q_bias|v_bias)$/,
    'norms inside of its blocks',
  ],
  [/(^|\.)(norm_pre|pre_layrnorm|ln_pre)\./, 'a norm before its blocks'],
  [/(^|\.)fc_norm\./, 'a norm after pooling in place of the last norm'],
  [/\.(ls1|ls2|layer_scale1|layer_scale2)\.|\.(gamma_1|gamma_2|lambda_1|lambda_2)$/, 'layer scale'],
  [/(^|\.)blocks\.\d+\.(attns|ffns)\./, 'parallel blocks'],
];

/** The names that modules of transformers have in memory since its version 5. */
const IN_MEMORY = /(^|\.)layers\.\d+\.attention\.q_proj\./;

function refuseUnsupported(names: readonly string[]): void {
  const live = names.find((name) => IN_MEMORY.test(name));
  if (live !== undefined) {
    fail(
      `'${live}' is a name that transformers has in memory; write the folder with save_pretrained`,
    );
  }
  for (const [pattern, what] of UNSUPPORTED) {
    const found = names.filter((name) => pattern.test(name));
    if (found.length > 0) fail(`the model has ${what}, which is not supported: ${someOf(found)}`);
  }
}
