import type { Tensor } from '@tensorflow/tfjs-core';
import { type BackendName, chooseBackend, type Leaves, worstShare } from '@twocan/backend';
import { canLoss, initCan, resolveCanConfig } from '@twocan/can';
import { key, namedLeaves, valueAndGrad } from '@twocan/core';
import { randomViews, trialStep } from '@twocan/pretrain';
import { startBackend } from '../run/start-backend.ts';

const STEPS = 3;
const BATCH = 4;
/** Allowed difference, as a share: ten times what float32 costs such a step. */
const TOLERANCE = 1e-4;

type Trained = { readonly losses: readonly number[]; readonly gradients: Leaves };

/** Some training steps of the smallest CAN on fixed noise: the first gradients, and every loss. */
async function train(): Promise<Trained> {
  const root = key(0);
  const config = resolveCanConfig({ preset: 'micro32', method: 'can' });
  const views = randomViews(config, BATCH);
  const first = valueAndGrad(canLoss(config))(initCan(root, config), { views }, { key: root });
  const gradients = await Promise.all(
    namedLeaves<Tensor>(first.grads).map(
      async ([path, leaf]) => [path, (await leaf.data()) as Float32Array] as const,
    ),
  );
  const step = trialStep(config, () => views);
  const losses: number[] = [];
  for (let number = 0; number < STEPS; number++) {
    step.begin();
    losses.push(await step.end());
  }
  return { losses, gradients };
}

/**
 * Trains some steps of a small CAN on a backend and on cpu, and compares gradients and losses.
 *
 * @param name the backend
 * @returns what was compared, as text
 * @throws Failure (exit code 2) if the backend does not load, Error if it computes something else
 */
export async function checkBackend(name: BackendName): Promise<string> {
  const { why } = await startBackend({ backend: name });
  await chooseBackend('cpu');
  const expected = await train();
  await chooseBackend(name);
  const actual = await train();
  const [path, share] = worstShare(actual.gradients, expected.gradients);
  const shown = (losses: readonly number[]): string => losses.map((x) => x.toFixed(5)).join(' ');
  const words =
    `${STEPS} steps of CAN, losses ${shown(actual.losses)}, on cpu ${shown(expected.losses)}; ` +
    `gradients differ by ${share.toExponential(1)} at most, in ${path}`;
  const sameLosses = expected.losses.every(
    (loss, i) => Math.abs((actual.losses[i] ?? Number.NaN) - loss) <= TOLERANCE * Math.abs(loss),
  );
  if (!sameLosses || !(share <= TOLERANCE)) {
    throw new Error(`${name} computes something else than cpu: ${words}`);
  }
  return `${name} (${why}) agrees with cpu: ${words}`;
}
