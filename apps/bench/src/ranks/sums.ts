import { dispose, enableProdMode, type Tensor, tidy, zerosLike } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { initCan, resolveCanConfig } from '@twocan/can';
import { disposeTree, key, namedLeaves } from '@twocan/core';
import { mpi } from '@twocan/distributed/node';
import { meansOverRanks } from '@twocan/ops';
import { randomViews, trialStep } from '@twocan/pretrain';
import type { PresetName } from '@twocan/vit';
import { median } from '../median.ts';
import { machine } from '../options.ts';

/**
 * Times the means of a model's gradients over the ranks that `mpirun` started, in the backend's memory, beside a step of
 * a few images: what of a step would be hidden if sums went on during the backward pass.
 */
const [presets = 's16,b16,l16', images = '4', rounds = '7', backend = 'native'] =
  process.argv.slice(2);
const communicator = await mpi();
const { rank, size, name } = communicator;
enableProdMode();
await chooseBackend(backend as 'native', { threads: 1 });
if (rank === 0) console.log(`${machine()}; ${size} ranks of 1 thread, ${name}, ${backend}`);

for (const preset of presets.split(',') as PresetName[]) {
  const config = resolveCanConfig({ preset });
  const params = initCan(key(0), config);
  const gradients = namedLeaves<Tensor>(params as never).map(([, leaf]) => leaf);
  const numbers = gradients.reduce((sum, leaf) => sum + leaf.size, 0);
  const sums: number[] = [];
  for (let round = 0; round <= Number(rounds); round++) {
    communicator.barrier();
    const begin = performance.now();
    tidy(() => {
      meansOverRanks(gradients, communicator);
    });
    if (round > 0) sums.push(performance.now() - begin);
  }
  disposeTree(params);
  const views = randomViews(config, Number(images));
  const step = trialStep(config, () => views.map((view) => zerosLike(view)));
  const steps: number[] = [];
  for (let round = 0; round < 3; round++) {
    communicator.barrier();
    const begin = performance.now();
    step.begin();
    await step.end();
    if (round > 0) steps.push(performance.now() - begin);
  }
  dispose(views);
  if (rank === 0) {
    const [sum, whole] = [median(sums), median(steps)];
    console.log(
      `${preset}: ${(numbers / 1e6).toFixed(1)} million numbers, sums ${sum.toFixed(0)} ms (${((4 * numbers) / sum / 1e6).toFixed(2)} GB/s), ` +
        `step of ${images} images ${whole.toFixed(0)} ms: sums are ${((100 * sum) / (sum + whole)).toFixed(1)}% of both`,
    );
  }
}
communicator.finish();
