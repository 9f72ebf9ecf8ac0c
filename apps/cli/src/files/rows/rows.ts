/** Numbers of many images, of which some are in memory at a time. */
export type RowStream = {
  /** What they are, such as `features`. */
  readonly kind: string;
  /** The images, in their order. */
  readonly names: readonly string[];
  /** What an image has: `[width]`, `[patches, width]` or `[heads, patches]`. */
  readonly shape: readonly number[];
  /** In the order of the names. */
  readonly pieces: AsyncIterable<RowPiece>;
};

/** The numbers of some images that follow each other. */
export type RowPiece = {
  readonly first: number;
  readonly count: number;
  readonly rows: Float32Array;
};

/** How many numbers an image has. */
export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

/** Float32 numbers as the bytes of a file. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
