import { cpus } from 'node:os';
import {
  dispose,
  enableProdMode,
  grads,
  type Tensor,
  type Tensor4D,
  tensor4d,
  tidy,
  version_core,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { type BackendName, chooseBackend } from '@twocan/backend';
import {
  type CanBatch,
  type CanConfig,
  type CanParams,
  canLossWith,
  drawCorruption,
  initCan,
  resolveCanConfig,
} from '@twocan/can';
import { fold, key, namedLeaves, normal, treeFromNamed } from '@twocan/core';
import { adamw } from '@twocan/optim';
import { disposeState, initState, makeStep } from '@twocan/trainer';
import { median } from './median.ts';
import { plainCanLoss } from './plain-can.ts';
import { plainAdamW } from './plain-model.ts';

const [LEARNING_RATE, WEIGHT_DECAY] = [1e-3, 0.05];
const ROOT = key(0);

/** One training step that returns its loss. */
type Step = () => number;

function imagesOf({ encoder: { image, channels } }: CanConfig, batch: number): CanBatch {
  const shape: [number, number, number, number] = [batch, image.height, image.width, channels];
  const size = shape.reduce((a, b) => a * b);
  const view = (v: number): Tensor4D => tensor4d(normal(fold(ROOT, v), size), shape);
  return { views: [view(1), view(2)] };
}

/** Both steps draw the same masks, levels and noise at step t. */
const drawKey = (step: number) => fold(fold(ROOT, 'draws'), step);

/** A step as users of twocan take it. */
function ourStep(config: CanConfig, batch: CanBatch): Step {
  const optimizer = adamw({ learningRate: LEARNING_RATE, weightDecay: WEIGHT_DECAY });
  const params = initCan(ROOT, config);
  const lossWith = canLossWith(config);
  const step = makeStep(
    (p: CanParams, b: CanBatch, k) => lossWith(p, b, drawCorruption(k, config, b)),
    optimizer,
  );
  let state = initState(params, optimizer);
  return () => {
    const { state: next, metrics } = step(state, batch, fold(ROOT, 'draws'));
    const loss = metrics.loss?.dataSync()[0] ?? Number.NaN;
    dispose(Object.values(metrics));
    disposeState(state, next);
    state = next;
    return loss;
  };
}

/** The same step in plain tfjs: `tf.grads` of the plain model, AdamW leaf by leaf. */
function plainStep(config: CanConfig, batch: CanBatch): Step {
  const named = namedLeaves(initCan(ROOT, config));
  const names = named.map(([name]) => name);
  let leaves: Tensor[] = named.map(([, leaf]) => leaf as Tensor);
  let moments = leaves.map((leaf) => ({ m: zerosLike(leaf), v: zerosLike(leaf) }));
  let step = 0;
  return () => {
    const draws = drawCorruption(drawKey(step), config, batch);
    let value = Number.NaN;
    const next = tidy(() => {
      const loss = (...given: Tensor[]): Tensor => {
        const tree = treeFromNamed(Object.fromEntries(names.map((name, i) => [name, given[i]])));
        const result = plainCanLoss(
          config,
          tree as CanParams,
          batch,
          draws as Required<typeof draws>,
        );
        value = result.dataSync()[0] ?? Number.NaN;
        return result;
      };
      return grads(loss)(leaves).flatMap((gradient, i) => {
        const [leaf, own] = [leaves[i], moments[i]] as [Tensor, (typeof moments)[number]];
        const decay = leaf.rank > 1 ? WEIGHT_DECAY : 0;
        return plainAdamW(leaf, gradient, own, { step: step + 1, lr: LEARNING_RATE, decay });
      });
    });
    dispose([leaves, moments.flatMap(({ m, v }) => [m, v]), draws.noise ?? []]);
    const of = (part: number): Tensor[] => next.filter((_, i) => i % 3 === part);
    const [m, v] = [of(1), of(2)];
    leaves = of(0);
    moments = m.map((first, i) => ({ m: first, v: v[i] as Tensor }));
    step += 1;
    return value;
  };
}

/** Times the two steps in turns; their losses must agree at every step. */
function compare(preset: string, batchSize: number, rounds: number): void {
  const config = resolveCanConfig({ preset, method: 'can' } as Parameters<
    typeof resolveCanConfig
  >[0]);
  const batch = imagesOf(config, batchSize);
  const steps = { ours: ourStep(config, batch), plain: plainStep(config, batch) };
  const millis = { ours: [] as number[], plain: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const losses = { ours: Number.NaN, plain: Number.NaN };
    for (const name of ['ours', 'plain'] as const) {
      const begin = performance.now();
      losses[name] = steps[name]();
      // The first round compiles.
      if (round > 0) millis[name].push(performance.now() - begin);
    }
    if (!(Math.abs(losses.ours - losses.plain) <= 1e-3 * Math.abs(losses.plain))) {
      throw new Error(`the losses differ at step ${round}: ${JSON.stringify(losses)}`);
    }
    console.error(`step ${round}: both losses ${losses.ours.toFixed(4)}`);
  }
  const [ours, plain] = [median(millis.ours), median(millis.plain)];
  console.log(
    `${preset} batch ${batchSize}: ours ${ours.toFixed(0)} ms, plain tfjs ${plain.toFixed(0)} ms, ` +
      `ratio ${(plain / ours).toFixed(1)} (median of ${rounds})`,
  );
}

enableProdMode();
const [preset = 'tiny32', batch = '32', rounds = '3', wanted = 'wasm'] = process.argv.slice(2);
const { name, threads } = await chooseBackend(wanted as BackendName);
console.log(
  `one training step of CAN on ${name} (threads: ${threads ?? 'not said'}), tfjs-core ` +
    `${version_core}, Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}`,
);
compare(preset, Number(batch), Number(rounds));
process.exit(0);
