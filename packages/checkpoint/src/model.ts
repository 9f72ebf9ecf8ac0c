/** The sizes of an encoder as other programs describe it: those of `ViTConfig` in `@twocan/vit`. */
export type FolderModel = {
  /** Size of the images in pixels. */
  readonly image: { readonly height: number; readonly width: number };
  readonly channels: number;
  /** Side of a patch in pixels. */
  readonly patch: number;
  readonly width: number;
  /** Number of blocks. */
  readonly depth: number;
  readonly heads: number;
  /** Hidden width of the perceptrons over that of the tokens. */
  readonly mlpRatio: number;
  /** Added to the variance in layer normalisation. */
  readonly epsilon: number;
};

/** The sizes of a decoder. */
export type FolderDecoder = Pick<FolderModel, 'width' | 'depth' | 'heads' | 'mlpRatio'>;
