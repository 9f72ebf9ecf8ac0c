import { type Tensor, tensor4d } from '@tensorflow/tfjs-core';
import { type BackendName, chooseBackend, type Leaves, worstShare } from '@twocan/backend';
import { type CanParams, canLoss, initCan, resolveCanConfig } from '@twocan/can';
import { fold, key, namedLeaves, normal, valueAndGrad } from '@twocan/core';
import { adamw } from '@twocan/optim';
import { disposeState, initState, makeStep } from '@twocan/trainer';
import { startBackend } from '../run/start-backend.ts';

const STEPS = 3;
const BATCH = 4;
/** Allowed difference, as a share: ten times what float32 costs such a step. */
const TOLERANCE = 1e-4;

type Outcome = { readonly losses: readonly number[]; readonly gradients: Leaves };

/** Some training steps of the smallest CAN on fixed noise: the first gradients, and every loss. */
async function train(): Promise<Outcome> {
  const root = key(0);
  const config = resolveCanConfig({ preset: 'micro32', method: 'can' });
  const { image, channels } = config.encoder;
  const shape: [number, number, number, number] = [BATCH, image.height, image.width, channels];
  const size = shape.reduce((a, b) => a * b);
  const views = [1, 2].map((view) => tensor4d(normal(fold(root, view), size), shape));
  const optimizer = adamw({ learningRate: 1e-3, weightDecay: 0.05 });
  const loss = canLoss(config);
  const params = initCan(root, config);
  const first = valueAndGrad(loss)(params, { views }, { key: root });
  const gradients = await Promise.all(
    namedLeaves<Tensor>(first.grads).map(
      async ([path, leaf]) => [path, (await leaf.data()) as Float32Array] as const,
    ),
  );
  const step = makeStep(
    (p: CanParams, b: typeof views, context) => loss(p, { views: b }, context),
    optimizer,
  );
  let state = initState(params, optimizer);
  const losses: number[] = [];
  for (let number = 0; number < STEPS; number++) {
    const { state: next, metrics } = step(state, views, fold(root, number));
    losses.push((await metrics.loss?.data())?.[0] ?? Number.NaN);
    disposeState(state, next);
    state = next;
  }
  return { losses, gradients };
}

/**
 * Trains some steps of a small CAN on a backend and on cpu, and compares gradients and losses.
 *
 * @param name the backend
 * @returns what was compared, in words
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
