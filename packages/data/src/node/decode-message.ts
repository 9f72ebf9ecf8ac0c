/** What the pool asks a worker. */
export type DecodeRequest = {
  readonly path: string;
  /** Shrink so that the shorter side is at most this; JPEGs are then decoded at a fraction. */
  readonly shortSide?: number;
  /** Only width and height. */
  readonly headerOnly?: boolean;
};

/** What a worker answers; `data` is RGB, absent for headers. */
export type DecodeReply = {
  readonly width: number;
  readonly height: number;
  readonly data?: Uint8Array<ArrayBuffer>;
};
