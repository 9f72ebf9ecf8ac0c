import type { NamedArrays } from '../dtype.ts';
import type { FolderDecoder, FolderModel } from '../model.ts';
import type { WeightFormat } from './formats.ts';
import type { FolderImages } from './images.ts';
import type { GivenHeads } from './sizes.ts';

/** What may be said about weights that are read. */
export type ImportOptions = GivenHeads & {
  /** The images that the model is wanted for; those that it was trained with by default. */
  readonly image?: FolderModel['image'] | undefined;
  /** `fresh`: a model without a class token gets one of zeros. Without it, it is an error. */
  readonly classToken?: 'fresh' | undefined;
};

/** Weights of another program, ready to use. */
export type ImportedWeights = {
  readonly format: WeightFormat | 'twocan';
  /** Ours by path: `encoder/…`, and `decoder/…` and `projector/…` where there are some. */
  readonly params: NamedArrays;
  readonly encoder: FolderModel;
  readonly decoder?: FolderDecoder;
  readonly images: FolderImages;
  /** What was left out, filled in or changed, one sentence each. */
  readonly notes: readonly string[];
};

/** What was read before positions are placed. */
export type Read = Omit<ImportedWeights, 'images'> & {
  /** Tables of the patches, and of the decoder's class token and patches. */
  readonly tables: {
    readonly encoder?: Float32Array | undefined;
    readonly decoder?: Float32Array | undefined;
  };
};
