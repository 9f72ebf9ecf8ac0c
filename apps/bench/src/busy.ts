import { spawn } from 'node:child_process';
import { closeAll, inTurns, startContenders } from './contenders.ts';
import { median } from './median.ts';
import { machine, readOptions } from './options.ts';

// The same step while other processes want the processors too: how much each engine loses.
const { positionals, rounds, threads, contenders, areNamed, instructions } = readOptions();
// Whether native degrades more than PyTorch is the question; simd, three times as slow, joins where it is named.
const names = areNamed ? contenders : contenders.filter((name) => name !== 'simd');
const [preset = 'tiny32', batchWord = '64'] = positionals;
const NEIGHBOURS = [0, 1, 2];

/** Runs some work beside processes that never rest. */
async function beside<T>(neighbours: number, work: () => Promise<T>): Promise<T> {
  const spinners = Array.from({ length: neighbours }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  try {
    return await work();
  } finally {
    for (const spinner of spinners) spinner.kill();
  }
}

console.log(
  `one step of CAN, ${preset}, batch ${batchWord}, beside busy processes; ${machine()}\n`,
);
console.log('| threads | busy neighbours | engine | step, ms | times its idle step |');
console.log('| --- | --- | --- | --- | --- |');
for (const count of threads) {
  const race = { preset, batch: Number(batchWord), threads: count, instructions };
  const contenders = await startContenders(names, race);
  const idle = new Map<string, number>();
  await inTurns(contenders, 0);
  for (const neighbours of NEIGHBOURS) {
    for (const { millis } of contenders) millis.length = 0;
    await beside(neighbours, () => inTurns(contenders, rounds, 1));
    for (const { name, millis } of contenders) {
      const middle = median(millis);
      if (neighbours === 0) idle.set(name, middle);
      const times = middle / (idle.get(name) ?? Number.NaN);
      console.log(
        `| ${count} | ${neighbours} | ${name} | ${middle.toFixed(0)} | ${times.toFixed(2)} |`,
      );
    }
  }
  await closeAll(contenders);
}
process.exit(0);
