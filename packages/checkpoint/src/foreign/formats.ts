import {
  DECODER_POSITIONS,
  ENCODER_POSITIONS,
  ENCODER_TOKEN,
  huggingFaceDecoder,
  huggingFaceEncoder,
  LAYERS,
  NEWER_LAYERS,
} from '../hugging-face.ts';
import type { Rename } from '../layout.ts';
import { dense, norm, token } from '../rename.ts';
import { timmBlocks, timmEncoder } from '../timm.ts';

/** Whose names the weights have. */
export type WeightFormat = 'timm' | 'transformers' | 'mae' | 'mae-contrastive' | 'can';

/** The names of an encoder or a decoder in one format. */
export type PartNames = {
  /** What comes before the number of a block. */
  readonly blocks: string;
  readonly renames: (depth: number) => readonly Rename[];
  /** The class token, or the mask token of a decoder. */
  readonly token: string;
  readonly positions: string;
};

/** What a format calls things, without the prefix that a file may have. */
export type FormatNames = {
  readonly format: WeightFormat;
  /** The tensor that is in such files and no others. */
  readonly mark: string;
  readonly encoder: PartNames;
  readonly decoder?: PartNames;
  readonly projector?: readonly Rename[];
};

const TIMM: PartNames = {
  blocks: 'blocks.',
  renames: timmEncoder,
  token: 'cls_token',
  positions: 'pos_embed',
};

/** facebookresearch/mae: an encoder of timm, and a decoder with names of its own. */
export const MAE_DECODER: PartNames = {
  blocks: 'decoder_blocks.',
  renames: (depth) => [
    ...dense('decoder/embed', 'decoder_embed'),
    ...token('decoder/mask', 'mask_token'),
    ...timmBlocks(depth, 'decoder/blocks', 'decoder_blocks'),
    ...norm('decoder/norm', 'decoder_norm'),
    ...dense('decoder/head', 'decoder_pred'),
  ],
  token: 'mask_token',
  positions: 'decoder_pos_embed',
};

/** bwconrad/can: `encoder.` and `decoder.` before the names of two modules of timm's blocks. */
const CAN_DECODER: PartNames = {
  blocks: 'decoder.blocks.',
  renames: (depth) => [
    ...dense('decoder/embed', 'decoder.embed'),
    ...token('decoder/mask', 'decoder.mask_token'),
    ...timmBlocks(depth, 'decoder/blocks', 'decoder.blocks'),
    ...norm('decoder/norm', 'decoder.norm'),
    ...dense('decoder/head', 'decoder.head'),
  ],
  token: 'decoder.mask_token',
  positions: 'decoder.pos_embed',
};

const underEncoder = (rename: Rename): Rename => ({
  ...rename,
  theirs: rename.theirs.map((name) => `encoder.${name}`),
});

const HUGGING_FACE: PartNames = {
  blocks: 'vit.encoder.layer.',
  renames: huggingFaceEncoder,
  token: ENCODER_TOKEN,
  positions: ENCODER_POSITIONS,
};

const huggingFaceDecoderNames = (layers: string): PartNames => ({
  blocks: `${layers}.`,
  renames: (depth) => huggingFaceDecoder(depth, layers),
  token: 'decoder.mask_token',
  positions: DECODER_POSITIONS,
});

/** The formats: the first whose mark is there is the one. */
export const FORMATS: readonly FormatNames[] = [
  {
    format: 'can',
    mark: 'decoder.embed.weight',
    encoder: {
      blocks: 'encoder.blocks.',
      renames: (depth) => timmEncoder(depth).map(underEncoder),
      token: 'encoder.cls_token',
      positions: 'encoder.pos_embed',
    },
    decoder: CAN_DECODER,
  },
  {
    // The authors' code of CAN: facebookresearch/mae and the light projection head.
    format: 'mae-contrastive',
    mark: 'projection_head.0.weight',
    encoder: TIMM,
    decoder: MAE_DECODER,
    projector: [
      ...dense('projector/layers/0', 'projection_head.0'),
      ...dense('projector/layers/1', 'projection_head.2'),
    ],
  },
  { format: 'mae', mark: 'decoder_embed.weight', encoder: TIMM, decoder: MAE_DECODER },
  { format: 'timm', mark: 'patch_embed.proj.weight', encoder: TIMM },
  ...[NEWER_LAYERS, LAYERS].map(
    (layers): FormatNames => ({
      format: 'transformers',
      mark: `${layers}.0.layernorm_before.weight`,
      encoder: HUGGING_FACE,
      decoder: huggingFaceDecoderNames(layers),
    }),
  ),
  {
    format: 'transformers',
    mark: 'vit.embeddings.patch_embeddings.projection.weight',
    encoder: HUGGING_FACE,
  },
];
