import { cpus } from 'node:os';
import {
  dispose,
  enableProdMode,
  grads,
  setBackend,
  type Tensor,
  tidy,
  version_core,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { type BackendName, type BackendReport, chooseBackend } from '@twocan/backend';
import {
  type CanBatch,
  type CanConfig,
  type CanParams,
  drawCorruption,
  initCan,
  resolveCanConfig,
} from '@twocan/can';
import { fold, key, namedLeaves, treeFromNamed } from '@twocan/core';
import { randomViews, trialStep } from '@twocan/pretrain';
import { median } from './median.ts';
import { plainCanLoss } from './plain-can.ts';
import { plainAdamW } from './plain-model.ts';

const [LEARNING_RATE, WEIGHT_DECAY] = [1e-3, 0.05];
const ROOT = key(0);

/** One training step that returns its loss. */
type Step = () => number | Promise<number>;

/** Both steps draw the same masks, levels and noise at step t. */
const drawKey = (step: number) => fold(fold(ROOT, 'draws'), step);

/** A step as users of twocan take it. */
function ourStep(config: CanConfig, { views }: CanBatch): Step {
  const { begin, end } = trialStep(config, () => views, fold(ROOT, 'draws'));
  return () => {
    begin();
    return end();
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

/** Each code on each backend: its step, and the milliseconds it took. */
type Contestant = {
  readonly backend: string;
  /** The backend's name inside tfjs. */
  readonly tfjsName: string;
  readonly code: 'ours' | 'plain tfjs';
  readonly step: Step;
  readonly millis: number[];
};

async function contestants(
  backends: readonly string[],
  config: CanConfig,
  batchSize: number,
): Promise<Contestant[]> {
  const all: Contestant[] = [];
  for (const wanted of backends) {
    let report: BackendReport;
    try {
      report = await chooseBackend(wanted as BackendName);
    } catch (cause) {
      console.error(`without ${wanted}: ${(cause as Error).message}`);
      continue;
    }
    const { name: backend, tfjsName, threads } = report;
    console.log(`${backend}: threads ${threads ?? 'the default'}`);
    const batch = { views: randomViews(config, batchSize) };
    all.push(
      { backend, tfjsName, code: 'ours', step: ourStep(config, batch), millis: [] },
      { backend, tfjsName, code: 'plain tfjs', step: plainStep(config, batch), millis: [] },
    );
  }
  return all;
}

/** Times all steps in turns; their losses must agree at every step. */
async function compare(all: readonly Contestant[], rounds: number): Promise<void> {
  for (let round = 0; round <= rounds; round++) {
    const losses: number[] = [];
    for (const { tfjsName, step, millis } of all) {
      await setBackend(tfjsName);
      const begin = performance.now();
      losses.push(await step());
      // The first round compiles.
      if (round > 0) millis.push(performance.now() - begin);
    }
    const [first = Number.NaN] = losses;
    if (!losses.every((loss) => Math.abs(loss - first) <= 1e-3 * Math.abs(first))) {
      throw new Error(`the losses differ at step ${round}: ${losses}`);
    }
    console.error(`step ${round}: all losses ${first.toFixed(4)}`);
  }
}

enableProdMode();
const [preset = 'tiny32', batchWord = '32', roundsWord = '3', wanted = 'wasm'] =
  process.argv.slice(2);
const [batchSize, rounds] = [Number(batchWord), Number(roundsWord)];
console.log(
  `one training step of CAN, ${preset}, batch ${batchSize}; tfjs-core ${version_core}, ` +
    `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}; median of ${rounds}, in turns`,
);
const config = resolveCanConfig({ preset, method: 'can' } as Parameters<
  typeof resolveCanConfig
>[0]);
const all = await contestants(wanted.split(','), config, batchSize);
await compare(all, rounds);
const fastest = Math.min(...all.map(({ millis }) => median(millis)));
for (const { backend, code, millis } of all) {
  const middle = median(millis);
  console.log(
    `${backend.padEnd(6)}${code.padEnd(12)}${middle.toFixed(0).padStart(7)} ms` +
      `${((1000 * batchSize) / middle).toFixed(1).padStart(8)} images/s` +
      `${(middle / fastest).toFixed(1).padStart(8)} times the fastest`,
  );
}
process.exit(0);
