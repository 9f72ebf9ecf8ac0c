import type { Curve } from '@twocan/pretrain';
import { madeUpRecipes as MADE_UP } from '@twocan/testkit';
import { describe, expect, test } from 'vitest';
import { aboutReference, departuresFrom } from '../../src/report/beside-recipe.ts';
import { findingsOf, type Seen } from '../../src/report/cases.ts';
import { departureOf } from '../../src/report/departures.ts';
import { type ReportData, reportPage } from '../../src/report/page.ts';
import { resolveRun } from '../../src/run/config.ts';

const STEPS = 2000;
const [, RECIPE] = MADE_UP;
if (RECIPE === undefined) throw new Error('a recipe expected');
const config = resolveRun(
  { preset: 'micro32', ...RECIPE.settings, steps: STEPS, recipe: 'paper' },
  { source: 'photos', length: 5000 },
  'simd',
);
/** A curve of 40 points from a function of the share. */
const over = (value: (share: number) => number, until = 1): Curve =>
  Array.from({ length: 40 }, (_, i) => (i + 0.5) / 40)
    .filter((share) => share <= until)
    .map((share) => [share, value(share)]);
const seen = (curves: Readonly<Record<string, Curve>>, of = config): Seen => ({
  config: of,
  curve: (metric) => curves[metric] ?? [],
});
const whats = (curves: Readonly<Record<string, Curve>>, of = config): string[] =>
  findingsOf(seen(curves, of)).map(({ what }) => what);

describe('where a curve leaves its band', () => {
  const band = [
    [0, 5, 6],
    [1, 2, 3],
  ] as const;
  const middle = (share: number): number => 5.5 - 3 * share;

  test('nowhere, while it is inside or beside it by little', () => {
    expect(departureOf(over(middle), band)).toBeUndefined();
    expect(
      departureOf(
        over((share) => middle(share) + 0.52),
        band,
      ),
    ).toBeUndefined();
    expect(departureOf([], band)).toBeUndefined();
    // Three of forty points are few.
    const spike = over((share) => middle(share) + (share > 0.5 && share < 0.57 ? 9 : 0));
    expect(departureOf(spike, band)).toBeUndefined();
    // So is one of six evaluations.
    const first = [0, 0.2, 0.4, 0.6, 0.8, 1].map(
      (share) => [share, share === 0 ? 9 : middle(share)] as const,
    );
    expect(departureOf(first, band)).toBeUndefined();
  });

  test('from where on, on which side, and whether it came back', () => {
    expect(
      departureOf(
        over((share) => middle(share) + 1),
        band,
      ),
    ).toEqual({
      ...{ side: 'above', from: 0.0125, still: true },
    });
    const late = over((share) => middle(share) - (share > 0.5 ? 1 : 0));
    expect(departureOf(late, band)).toEqual({ side: 'below', from: 0.5125, still: true });
    const bump = over((share) => middle(share) + (share > 0.3 && share < 0.6 ? 2 : 0));
    expect(departureOf(bump, band)).toEqual({ side: 'above', from: 0.3125, still: false });
  });

  test('a run that goes on is compared with as much of the band', () => {
    expect(departureOf(over(middle, 0.3), band)).toBeUndefined();
    expect(
      departureOf(
        over(() => 5.9, 0.5),
        band,
      ),
    ).toMatchObject({ side: 'above', still: true });
  });
});

describe('what the curves say alone', () => {
  test('nothing where all is as it should be, and nothing early', () => {
    const fine = {
      contrastive: over((share) => 5.2 - 3 * share),
      reconstruction: over((share) => 1 - 0.5 * share),
      denoising: over((share) => 0.003 * (1 - share)),
      effectiveRank: [
        [0, 25],
        [0.5, 35],
        [1, 50],
      ] as Curve,
      uniformity: over(() => -3),
      'share/denoising': over(() => 0.2),
    };
    expect(whats(fine)).toEqual([]);
    expect(
      whats({ contrastive: over(() => 5.3, 0.09), reconstruction: over(() => 1, 0.09) }),
    ).toEqual([]);
    expect(whats({})).toEqual([]);
  });

  test('a contrast at chance, ln(2 · 100 − 1)', () => {
    expect(whats({ contrastive: over(() => 5.2933) })).toEqual([
      'The contrastive loss stays at 5.29; chance is ln(2 × 100 − 1) = 5.29.',
    ]);
    expect(whats({ contrastive: over(() => 5.1) })).toEqual([]);
  });

  test('a reconstruction of the mean colour', () => {
    const curves = { reconstruction: over(() => 0.97) };
    expect(whats(curves)).toEqual([
      'The reconstruction loss stays at 0.97; the mean colour of each patch gives 1.',
    ]);
    const raw = { ...config, model: { ...config.model, normalizePixels: false } };
    expect(whats(curves, raw)).toEqual([]);
  });

  test('a denoising at silence, σ²/3', () => {
    const model = { ...config.model, noise: { ...config.model.noise, max: 0.3 } };
    const curves = { denoising: over(() => 0.0291) };
    expect(whats(curves, { ...config, model })).toEqual([
      'The denoising loss stays at 0.0291; predicting no noise at all costs 0.03.',
    ]);
    expect(whats({ denoising: over(() => 0.02) }, { ...config, model })).toEqual([]);
  });

  test('collapse, of the features and of the embeddings', () => {
    const fallen: Curve = [
      [0, 25],
      [0.5, 50],
      [1, 29],
    ];
    expect(whats({ effectiveRank: fallen })).toEqual(['The effective rank fell from 50 to 29.']);
    expect(whats({ effectiveRank: fallen.slice(0, 2) })).toEqual([]);
    expect(whats({ uniformity: over(() => -0.2) })).toEqual([
      'Uniformity is -0.2: all embeddings lie near one point.',
    ]);
  });

  test('a term that drowns', () => {
    const curves = {
      'share/contrastive': over(() => 0.9),
      'share/reconstruction': over(() => 0.096),
      'share/denoising': over(() => 0.004),
    };
    expect(whats(curves)).toEqual([
      "The term denoising drowns: its share of the encoder's gradient is 0.4%.",
    ]);
  });
});

describe('beside a recipe', () => {
  const reference = {
    recipe: 'micro32-40',
    runs: 3,
    data: ['birds', 'fish'],
    bands: RECIPE.bands,
    differs: [],
  };

  test('a loss above from the start is a slow run, a rank below later a collapse', () => {
    const found = departuresFrom(
      seen({
        contrastive: over(() => 6),
        reconstruction: over((share) => 1 - 0.5 * share),
        effectiveRank: [
          [0, 25],
          [0.5, 25],
          [1, 25],
        ],
      }),
      reference,
    );
    expect(found.map(({ what }) => what)).toEqual([
      'The contrastive loss lies above the band from 1% of the run on.',
      'The effective rank lies below the band from 50% of the run on.',
    ]);
    expect(found[0]?.means).toMatch(/learning rate is too small .* normalised/);
    expect(found[1]?.means).toMatch(/collapse/);
  });

  test('the page says what the bands are of', () => {
    expect(aboutReference(reference)).toBe(
      'The grey bands are where 3 runs of the recipe micro32-40 (birds, fish) lie: loss, contrastive loss, reconstruction loss, denoising loss, k-NN, effective rank.',
    );
    const differs = ['model.maskRatio: 0.5 in the recipe, 0.25 here'];
    expect(aboutReference({ ...reference, bands: {}, differs })).toBe(
      'The curves cannot be compared with those of 3 runs of the recipe micro32-40 (birds, fish). Other settings: model.maskRatio: 0.5 in the recipe, 0.25 here.',
    );
  });
});

describe('the report', () => {
  const lines: ReportData['lines'] = Array.from({ length: STEPS }, (_, i) => ({
    step: i + 1,
    loss: 6.5 - (3 * i) / STEPS,
    contrastive: 5.29,
    'share/denoising': 0.01,
    machine: { millis: 1 },
  }));
  const environment = {
    ...{ twocan: '1.2.3', tfjs: '4', node: 'v20', system: 'an OS', processor: 'a CPU', cores: 2 },
    ...{ memoryGigabytes: 8, backend: 'simd', backendWhy: '', threads: 1, instructions: null },
  } as ReportData['environment'];
  const data = { name: 'a run', config, environment, data: [], lines, map: undefined, sheets: [] };
  const page = reportPage({ ...data, recipes: MADE_UP });

  test('draws bands behind the curves that have one, over the steps of the run', () => {
    const figures = [...page.matchAll(/<h3>(.*?)<\/h3>(.*?)<\/figure>/g)];
    const bands = figures.map(([, title, body = '']) => [
      title,
      /class="reference" points="(.*?)"/.exec(body)?.[1],
      /class="key area">(.*?)</.exec(body)?.[1],
    ]);
    // Loss from 3 to 7 over 0 to 2,000 steps: along the high values, and back along the low ones.
    expect(bands).toEqual([
      ['Loss', '48.0,12.0 340.0,141.0 340.0,184.0 48.0,55.0', 'Runs of micro32-40'],
      ['Contrastive loss', expect.any(String), 'Runs of micro32-40'],
      ['Share of denoising', undefined, undefined],
    ]);
    expect(page).toContain('<h2>Which term teaches the encoder?</h2>');
  });

  test('says in words what stands out, and that nothing does', () => {
    const items = [...page.matchAll(/<li><b>(.*?)<\/b>(.*?)<\/li>/g)].map(([, what]) => what);
    expect(items).toEqual([
      'The contrastive loss stays at 5.29; chance is ln(2 × 100 − 1) = 5.29.',
      'The term denoising drowns: its share of the encoder&#39;s gradient is 1%.',
      'The contrastive loss lies above the band from 14% of the run on.',
    ]);
    const calm = lines.map(({ step, loss, machine }) => ({ step, loss, machine }));
    expect(reportPage({ ...data, lines: calm, recipes: MADE_UP })).toContain(
      'Nothing stands out: the curves lie in the bands of the recipe.',
    );
    expect(reportPage({ ...data, lines: calm, recipes: [] })).toContain(
      'Nothing stands out: no sign of collapse, and no term that does not learn.',
    );
  });
});
