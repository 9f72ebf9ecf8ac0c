import { closeAll, inTurns, nodeCommand, startAll } from './contenders.ts';
import { median } from './median.ts';
import { machine, readOptions } from './options.ts';

// model.fit of a small tfjs-layers model (MLP or CNN) on engines, each in a process of its own, in turns.
const { positionals, rounds, threads, contenders: names } = readOptions('native,simd,node');
// Convolutions have no kernels of ours, and plain JavaScript takes them some hundred times as long as TensorFlow.
const models = positionals.length > 0 ? positionals : ['MLP'];

console.log(`an epoch of model.fit, 512 images of 28 px, batch 64; ${machine()}\n`);
console.log('| model | threads | engine | an epoch, ms | the first is | loss at the end |');
console.log('| --- | --- | --- | --- | --- | --- |');
const abouts = new Set<string>();
for (const model of models) {
  for (const count of threads) {
    const contenders = await startAll(names, (name) => ({
      command: nodeCommand('layers-step.js', count),
      settings: [model, count, name],
    }));
    for (const { peer } of contenders) abouts.add(peer.about);
    await inTurns(contenders, rounds);
    await closeAll(contenders);
    const first = median(contenders[0]?.millis ?? []);
    for (const { name, peer, millis } of contenders) {
      const middle = median(millis);
      console.log(
        `| ${model} | ${count} | ${name} | ${middle.toFixed(1)} | ${(middle / first).toFixed(2)}x | ${peer.loss().toFixed(4)} |`,
      );
    }
  }
}
console.log(`\n${[...abouts].map((about) => `- ${about}`).join('\n')}`);
process.exit(0);
