import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { version_core } from '@tensorflow/tfjs-core';
import type { BackendReport } from '@twocan/backend';
import { version } from '../terminal/version.ts';

/** What a run was computed by and on; of a resumed run, the last process. */
export type Environment = {
  readonly twocan: string;
  readonly tfjs: string;
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly backend: string;
  readonly backendWhy: string;
  /** Null where the backend does not say. */
  readonly threads: number | null;
  /** The processor's instructions that `native` computes with; null for the other backends. */
  readonly instructions: string | null;
};

/**
 * Describes this process.
 *
 * @param backend what was chosen
 * @returns plain JSON
 */
export function environmentOf(backend: BackendReport): Environment {
  return {
    twocan: version,
    tfjs: version_core,
    node: process.version,
    system: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGigabytes: Number((totalmem() / 2 ** 30).toFixed(1)),
    backend: backend.name,
    backendWhy: backend.why,
    threads: backend.threads,
    instructions: backend.instructions,
  };
}

/** Leaves the description in the run folder. */
export function describeMachine(path: string, environment: Environment): void {
  writeFileSync(path, `${JSON.stringify(environment, null, 2)}\n`);
}
