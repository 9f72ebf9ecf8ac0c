/**
 * Whether a file is a shard by its name.
 *
 * @param name of the file, or its path
 */
export const isShardName = (name: string): boolean => /\.(tar|parquet)$/i.test(name);

/** Names of tar files that were compressed: these cannot be read here and there. */
export const COMPRESSED = /\.(tar\.(gz|bz2|xz|zst)|tgz|tbz2?|txz)$/i;
