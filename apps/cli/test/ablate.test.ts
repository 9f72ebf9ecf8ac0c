import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
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
      const model = JSON.stringify(resolveModel(optionsOf(base, row)));
      expect(names.get(run?.name ?? '') ?? model).toBe(model);
      names.set(run?.name ?? '', model);
    }
    expect(names.size).toBe(new Set(names.values()).size);
  });

  test('settings of the base hold in every row that does not vary them', () => {
    const louder = { ...base, sigmaMax: 0.4, noiseScale: 30 };
    const noises = GRIDS.losses.map((row) => resolveModel(optionsOf(louder, row)).noise);
    expect(noises.map(({ max }) => max)).toEqual([0, 0, 0.4, 0, 0.4, 0.4, 0.4]);
    expect(noises.every(({ scale }) => scale === 30)).toBe(true);
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
      '| noise helps as an augmentation | held: +5.0 ± 0.0 | within noise: 0.0 ± 0.0 |',
    );
  });
});

describe('twocan ablate', () => {
  const out = folder.path('ablation');
  const tiny = ['--data', 'shapes:20', '--batch', '4', '--steps', '2', '--checkpoint-every', '1'];
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
});
