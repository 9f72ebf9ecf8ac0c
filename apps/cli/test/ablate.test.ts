import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors } from '@twocan/checkpoint';
import { resolveConfig } from '@twocan/pretrain';
import { afterAll, describe, expect, test } from 'vitest';
import { CLAIMS, testClaim, testClaims } from '../src/ablation/claims.ts';
import { GRIDS, type GridName, optionsOf } from '../src/ablation/grid.ts';
import { linesOf } from '../src/ablation/lines.ts';
import { planRuns } from '../src/ablation/plan.ts';
import { markdownOf } from '../src/ablation/table.ts';
import { resolveModel } from '../src/run/config.ts';
import { scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);

describe('the grid of the paper', () => {
  const base = { data: 'shapes:40' };
  const paper = GRIDS.paper;
  const modelOf = (name: string, group: string) => {
    const row = paper.find((one) => one.name === name && one.group === group);
    if (row === undefined) throw new Error(`no row ${name}`);
    return resolveModel(optionsOf(base, row));
  };

  test('every row is a config that resolves', () => {
    expect(paper).toHaveLength(7 + 4 + 5 + 4 + 4);
    for (const row of Object.values(GRIDS).flat())
      expect(() => resolveModel(optionsOf(base, row))).not.toThrow();
  });

  test('losses that are left out weigh nothing, the others as before', () => {
    const weights = { contrastive: 0.03, reconstruction: 0.67, denoising: 0.3 };
    expect(modelOf('C + A + N (CAN)', 'losses').weights).toEqual(weights);
    expect(modelOf('C + N', 'losses').weights).toEqual({ ...weights, reconstruction: 0 });
    expect(modelOf('A', 'losses').noise.max).toBe(0);
  });

  test('noise is nothing, an augmentation, a task, and a task with its level told', () => {
    const noises = ['no noise', 'noise as augmentation only', 'denoising, level not told'].map(
      (name) => {
        const { weights, noise } = modelOf(name, 'noise');
        return [noise.max, weights.denoising, noise.embed];
      },
    );
    expect(noises).toEqual([
      [0, 0, 'all'],
      [0.05, 0, 'all'],
      [0.05, 0.3, 'none'],
    ]);
  });

  test('rows with equal settings share their runs', () => {
    const of = { steps: 100, batch: 8, seeds: [0, 1], budgets: ['steps'] as const };
    const { runs, cells } = planRuns(paper, base, of);
    // The whole method stands in all five groups, C + A in two.
    expect(runs).toHaveLength(2 * (24 - 4 - 1));
    expect(new Set(runs.map(({ name }) => name)).size).toBe(runs.length);
    expect(cells.flatMap((cell) => cell.runs)).toHaveLength(48);
  });

  test('every row of every grid has runs of its own name, unless its settings are equal', () => {
    const rows = Object.values(GRIDS).flat();
    const names = new Map<string, string>();
    for (const row of rows) {
      const of = { steps: 100, batch: 8, seeds: [0], budgets: ['steps'] as const };
      const [run] = planRuns([row], base, of).runs;
      const { data: _, ...settings } = { ...base, ...optionsOf(base, row) };
      const { model, augmentation } = resolveConfig(settings, { length: 40 });
      const config = JSON.stringify({ model, augmentation });
      expect(names.get(run?.name ?? '') ?? config).toBe(config);
      names.set(run?.name ?? '', config);
    }
    expect(names.size).toBe(new Set(names.values()).size);
  });

  test('where noise is predicted from is in the name of runs that predict it', () => {
    const of = { steps: 100, batch: 8, seeds: [0], budgets: ['steps'] as const };
    const { cells } = planRuns(GRIDS.losses, { ...base, noiseFrom: 'encoder' }, of);
    const named = cells.filter(({ runs }) => runs[0]?.includes('-fromencoder'));
    expect(named.map(({ row }) => row.name)).toEqual(
      cells.map(({ row }) => row.name).filter((name) => /N/.test(name.replace('CAN', 'N'))),
    );
    expect(named.length).toBeGreaterThan(0);
  });

  test('rows of other views have their own runs, and share those of equal views', () => {
    const of = { steps: 100, batch: 8, seeds: [0], budgets: ['steps'] as const };
    const namesOf = (given: object) => {
      const { cells } = planRuns(GRIDS.views, { ...base, ...given }, of);
      return Object.fromEntries(cells.map(({ row, runs }) => [row.name, runs[0]]));
    };
    const names = namesOf({});
    expect(new Set(Object.values(names)).size).toBe(GRIDS.views.length);
    expect(names['crops from 0.08']).toContain('-cropMin0.08-');
    const small = namesOf({ cropMin: 0.08 });
    expect(small['crops from 0.08']).toBe(small['views as given']);
    expect(new Set(Object.values(small)).size).toBe(GRIDS.views.length - 1);
  });

  test('runs come seed by seed', () => {
    const of = { steps: 100, batch: 8, seeds: [3, 4], budgets: ['steps'] as const };
    const { runs } = planRuns(GRIDS.noise, base, of);
    expect(runs.map(({ options }) => options.seed)).toEqual([3, 3, 3, 3, 4, 4, 4, 4]);
  });

  test('claims are the losses and the noise, whose rows share two runs', () => {
    const of = { steps: 100, batch: 8, seeds: [0], budgets: ['steps'] as const };
    expect(planRuns(GRIDS.claims, base, of).runs).toHaveLength(7 + 4 - 2);
  });

  test('settings of the base hold in every row that does not vary them', () => {
    const louder = { ...base, sigmaMax: 0.4, noiseScale: 30 };
    const noises = GRIDS.losses.map((row) => resolveModel(optionsOf(louder, row)).noise);
    expect(noises.map(({ max }) => max)).toEqual([0, 0, 0.4, 0, 0.4, 0.4, 0.4]);
    expect(noises.every(({ scale }) => scale === 30)).toBe(true);
    const logarithmic = { ...louder, sigmaMin: 0.1, noiseLevels: 'log-uniform' as const };
    const drawn = GRIDS.claims.map((row) => resolveModel(optionsOf(logarithmic, row)).noise);
    expect(drawn.map(({ max, min = 0 }) => max === 0 || min === 0.1)).not.toContain(false);
  });

  test('under equal operations a cheaper row takes more steps, to the same total', () => {
    const of = { steps: 1000, batch: 8, seeds: [0], budgets: ['flops'] as const };
    const { cells } = planRuns(paper, base, of);
    const [first] = cells.filter(({ row }) => row.name.includes('(CAN)'));
    const contrast = cells.find(({ row }) => row.name === 'C');
    expect(first?.steps).toBe(1000);
    expect(contrast?.steps).toBeGreaterThan(1200);
    // Less than half a step is rounded away.
    for (const { flops, steps } of cells) {
      expect(Math.abs(flops / (first?.flops ?? 0) - 1)).toBeLessThanOrEqual(0.5 / steps + 1e-9);
    }
  });

  test('beside equal steps, rows that cost nearly as much as the whole are not trained again', () => {
    const of = { steps: 2000, batch: 8, seeds: [0], budgets: ['steps', 'flops'] as const };
    const { runs, cells } = planRuns(GRIDS.claims, { ...base, preset: 'micro32p4' }, of);
    const again = cells.filter(({ steps }) => steps !== 2000).map(({ row }) => row.name);
    // Contrast alone has no decoder; all others have the whole of it.
    expect(again).toEqual(['C']);
    expect(runs).toHaveLength(7 + 4 - 2 + 1);
  });

  test('a step of balanced terms costs as much as a step of each term alone', () => {
    const of = { steps: 1000, batch: 8, seeds: [0], budgets: ['steps'] as const };
    const { cells } = planRuns(GRIDS.losses, { ...base, balance: 'gradients' as const }, of);
    const cost = (name: string) => cells.find(({ row }) => row.name === name)?.flops ?? Number.NaN;
    expect(cost('C + A') / (cost('C') + cost('A'))).toBeCloseTo(1, 9);
    // With noise, the passes of C and A encode its level, too.
    expect(cost('C + A + N (CAN)') / (cost('C') + cost('A') + cost('N'))).toBeCloseTo(1, 2);
  });
});

test('the table has mean and deviation over seeds, and dashes for what is missing', () => {
  const row = { group: 'sigma', name: '0.1', keep: {}, options: {} };
  const cell = (budget: 'steps' | 'flops', runs: string[]) => ({
    row,
    budget,
    steps: 5,
    flops: 1,
    runs,
  });
  const measures = (knn: number) => ({ knn, probe: 0.5, effectiveRank: 3 });
  const lines = linesOf([cell('steps', ['a', 'b']), cell('flops', ['c'])], {
    a: measures(0.2),
    b: measures(0.4),
  });
  expect(lines[0]?.knn).toEqual({
    values: [0.2, 0.4],
    mean: expect.closeTo(0.3, 12),
    deviation: expect.closeTo(Math.sqrt(0.02), 12),
  });
  const baselines = { rawPixels: measures(0.1), untrained: measures(0.1) };
  const table = markdownOf(lines, baselines, 'about');
  expect(table).toContain(
    '| 0.1 | 5 | 30.0% ± 14.1 | 50.0% ± 0.0 | 3.0 | 2 | 5 | – | – | – | 0 of 1 |',
  );
});

describe('claims', () => {
  // scipy.stats.ttest_rel([.52, .55, .51], [.49, .5, .5]).confidence_interval() of scipy 1.17.1
  test('are tested by the paired t-test of the seeds', () => {
    const [better, worse] = [{ values: [0.52, 0.55, 0.51] }, { values: [0.49, 0.5, 0.5] }];
    const { difference, margin, verdict } = testClaim(better, worse);
    expect([difference, margin]).toEqual([expect.closeTo(0.03, 12), expect.closeTo(0.04968275, 4)]);
    expect(verdict).toBe('within noise');
    const surely = { values: [0.59, 0.61, 0.6] };
    expect(testClaim(surely, worse).verdict).toBe('held');
    expect(testClaim(worse, surely).verdict).toBe('not held');
  });

  test('of one seed are never beyond noise', () => {
    const tested = testClaim({ values: [0.9] }, { values: [0.1] });
    expect(tested).toMatchObject({ margin: Number.POSITIVE_INFINITY, verdict: 'within noise' });
  });

  test('are about rows that there are', () => {
    for (const { group, better, worse } of CLAIMS) {
      const names = (GRIDS[group as GridName] ?? []).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining([better, worse]));
    }
  });

  test('stand under the table once both of their rows have results', () => {
    const of = { steps: 5, batch: 4, seeds: [0, 1, 2], budgets: ['steps'] as const };
    const { cells } = planRuns(GRIDS.noise, { data: 'shapes:40' }, of);
    const measures = (knn: number) => ({ knn, probe: 0.5, effectiveRank: 3 });
    const results = Object.fromEntries(
      cells
        .slice(0, 2)
        .flatMap(({ runs }, i) =>
          runs.map((name, seed) => [name, measures(0.3 + 0.05 * i + 0.01 * seed)]),
        ),
    );
    const lines = linesOf(cells, results);
    expect(testClaims(lines).map(({ says }) => says)).toEqual(['noise helps as an augmentation']);
    const baselines = { rawPixels: measures(0.1), untrained: measures(0.1) };
    expect(markdownOf(lines, baselines, 'about')).toContain(
      '| noise helps as an augmentation | held: +5.0 ± 0.0 (0.0) | within noise: 0.0 ± 0.0 (0.0) |',
    );
  });
});

/** Several processes of the program, each of which starts for seconds. */
const LONG = { timeout: 300_000 };

describe('twocan ablate', LONG, () => {
  const out = folder.path('ablation');
  const tiny = [
    ...['--data', 'shapes:20', '--batch', '4', '--steps', '2'],
    ...['--checkpoint-every', '1', '--threads', '1'],
  ];
  const args = ['ablate', '--grid', 'noise', '--seeds', '1', '--budget', 'steps', ...tiny];

  test('goes on where it was interrupted, repeats nothing, and ends with the same table', async () => {
    const whole = await twocan([...args, '--out', out]);
    expect([whole.code, whole.stderr]).toEqual([0, expect.not.stringContaining('twocan:')]);
    const names = readdirSync(join(out, 'runs'));
    expect(names).toHaveLength(4);
    const table = readFileSync(join(out, 'ablation.json'), 'utf8');
    expect(JSON.parse(table)).toMatchObject({ grid: 'noise', lines: { length: 4 } });
    for (const kind of ['md', 'html']) expect(existsSync(join(out, `ablation.${kind}`))).toBe(true);

    // As after a kill: one run has its first checkpoint only, another is not there.
    const copy = folder.path('interrupted');
    cpSync(out, copy, { recursive: true });
    const [kept = '', cut = '', gone = ''] = names;
    rmSync(join(copy, 'runs', cut, 'measures.json'));
    rmSync(join(copy, 'runs', cut, 'checkpoints', 'checkpoint-00000002.safetensors'));
    rmSync(join(copy, 'runs', gone), { recursive: true });
    const untouched = join(copy, 'runs', kept, 'measures.json');
    const written = statSync(untouched).mtimeMs;
    const again = await twocan([...args, '--out', copy]);
    expect(again.stderr).toContain('going on after step 1');
    expect(again.code).toBe(0);
    expect(readFileSync(join(copy, 'ablation.json'), 'utf8')).toBe(table);
    expect(statSync(untouched).mtimeMs).toBe(written);
  });

  test('refuses a folder of other settings', async () => {
    const { code, stderr } = await twocan([...args, '--lr', '0.5', '--out', out]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('ablation of other settings')]);
  });

  test('trains runs side by side to the same bits, stops them all, and goes on', async () => {
    const side = folder.path('side-by-side');
    const many = [...args, '--jobs', '2', '--out', side];
    // Once both of the first two are begun.
    const when = /-seed0: step 1\/2(?:.|\n)*-seed0: step 1\/2/;
    const stopped = await twocan(many, { when, signal: 'SIGTERM' });
    expect([stopped.code, stopped.stderr]).toEqual([
      130,
      expect.stringContaining('saved; the same command goes on'),
    ]);
    expect(existsSync(join(side, 'ablation.json'))).toBe(true);

    // The folder of another cannot be made; the rest are done all the same.
    const [last = ''] = readdirSync(join(out, 'runs')).filter((name) => name.includes('-none-'));
    const blocked = join(side, 'runs', last);
    writeFileSync(blocked, '');
    const failing = await twocan(many);
    expect(failing.code).toBe(1);
    expect(failing.stderr).toContain(`1 of 4 runs failed, the first: ${last}`);
    expect(failing.stderr).toMatch(/going on after step [12]/);
    expect(readdirSync(join(side, 'runs'))).toEqual(readdirSync(join(out, 'runs')));

    rmSync(blocked);
    const again = await twocan(many);
    expect([again.code, again.stderr]).toEqual([
      0,
      expect.stringContaining('3 of 4 runs are done'),
    ]);
    for (const file of ['ablation.json', ...weightsIn(out)]) {
      const [own, other] = [side, out].map((at) => readFileSync(join(at, file)));
      expect([file, own?.equals(other ?? Buffer.of())]).toEqual([file, true]);
    }
  });

  test('keeps a file of each row that trains it again, to the same bits', async () => {
    const file = join(out, 'configs', 'noise-no-noise-steps.json');
    const run = folder.path('again');
    const { code } = await twocan(['pretrain', '--config', file, '--out', run]);
    expect(code).toBe(0);
    const [first = ''] = weightsIn(out).filter((path) => path.includes('-s0-'));
    const again = join(run, 'checkpoints', 'checkpoint-00000002.safetensors');
    expect(weightsOf(again)).toEqual(weightsOf(join(out, first)));
  });

  test('plans seeds from runs that are done, and trains nothing for it', async () => {
    const none = await twocan([...args, '--plan', '--out', out]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('needs two seeds')]);
  });
});

/** The last checkpoints of all runs of an ablation. */
const weightsIn = (out: string): string[] =>
  readdirSync(join(out, 'runs')).map((name) =>
    join('runs', name, 'checkpoints', 'checkpoint-00000002.safetensors'),
  );

/** A digest of the tensors of a checkpoint, without what else its file says. */
function weightsOf(path: string): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of Object.entries(decodeSafetensors(readFileSync(path)).tensors)) {
    hash.update(name).update(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
