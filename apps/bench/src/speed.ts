import { closeAll, inTurns, startContenders, TORCH_AS_ON_INTEL } from './contenders.ts';
import { median } from './median.ts';
import { machine, readOptions } from './options.ts';

// The table of the README: whole steps of CAN on native, simd and PyTorch, one row for each model and number
// of threads. Rows may be named: node dist/speed.js tiny32 b16
const MODELS: readonly (readonly [preset: string, batch: number])[] = [
  ['tiny32', 64],
  ['small32', 64],
  ['s16', 8],
  ['b16', 8],
];

// Beside the smallest model alone unless it is named: with the others it would take most of the table's time.
const SLOW = 'simd';

const { positionals, rounds, threads, contenders: names, areNamed, instructions } = readOptions();
const models = MODELS.filter(
  ([preset]) => positionals.length === 0 || positionals.includes(preset),
);
const [ours = 'native'] = names;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const rivals = names.filter((name) => name !== ours);
const abouts = new Set<string>();
const rows: string[] = [];
for (const [preset, batch] of models) {
  const partake = names.filter((name) => areNamed || name !== SLOW || preset === MODELS[0]?.[0]);
  for (const count of threads) {
    const race = { preset, batch, threads: count, instructions };
    const contenders = await startContenders(partake, race);
    for (const { peer } of contenders) abouts.add(peer.about);
    await inTurns(contenders, rounds);
    const peaks = await closeAll(contenders);
    const step = (name: string): number =>
      median(contenders.find((contender) => contender.name === name)?.millis ?? []);
    const shown = (value: number, digits: number, unit = ''): string =>
      Number.isNaN(value) ? '-' : `${value.toFixed(digits)}${unit}`;
    const line = row([
      `${preset}, batch ${batch}`,
      String(count),
      ...names.map((name) => shown(step(name), 0)),
      ...rivals.map((name) => shown(step(name) / step(ours), 2, 'x')),
      ...names
        .filter((name) => name !== TORCH_AS_ON_INTEL)
        .map((name) => shown(peaks.get(name) ?? Number.NaN, 0)),
    ]);
    rows.push(line);
    console.error(line); // a table takes minutes
  }
}
const head = [
  'model',
  'threads',
  ...names.map((name) => `${name}, ms`),
  ...rivals.map((name) => `${ours} against ${name}`),
  ...names.filter((name) => name !== TORCH_AS_ON_INTEL).map((name) => `${name}, MB`),
];
console.log(
  [
    `One step of CAN, both views; ${machine()}; medians of ${rounds}, in turns${
      instructions === undefined ? '' : `; ${instructions} forced`
    }`,
    ...[...abouts].map((about) => `- ${about}`),
    '',
    row(head),
    row(head.map(() => '---')),
    ...rows,
  ].join('\n'),
);
process.exit(0);
