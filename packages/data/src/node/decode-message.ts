/** A job for a worker. */
export type DecodeRequest = {
  /** Bytes where the path is not UTF-8. */
  readonly path: string | Uint8Array;
  /** Shrink so that the shorter side is at most this; JPEGs are then decoded at a fraction. */
  readonly shortSide?: number;
  /** Only width and height. */
  readonly headerOnly?: boolean;
};

/** What a worker answers; `data` is RGB. Headers are without it, and without what follows from it. */
export type DecodeReply = {
  readonly width: number;
  readonly height: number;
  readonly data?: Uint8Array<ArrayBuffer>;
  /** Whether all pixels are equal. */
  readonly oneColour?: boolean;
};
