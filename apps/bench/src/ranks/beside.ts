import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from '../median.ts';
import { machine } from '../options.ts';

/** Images a second of one process of two threads, and of two ranks of one thread, in turns. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mpirun: { type: 'string', default: 'mpirun --bind-to none' },
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '12' },
    ranks: { type: 'string', default: '2' },
  },
});
const [preset = 'tiny32', batch = '64', backend = 'native'] = positionals;
const PROGRAM = fileURLToPath(new URL('../../../cli/dist/bin.js', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'twocan-ranks-'));
/** Steps that compile and fill caches. */
const WARM = 4;

function imagesPerSecond(launcher: readonly string[], threads: number, round: number): number {
  const out = join(scratch, `${launcher.length}-${round}`);
  const words = [
    ...['pretrain', '--data', 'shapes:512', '--preset', preset, '--batch', batch],
    ...['--steps', values.steps, '--checkpoint-every', '0', '--backend', backend],
    ...['--threads', `${threads}`, '--out', out],
  ];
  const [program = '', ...before] = [...launcher, process.execPath];
  const { status, stderr } = spawnSync(program, [...before, PROGRAM, ...words], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${[program, ...before].join(' ')}: ${stderr}`);
  const millis = readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { loss?: number; machine: { millis: number } })
    .flatMap(({ loss, machine: { millis: of } }) => (loss === undefined ? [] : [of]));
  return (1000 * Number(batch)) / median(millis.slice(WARM));
}

const ranks = Number(values.ranks);
const rates = Array.from({ length: Number(values.rounds) }, (_, round) => ({
  one: imagesPerSecond([], ranks, round),
  several: imagesPerSecond([...values.mpirun.split(' '), '-n', values.ranks], 1, round),
}));
const one = median(rates.map((rate) => rate.one));
const several = median(rates.map((rate) => rate.several));
console.log(
  `${machine()}; ${preset}, batch ${batch}, ${backend}, ${values.rounds} rounds in turns`,
);
console.log(`one process of ${ranks} threads: ${one.toFixed(1)} images/s`);
console.log(
  `${ranks} ranks of one thread:     ${several.toFixed(1)} images/s, ${(several / one).toFixed(3)}x`,
);
