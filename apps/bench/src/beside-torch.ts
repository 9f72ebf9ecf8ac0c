import { countFlops, methodCost, resolveCanConfig } from '@twocan/can';
import { closeAll, inTurns, startContenders } from './contenders.ts';
import { median } from './median.ts';
import { machine, readOptions } from './options.ts';

// One training step of CAN on engines and in PyTorch, each in a process of its own, in turns.
const { positionals, rounds, threads, contenders: names, instructions } = readOptions();
const [preset = 'tiny32', batchWord = '64'] = positionals;
const batch = Number(batchWord);
// Backward is twice forward; `forward` counts one image with its views.
const flops =
  3 * batch * countFlops(methodCost(resolveCanConfig({ preset, method: 'can' }))).forward;

console.log(`one step of CAN, ${preset}, batch ${batch}; ${machine()}`);
for (const count of threads) {
  const race = { preset, batch, threads: count, instructions };
  const contenders = await startContenders(names, race);
  for (const { peer } of contenders) console.log(peer.about);
  await inTurns(contenders, rounds);
  const peaks = await closeAll(contenders);
  const first = median(contenders[0]?.millis ?? []);
  for (const { name, millis } of contenders) {
    const middle = median(millis);
    console.log(
      `${name.padEnd(20)} ${middle.toFixed(0).padStart(6)} ms (best ${Math.min(...millis).toFixed(0)})  ` +
        `${((1000 * batch) / middle).toFixed(1).padStart(6)} images/s  ` +
        `${(flops / middle / 1e6).toFixed(0).padStart(4)} GFLOP/s  ` +
        `${(peaks.get(name) ?? Number.NaN).toFixed(0).padStart(5)} MB  ` +
        `${contenders[0]?.name} is ${(middle / first).toFixed(2)}x`,
    );
  }
}
process.exit(0);
