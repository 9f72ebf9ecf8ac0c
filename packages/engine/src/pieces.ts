import type { FreeBlocks } from './free-blocks.ts';

/** The memory is given back in pieces of this size: large pages of the system are of 2 MB. */
export const PIECE = 2 ** 21;

/** Which pieces of a memory have been used lately, and which have pages at all. */
type Pieces = {
  /** A block was handed out or taken back there. */
  readonly use: (start: number, size: number) => void;
  /** Discards the pieces that are free and have not been used since the last call; their bytes. */
  readonly trim: (free: FreeBlocks, discard: (at: number, bytes: number) => void) => number;
};

const EMPTY = 0; // given back, or never used
const IDLE = 1; // not used since the last look
const USED = 2;

/** Makes the record of a memory that nothing has used. */
export function makePieces(): Pieces {
  const states: number[] = [];
  return {
    use(start, size) {
      const last = Math.floor((start + size - 1) / PIECE);
      for (let piece = Math.floor(start / PIECE); piece <= last; piece++) states[piece] = USED;
    },
    trim({ starts, sizes }, discard) {
      let bytes = 0;
      starts.forEach((start, i) => {
        const end = start + (sizes[i] as number);
        let begin = Math.ceil(start / PIECE);
        const after = Math.floor(end / PIECE);
        while (begin < after) {
          if (states[begin] !== IDLE) {
            begin++;
            continue;
          }
          // As many at a time as lie next to each other.
          let piece = begin;
          while (piece < after && states[piece] === IDLE) states[piece++] = EMPTY;
          discard(begin * PIECE, (piece - begin) * PIECE);
          bytes += (piece - begin) * PIECE;
          begin = piece;
        }
      });
      for (let piece = 0; piece < states.length; piece++) {
        if (states[piece] === USED) states[piece] = IDLE;
      }
      return bytes;
    },
  };
}
