import type { LevelSpread } from '@twocan/noise';
import type { DecoderConfig, ViTConfig } from '@twocan/vit';

/** Which patch tokens the decoder adds the noise level's code to. */
export type LevelPlacement = 'all' | 'visible' | 'none';

/** A projection head by name. */
export type HeadName = 'light' | 'large';

/** The projection head; its input is as wide as the encoder. */
export type ProjectorShape = {
  readonly hidden: number;
  readonly layers: number;
  readonly out: number;
  readonly batchNorm: boolean;
  /** Batch statistics over both views at once (SimCLR), or over each view alone. */
  readonly statistics: 'both-views' | 'each-view';
};

/** The terms of the loss that a config weighs, in the order in which they are summed and shown. */
export const termNames = ['contrastive', 'reconstruction', 'denoising'] as const;

/** The name of one of these terms. */
export type TermName = (typeof termNames)[number];

/** How noise is drawn, coded and predicted; what is left out is as in the paper. */
export type NoiseChoices = {
  /** σ_min in units of the normalised pixels; the paper's is 0. */
  readonly min: number;
  /** How levels lie between min and max. */
  readonly levels: LevelSpread;
  /** What the sinusoids code: σ, or ln σ. */
  readonly code: 'level' | 'log';
  /** What predicts it: the decoder, or one linear map of the encoder's visible tokens. */
  readonly from: 'decoder' | 'encoder';
  /** What is predicted at visible patches: the noise σε as it was added, or ε, which is then multiplied by σ. */
  readonly target: 'scaled' | 'unit';
  /** How levels weigh in the loss: by σ², as errors of σε do, or all alike, as errors of ε do. */
  readonly weight: 'variance' | 'equal';
};

/** The paper's choices. */
export const PAPER_NOISE: NoiseChoices = {
  min: 0,
  levels: 'uniform',
  code: 'level',
  from: 'decoder',
  target: 'scaled',
  weight: 'variance',
};

/** The choices of a config, with those of the paper where it makes none; the config is not checked. */
export const choicesOf = ({ noise }: Pick<CanConfig, 'noise'>): NoiseChoices => ({
  ...PAPER_NOISE,
  ...noise,
});

/** Everything that defines the method, as plain JSON. */
export type CanConfig = {
  readonly encoder: ViTConfig;
  readonly decoder: DecoderConfig;
  /** Images of one sample: two augmented views, or one. */
  readonly views: 1 | 2;
  /** Share of patches hidden from the encoder, in [0, 1). */
  readonly maskRatio: number;
  /** The weight of each term; a term of weight 0 is not computed and has no parameters. */
  readonly weights: Readonly<Record<TermName, number>>;
  /** τ of the contrastive loss. */
  readonly temperature: number;
  readonly noise: {
    /** σ_max in units of the normalised pixels; 0 is no noise. */
    readonly max: number;
    /** Which patch tokens of the decoder get the level's code. */
    readonly embed: LevelPlacement;
    /** Whether the decoder's class token gets it too. */
    readonly embedCls: boolean;
    /** Factor on σ before its sinusoids; 1 is faithful, 1000/max spreads their phases. */
    readonly scale: number;
  } & Partial<NoiseChoices>;
  /** Whether masked patches are reconstructed without or with the added noise. */
  readonly target: 'clean' | 'noisy';
  /** Reconstruct patches of mean 0 and variance 1 (MAE's norm_pix_loss). */
  readonly normalizePixels: boolean;
  readonly projector: ProjectorShape;
  /** The tokens whose mean is contrasted: patches only, or the class token as well. */
  readonly pool: 'patches' | 'all';
};

/**
 * Which tokens make an image's feature vector: the mean of patches, of all, the class token, or `both`:
 * the class token followed by the mean of patches.
 */
export type Pooling = CanConfig['pool'] | 'cls' | 'both';

/** The name of a method. */
export type Method = 'can' | 'mae' | 'simclr' | 'contrastive-masked';

/** What a method sets; everything else is shared. */
type MethodSettings = Pick<CanConfig, 'views' | 'maskRatio' | 'weights'> & {
  readonly noise: Pick<CanConfig['noise'], 'max'>;
};

/** The named points of the design space; a method is nothing but these settings. */
export const methods: Readonly<Record<Method, MethodSettings>> = {
  /** Contrastive, masked autoencoding and noise prediction, with both ports' weights. */
  can: {
    views: 2,
    maskRatio: 0.5,
    weights: { contrastive: 0.03, reconstruction: 0.67, denoising: 0.3 },
    noise: { max: 0.05 },
  },
  /** The masked autoencoder. */
  mae: {
    views: 1,
    maskRatio: 0.75,
    weights: { contrastive: 0, reconstruction: 1, denoising: 0 },
    noise: { max: 0 },
  },
  /** Contrastive learning of full views. */
  simclr: {
    views: 2,
    maskRatio: 0,
    weights: { contrastive: 1, reconstruction: 0, denoising: 0 },
    noise: { max: 0 },
  },
  /** C + A: CAN without noise. */
  'contrastive-masked': {
    views: 2,
    maskRatio: 0.5,
    weights: { contrastive: 0.03, reconstruction: 0.97, denoising: 0 },
    noise: { max: 0 },
  },
};
