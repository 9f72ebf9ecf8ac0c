import { TABLE } from '@twocan/engine';
import { findAddon } from './addon.ts';

/** The sets of instructions that the kernels are compiled for. */
export const INSTRUCTIONS = ['avx512', 'avx2', 'neon', 'plain'] as const;

/** One of {@link INSTRUCTIONS}. */
export type Instructions = (typeof INSTRUCTIONS)[number];

/** One engine of the addon: a memory, and threads that run kernels on it. */
export type NativeEngine = {
  readonly threads: number;
  readonly lanes: number;
  /** Runs a kernel on the first `count` of the numbers that were written. */
  run(kernel: number, count: number, tasks: number): void;
  /** Makes the memory so long; false where it cannot. */
  grow(bytes: number): boolean;
  discard(at: number, bytes: number): void;
  /** A part of the memory, which may be asked for once. */
  segment(at: number, bytes: number): ArrayBuffer;
  stop(): void;
};

/** The native code. */
export type Addon = {
  about(): {
    readonly table: string;
    readonly instructions: readonly Instructions[];
    /** Where the numbers of a call are written, in bytes, and how many there may be. */
    readonly values: number;
    readonly mostValues: number;
    /** The first byte that a kernel may be given. */
    readonly first: number;
  };
  readonly NativeEngine: new (
    threads: number,
    instructions: Instructions,
    limit: number,
  ) => NativeEngine;
};

/** Whether the backend can be used here, and why not. */
export type NativeSupport = {
  readonly available: boolean;
  /** Empty where it is available. */
  readonly why: string;
  /** What to do about that. */
  readonly remedy: string;
  /** The instructions that this processor has, the best first. */
  readonly instructions: readonly Instructions[];
};

type Known = { readonly addon?: Addon; readonly support: NativeSupport };

function look(): Known {
  const found = findAddon<Addon>();
  const refuse = (why: string, remedy: string): Known => ({
    support: { available: false, why, remedy, instructions: [] },
  });
  if (!('addon' in found)) return refuse(found.why, found.remedy);
  const { addon } = found;
  const { table, instructions } = addon.about();
  if (table !== TABLE) {
    return refuse(
      'its addon was built from other sources',
      '`npm run build` builds it again; else install the same version of all twocan packages',
    );
  }
  return { addon, support: { available: true, why: '', remedy: '', instructions } };
}

let known: Known | undefined;

/** The addon and what is known of it; it is looked for once. */
export function lookOnce(): Known {
  known ??= look();
  return known;
}

/**
 * Whether the backend can be used here, why not, and what to do about that.
 *
 * @returns the answer, and the instructions that this processor has; it throws nothing
 * @example
 * const { available, why, remedy } = nativeSupport();
 * if (!available) console.log(`no native backend: ${why}; ${remedy}`);
 */
export function nativeSupport(): NativeSupport {
  return lookOnce().support;
}
