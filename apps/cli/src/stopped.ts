import { listCheckpoints } from '@twocan/checkpoint/node';
import type { NonFiniteError } from '@twocan/trainer';
import { EXIT, type Failure } from './failure.ts';
import type { Run } from './run.ts';

/**
 * The error of a run whose loss exploded, in words of the command line.
 *
 * @param error what the trainer threw
 * @param run the run
 * @returns an error with exit code 3
 */
export function exploded({ metrics, step }: NonFiniteError, { folder, config }: Run): Failure {
  const wrong = Object.entries(metrics).filter(([, value]) => !Number.isFinite(value));
  const { learningRate, warmupSteps } = config.optimizer;
  const message = [
    `the run exploded after step ${step}: ${wrong.map(([name, value]) => `${name} is ${value}`).join(', ')}`,
    `  the state before it is saved in ${folder.checkpoints}`,
    `  start anew with a lower --lr (the peak was ${brief(learningRate)} after ${warmupSteps} steps of warm-up; try ${brief(learningRate / 3)})`,
  ].join('\n');
  return Object.assign(new Error(message), { exitCode: EXIT.nonFinite });
}

const brief = (rate: number): string => String(Number(rate.toPrecision(2)));

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space',
  EDQUOT: 'free some of your quota',
  EROFS: 'make the folder writable',
  EACCES: 'make the folder writable',
  EPERM: 'make the folder writable',
};

/**
 * The error of a run that can no longer write to its folder.
 *
 * @param error what the operating system said
 * @param run the run
 * @returns an error that says what is safe and how to go on
 */
export async function cannotWrite(error: NodeJS.ErrnoException, { folder }: Run): Promise<Error> {
  const saved = await listCheckpoints(folder.checkpoints).catch(() => []);
  const [last] = saved;
  const safe =
    last === undefined
      ? 'no checkpoint was saved yet'
      : `the checkpoint of step ${last.step} is whole`;
  const remedy = REMEDIES[error.code ?? ''] ?? 'mend that';
  return new Error(
    `the run stopped: ${error.message}\n  ${safe}; ${remedy}, then: twocan pretrain --resume --out ${folder.path}`,
    { cause: error },
  );
}
