import {
  type CanConfig,
  canTerms,
  countFlops,
  methodCost,
  noiseChoices,
  termNames,
  usesContrast,
} from '@twocan/can';
import { aboutOf, pretrainSettings, type Schema } from '@twocan/pretrain/settings';
import type { Options } from '../args/options.ts';
import { resolveModel } from '../run/config.ts';
import { optionsOf, type Row } from './grid.ts';

/** What rows have in common: the number of steps, or of operations. */
export type Budget = 'steps' | 'flops';

/** A run that some cells of the table are taken from. */
export type PlannedRun = {
  /** The folder under `runs/`, made of what the settings say. */
  readonly name: string;
  readonly options: Options;
  /** Operations of its whole training. */
  readonly flops: number;
};

/** A cell: one row under one budget, by its runs of all seeds. */
export type Cell = {
  readonly row: Row;
  readonly budget: Budget;
  readonly steps: number;
  readonly flops: number;
  readonly runs: readonly string[];
};

/** What an ablation consists of. */
export type Plan = { readonly runs: readonly PlannedRun[]; readonly cells: readonly Cell[] };

/**
 * Plans the runs of a grid. Rows with equal settings share their runs.
 *
 * Under the budget of operations a row trains for as many steps as cost what `steps` of the base
 * cost, counted by the formulas of `countFlops`, with a pass for each term where terms are balanced.
 * Where that is asked for beside equal steps, and differs by less than 1%, the row has the same runs.
 *
 * @param rows the grid
 * @param base what all rows share
 * @param of steps and batch of the base, seeds and budgets
 * @returns runs seed by seed, so that rows always have about as many; in the order of the rows
 */
export function planRuns(
  rows: readonly Row[],
  base: Options,
  of: {
    readonly steps: number;
    readonly batch: number;
    readonly seeds: readonly number[];
    readonly budgets: readonly Budget[];
  },
): Plan {
  const whole = flopsOf(resolveModel(base), base);
  const planned = rows.flatMap((row) =>
    of.budgets.map((budget) => {
      const { epochs: _, ...options } = optionsOf(base, row);
      const model = resolveModel(options);
      const each = flopsOf(model, options);
      const ratio = budget === 'steps' ? 1 : whole / each;
      const same = of.budgets.includes('steps') && Math.abs(ratio - 1) < ALIKE;
      const steps = same ? of.steps : Math.max(1, Math.round(of.steps * ratio));
      const flops = steps * of.batch * each;
      const runs = of.seeds.map(
        (seed): PlannedRun => ({
          name: `${nameOf(model)}${otherOptions(base, row)}-${steps}-seed${seed}`,
          options: { ...options, steps, seed, batch: of.batch },
          flops,
        }),
      );
      return { row, budget, steps, flops, runs };
    }),
  );
  const inOrder = of.seeds.flatMap((_, i) => planned.flatMap(({ runs }) => runs[i] ?? []));
  return {
    runs: [...new Map(inOrder.map((run) => [run.name, run])).values()],
    cells: planned.map((cell) => ({ ...cell, runs: cell.runs.map(({ name }) => name) })),
  };
}

/** So little more or fewer steps show in no result, but would double the runs of a table. */
const ALIKE = 0.01;

/** Operations of a training step for one image; balanced terms have a pass each, with what they need. */
function flopsOf(model: CanConfig, { balance }: Options): number {
  const passes =
    balance === 'gradients'
      ? canTerms(model).map(({ name }) => ({ ...model, weights: { ...NO_WEIGHTS, [name]: 1 } }))
      : [model];
  return passes.reduce((sum, pass) => sum + countFlops(methodCost(pass)).training, 0);
}

const NO_WEIGHTS = { contrastive: 0, reconstruction: 0, denoising: 0 };

/** Everything that a grid varies; a setting without effect (the place of no noise) is not named. */
function nameOf(model: CanConfig): string {
  const { weights, maskRatio, noise, normalizePixels, projector } = model;
  const short = (x: number): string => String(Number(x.toPrecision(4)));
  const level = noise.max > 0 && noise.embed !== 'all' ? `-${noise.embed}` : '';
  const code = noise.max > 0 && noise.scale !== 1 ? `-x${short(noise.scale)}` : '';
  const { min, levels, from, target, weight, code: coded } = noiseChoices(model);
  const choices = [
    ...(min > 0 ? [`min${short(min)}`] : []),
    ...(levels === 'uniform' ? [] : ['log']),
    ...(from === 'decoder' || weights.denoising === 0 ? [] : [`from${from}`]),
    ...(target === 'scaled' ? [] : [target]),
    ...(weight === 'variance' ? [] : [weight]),
    ...(coded === 'level' ? [] : ['logcode']),
  ];
  const drawn = noise.max > 0 ? choices.map((choice) => `-${choice}`).join('') : '';
  const pixels = normalizePixels || weights.reconstruction === 0 ? '' : '-raw';
  const head = usesContrast(model) && projector.batchNorm ? '-large' : '';
  return `w${termNames.map((name) => short(weights[name])).join('_')}-m${short(maskRatio)}-s${short(noise.max)}${level}${code}${drawn}${pixels}${head}`;
}

/** The options that {@link nameOf} names by what they do to the model. */
const OF_THE_MODEL: readonly string[] = [
  'weights',
  'maskRatio',
  'sigmaMax',
  'noiseEmbed',
  'sigmaMin',
  'sigmaUnit',
  'noiseLevels',
  'noiseFrom',
  'noiseTarget',
  'noiseWeight',
  'noiseCode',
  'noiseScale',
  'pixels',
  'head',
] satisfies (keyof Options)[];

/** All else that a row sets other than the base does, such as its augmentation. */
function otherOptions(base: Options, { options }: Row): string {
  const before: Readonly<Record<string, unknown>> = base;
  const settings: Schema = pretrainSettings;
  return Object.entries(options)
    .filter(([name, value]) => {
      const setting = settings[name];
      const usual = before[name] ?? (setting && aboutOf(setting).default);
      return !OF_THE_MODEL.includes(name) && value !== usual;
    })
    .map(([name, value]) => `-${name}${value}`)
    .join('');
}
