import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { usualContenders } from './contenders.ts';

/** What the scripts that compare whole steps understand. */
export type Options = {
  readonly positionals: readonly string[];
  readonly rounds: number;
  readonly threads: readonly number[];
  readonly contenders: readonly string[];
  /** Whether `--with` named the contenders. */
  readonly areNamed: boolean;
  readonly instructions: string | undefined;
};

/** Reads `--rounds`, `--threads 2,1`, `--with native,simd,PyTorch` and `--instructions avx2`. */
export function readOptions(contenders?: string, rounds = '7'): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: rounds },
      threads: { type: 'string', default: String(availableParallelism()) },
      with: { type: 'string' },
      instructions: { type: 'string' },
    },
  });
  return {
    positionals,
    rounds: Number(values.rounds),
    threads: values.threads.split(',').map(Number),
    contenders: (values.with ?? contenders)?.split(',') ?? usualContenders(values.instructions),
    areNamed: values.with !== undefined,
    instructions: values.instructions,
  };
}

/** The machine, in a line. */
export const machine = (): string =>
  `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} processors, Node ${process.version}`;
