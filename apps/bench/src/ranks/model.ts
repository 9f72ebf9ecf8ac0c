import { parseArgs } from 'node:util';
import { countParameters, methodCost, resolveCanConfig } from '@twocan/can';
import type { PresetName } from '@twocan/vit';
import { type Measured, stepMillis, stepParts } from './step-model.ts';

/** Prints what a step of 1 to 256 machines takes, from what was measured of one. */
const { values } = parseArgs({
  options: {
    preset: { type: 'string', default: 's16' },
    'image-millis': { type: 'string' },
    cores: { type: 'string', default: '8,64' },
    efficiency: { type: 'string', default: '0.9' },
    gigabits: { type: 'string', default: '10,100' },
    'latency-millis': { type: 'string', default: '0.03' },
    hidden: { type: 'string', default: '0' },
    'core-gigaflops': { type: 'string', default: '100' },
    own: { type: 'string', default: '64' },
    batch: { type: 'string', default: '4096' },
  },
});
const imageMillis = Number(values['image-millis']);
if (!(imageMillis > 0)) {
  console.error(
    'give --image-millis, milliseconds of a step for an image on one core: speed.js measures it',
  );
  process.exit(2);
}
const config = resolveCanConfig({ preset: values.preset as PresetName });
const parameters = countParameters(methodCost(config)).total;
const numbers = (list: string): number[] => list.split(',').map(Number);
const MACHINES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

console.log(
  `${values.preset}: ${(parameters / 1e6).toFixed(1)} million parameters, ${imageMillis} ms an image and core, efficiency ${values.efficiency}, ` +
    `latency ${values['latency-millis']} ms, ${values['core-gigaflops']} GFLOP/s a core, ${values.hidden} of the gradients' sums hidden`,
);
for (const cores of numbers(values.cores)) {
  for (const gigabits of numbers(values.gigabits)) {
    const measured: Measured = {
      imageMillis,
      cores,
      efficiency: Number(values.efficiency),
      parameters,
      embedding: config.projector.out,
      gigabits,
      latencyMillis: Number(values['latency-millis']),
      hidden: Number(values.hidden),
      coreGigaflops: Number(values['core-gigaflops']),
    };
    console.log(`\n${cores} cores a machine, ${gigabits} Gbit/s`);
    console.log(
      '| machines | weak: batch | step ms | gradients | embeddings | contrast | efficiency | strong: images each | step ms | faster |',
    );
    console.log('|---|---|---|---|---|---|---|---|---|---|');
    const [own, batch] = [Number(values.own), Number(values.batch)];
    const alone = stepMillis(stepParts(measured, 1, own));
    const wholeAlone = stepMillis(stepParts(measured, 1, batch));
    for (const machines of MACHINES) {
      const weak = stepParts(measured, machines, own);
      const strong =
        batch % machines === 0 ? stepParts(measured, machines, batch / machines) : undefined;
      const cells = [
        machines,
        own * machines,
        stepMillis(weak).toFixed(0),
        weak.gradients.toFixed(0),
        weak.embeddings.toFixed(1),
        weak.contrast.toFixed(1),
        `${((100 * alone) / stepMillis(weak)).toFixed(0)}%`,
        strong ? batch / machines : '',
        strong ? stepMillis(strong).toFixed(0) : '',
        strong ? `${(wholeAlone / stepMillis(strong)).toFixed(1)}x` : '',
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}
