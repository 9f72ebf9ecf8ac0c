import { dispose, enableProdMode, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import {
  type CanParams,
  canLoss,
  countParameters,
  initCan,
  methodCost,
  resolveCanConfig,
} from '@twocan/can';
import { type Communicator, disposeTree, key, solo } from '@twocan/core';
import { mpi } from '@twocan/distributed/node';
import { sgd } from '@twocan/optim';
import { randomViews } from '@twocan/pretrain';
import { disposeState, initState, makeStep } from '@twocan/trainer';
import type { PresetName } from '@twocan/vit';
import { median } from '../median.ts';
import { machine } from '../options.ts';

/**
 * Times steps of a few images on the ranks that `mpirun` started, in turns: with no sums of gradients, with sums after the
 * backward pass, one after the other or all at once, and with sums that go on during it.
 */
const [presets = 's16,b16,l16', images = '4', rounds = '7', backend = 'native'] =
  process.argv.slice(2);
const communicator = await mpi();
const { rank, size, name } = communicator;
enableProdMode();
await chooseBackend(backend as 'native', { threads: 1 });
if (rank === 0) console.log(`${machine()}; ${size} ranks of 1 thread, ${name}, ${backend}`);

/** Sums that begin when the first is waited for. */
function atTheEnd(): Communicator['startSum'] {
  const waiting: (() => void)[] = [];
  return (values) => {
    let sum = solo.startSum(values);
    waiting.push(() => {
      sum = communicator.startSum(values);
    });
    return {
      test: () => false,
      wait() {
        for (const start of waiting.splice(0)) start();
        sum.wait();
      },
    };
  };
}

/** Numbers that were summed, and those of them whose sum was there before the backward pass had ended. */
const count = { all: 0, early: 0 };
function counted(values: Float32Array): ReturnType<Communicator['startSum']> {
  const sum = communicator.startSum(values);
  let early = false;
  count.all += values.length;
  return {
    test() {
      if (!early && sum.test()) {
        early = true;
        count.early += values.length;
      }
      return early;
    },
    wait: sum.wait,
  };
}

const KINDS: Readonly<Record<'none' | 'one by one' | 'at once' | 'during', Communicator>> = {
  none: { ...communicator, startSum: solo.startSum },
  'one by one': {
    ...communicator,
    startSum: (values) => ({ test: () => false, wait: () => communicator.sum(values) }),
  },
  'at once': { ...communicator, startSum: atTheEnd() },
  during: { ...communicator, startSum: counted },
};

for (const preset of presets.split(',') as PresetName[]) {
  const config = resolveCanConfig({ preset });
  Object.assign(count, { all: 0, early: 0 });
  const loss = canLoss(config);
  const views = randomViews(config, Number(images)) as Tensor4D[];
  const optimizer = sgd({ learningRate: 0.1 });
  const params = initCan(key(0), config);
  const state = initState(params, optimizer);
  disposeTree(params);
  const kinds = Object.entries(KINDS).map(([kind, ranks]) => ({
    kind,
    millis: [] as number[],
    step: makeStep<CanParams, null>(
      // Each rank for itself: what ranks exchange in the loss is another matter.
      (own, _, context) => loss(own, { views }, { key: context.key }),
      optimizer,
      { communicator: ranks },
    ),
  }));
  for (let round = 0; round <= Number(rounds); round++) {
    for (const { step, millis } of kinds) {
      communicator.barrier();
      const begin = performance.now();
      const next = step(state, null, key(0));
      (next.metrics.loss as Tensor).dataSync();
      // The slowest rank's time is the step's.
      communicator.barrier();
      if (round > 0) millis.push(performance.now() - begin);
      disposeState(next.state);
      disposeTree(next.metrics);
    }
  }
  dispose(views);
  disposeState(state);
  if (rank === 0) {
    const [none = 0, oneByOne = 0, atOnce = 0, during = 0] = kinds.map(({ millis }) =>
      median(millis),
    );
    const numbers = countParameters(methodCost(config)).total;
    console.log(
      `${preset}: ${(numbers / 1e6).toFixed(1)} million numbers, ${images} images a rank: step ${none.toFixed(0)} ms without sums, ` +
        `${oneByOne.toFixed(0)} ms with sums one by one after the backward pass, ${atOnce.toFixed(0)} ms with all at once after it, ` +
        `${during.toFixed(0)} ms with sums during it; ` +
        `${((100 * count.early) / count.all).toFixed(0)}% of the numbers were summed before its end`,
    );
  }
}
communicator.finish();
