import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Mask } from '@twocan/masking';

/**
 * All that is random in one evaluation of the loss, for the images of all views stacked: rows
 * 0 … B−1 are view 1, rows B … 2B−1 view 2. What the config does not use is absent.
 */
export type Draws = {
  /** Kept and hidden patches of each image. */
  readonly mask?: Mask;
  /** σ of each image, `[V·B]`. */
  readonly levels?: Float32Array;
  /** The noise σε to add, `[V·B, H, W, C]`. */
  readonly noise?: Tensor4D;
};

/** What the model computes on its way to the loss, for the images of all views stacked, M = V·B. */
export type Forward = {
  /** The views without noise, `[M, H, W, C]`. */
  readonly clean: Tensor4D;
  /** What is cut into patches and masked, `[M, H, W, C]`. */
  readonly noisy: Tensor4D;
  /** Pooled encoder features of the visible tokens, `[M, D]`. */
  readonly features: Tensor2D;
  /** Projections of the two views, `[B, Z]` each, if views are contrasted. */
  readonly embeddings?: { readonly a: Tensor2D; readonly b: Tensor2D };
  /** Pixels at masked places and noise at visible ones, `[M, N, P]`, if patches are predicted. */
  readonly predictions?: Tensor3D;
  /** Noise at visible places as the encoder's tokens give it, 0 at masked ones, `[M, N, P]`, if it is predicted there. */
  readonly noisePredictions?: Tensor3D;
  /** The added noise σε in patches, `[M, N, P]`, if there is noise. */
  readonly noise?: Tensor3D;
};

/** A forward pass with what was drawn for it on the host. */
export type DrawnForward = Pick<Draws, 'mask' | 'levels'> & { readonly forward: Forward };

/**
 * A part of the forward pass that a term reads: projections of the two views (`embeddings`), the decoder's output
 * (`predictions`), noise predicted from the encoder's tokens (`noisePredictions`), hidden patches (`mask`), added noise
 * (`noise`), the averaged parameters' output (`teacher`).
 */
export type Need = 'embeddings' | 'predictions' | 'noisePredictions' | 'mask' | 'noise' | 'teacher';

/** What the averaged parameters compute from the whole, clean views; no gradient reaches it. */
export type Teacher = {
  /** Pooled features, `[M, D]`. */
  readonly features: Tensor2D;
  /** Projections of the two views, `[B, Z]` each, where there is a projector. */
  readonly embeddings?: NonNullable<Forward['embeddings']>;
};

type AllParts = Forward & Pick<Draws, 'mask' | 'levels'> & { readonly teacher?: Teacher };

/** The forward pass as a term sees it: what it needs is there. */
export type Parts<N extends Need> = AllParts & {
  readonly [Name in N]-?: NonNullable<AllParts[Name]>;
};
