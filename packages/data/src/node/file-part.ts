/** The contents of a file that lies in another: a member of an archive, a row of a table. */
export type FilePart = {
  /** How many bytes it has, or about how many where only reading it tells. */
  readonly size: number;
  /** Whether it is a row of a table: `size` is then about right, and its name has no ending. */
  readonly isRow?: boolean;
  /** As long as it is the same, nobody wrote to the file that it lies in. */
  readonly stamp: string;
  /** @throws Error whose message says what is wrong, or what the file system throws */
  readonly read: () => Promise<Uint8Array>;
};

/** Files that lie in others, by name. */
export type FileParts = {
  readonly part: (name: string) => FilePart;
  /** Closes the files that they lie in; reading one opens its own again. */
  readonly close: () => Promise<void>;
};

/** Where the contents of a file are: a path (bytes where it is not UTF-8), or a part of another file. */
export type FilePlace = string | Buffer | FilePart;

/** Whether a file lies in another. */
export const isPart = (place: FilePlace): place is FilePart =>
  typeof place === 'object' && 'read' in place;
