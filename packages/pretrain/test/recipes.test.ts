import { readdirSync } from 'node:fs';
import {
  bandOf,
  curveOf,
  type MetricsOfStep,
  referenceOf,
  resolveConfig,
  resolveModel,
  type Settings,
  valueAt,
} from '@twocan/pretrain';
import {
  besidePaper,
  layUnder,
  PAPER,
  RECIPES,
  recipeDefaults,
  recipeFor,
  recipeName,
  recipeProblems,
} from '@twocan/pretrain/settings';
import { madeUpRecipes as MADE_UP } from '@twocan/testkit';
import { describe, expect, it, test } from 'vitest';

describe('the recipes that were measured', () => {
  test('are those of the folder', () => {
    const files = readdirSync(new URL('../src/recipes/', import.meta.url));
    const presets = files.flatMap((name) => (name.endsWith('.json') ? name.slice(0, -5) : []));
    expect([...new Set(RECIPES.map(({ preset }) => preset))].sort()).toEqual(presets.sort());
  });

  test.each([...RECIPES, ...MADE_UP].map((recipe) => [recipeName(recipe), recipe] as const))(
    '%s fits the settings',
    (_, recipe) => {
      expect(recipeProblems(recipe)).toEqual([]);
      const { settings, preset, method } = recipe;
      const config = resolveConfig(
        { ...settings, preset, method, recipe: 'paper' },
        { length: 1e4 },
      );
      expect(config).toMatchObject({ batch: settings.batch, preset, method });
      expect(config.optimizer.learningRate).toBe(settings.lr);
    },
  );

  test('stand once for each method, preset and length', () => {
    const names = RECIPES.map((recipe) => `${recipe.method} ${recipeName(recipe)}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

test.each([
  [{ settings: { ...MADE_UP[0]?.settings, temprature: 1 } }, /settings\.temprature/],
  [{ settings: { ...MADE_UP[0]?.settings, seed: 1 } }, /settings\.seed/],
  [{ settings: { ...MADE_UP[0]?.settings, temperature: -1 } }, /settings\.temperature/],
  [{ settings: { temperature: 1 } }, /settings\.batch.*\n.*settings\.lr/],
  [{ preset: 'micro16' }, /preset/],
  [{ runs: [] }, /runs/],
  [{ bands: { loss: [[0, 1]] } }, /bands\.loss/],
])('a file with %o is no recipe', (change, problems) => {
  expect(recipeProblems({ ...MADE_UP[0], ...change }).join('\n')).toMatch(problems);
});

describe('recipeFor', () => {
  const name = (settings: Settings): string => recipeFor(settings, MADE_UP).name;

  it('takes the nearest length by ratio: of epochs, or of images seen', () => {
    expect([1, 10, 19, 21, 40, 400].map((epochs) => name({ epochs }))).toEqual([
      ...['micro32-10', 'micro32-10', 'micro32-10', 'micro32-40', 'micro32-40', 'micro32-40'],
    ]);
    expect(name({})).toBe('micro32-40'); // of 100 epochs
    // 500 and 2,000 steps of 100 images: the middle is 1,000.
    expect([900, 1100].map((steps) => name({ steps }))).toEqual(['micro32-10', 'micro32-40']);
    expect(name({ steps: 900, batch: 200 })).toBe('micro32-40');
  });

  it('is the papers where nothing was measured, and where it is asked for', () => {
    expect(recipeFor({ preset: 'tiny32' }, MADE_UP)).toBe(PAPER);
    expect(recipeFor({ method: 'mae' }, MADE_UP)).toBe(PAPER);
    expect(recipeFor({ recipe: 'paper' }, MADE_UP)).toEqual({ name: 'paper', settings: {} });
    expect(name({ recipe: 'measured' })).toBe('micro32-40');
    expect(() => recipeFor({ preset: 'tiny32', recipe: 'measured' }, MADE_UP)).toThrow(
      "recipeFor: recipe must be paper for preset tiny32 and method can, which have no measured one, got 'measured'",
    );
  });
});

describe('settings of a recipe', () => {
  const recipe = recipeFor({}, MADE_UP);

  it('lie under those that are given', () => {
    expect(layUnder({ temperature: 0.5, seed: 3 }, recipe, 1000)).toEqual({
      ...{ patch: 4, temperature: 0.5, weights: [1, 0.3, 0.1], batch: 100, lr: 2e-3, seed: 3 },
    });
    const given = { patch: undefined, lr: 1 } as unknown as Settings;
    expect(layUnder(given, recipe)).toMatchObject({ patch: 4, lr: 1, batch: 100 });
    expect(layUnder({ seed: 1 }, PAPER, 10)).toEqual({ seed: 1 });
  });

  it('have a rate that goes with the images of a step, which may be fewer', () => {
    expect(layUnder({}, recipe, 25)).toMatchObject({ batch: 25, lr: 2e-3 / 4 });
    expect(layUnder({ batch: 50 }, recipe)).toMatchObject({ batch: 50, lr: 1e-3 });
    expect(layUnder({ accumulate: 4 }, recipe)).toMatchObject({ batch: 100, lr: 8e-3 });
  });

  it('make a run, which notes them', () => {
    const config = resolveConfig(
      { steps: 7, temperature: 0.5 },
      { length: 300 },
      undefined,
      recipe,
    );
    expect(config).toMatchObject({
      recipe,
      batch: 100,
      optimizer: { learningRate: 2e-3 },
      model: { temperature: 0.5, encoder: { patch: 4 }, weights: { contrastive: 1 } },
    });
    expect(resolveModel({ steps: 7, temperature: 0.5 }, undefined, recipe)).toEqual(config.model);
  });

  it('change nothing where the papers hold', () => {
    const paper = resolveConfig({ recipe: 'paper' }, { length: 1000 });
    expect(paper).toMatchObject({
      recipe: PAPER,
      batch: 64,
      optimizer: { learningRate: 1.5e-3 },
      model: {
        temperature: 0.1,
        encoder: { patch: 8 },
        weights: { contrastive: 0.03, reconstruction: 0.67, denoising: 0.3 },
      },
    });
  });

  it('are shown by recipe', () => {
    expect(recipeDefaults('lr', MADE_UP)).toBe('0.003 (micro32-10), 0.002 (micro32-40)');
    expect(recipeDefaults('weights', MADE_UP)).toBe('1,0.3,0.1 (micro32-10, micro32-40)');
    expect(recipeDefaults('maskRatio', MADE_UP)).toBeUndefined();
  });

  it("are not shown where they are the papers'", () => {
    const settings = { batch: 64, lr: 1.5e-3, temperature: 0.2 };
    expect(besidePaper('micro32', settings)).toEqual({ temperature: 0.2 });
    // The papers' rate is one for 256 images, and another for large encoders.
    expect(besidePaper('micro32', { batch: 128, lr: 3e-3 })).toEqual({ batch: 128, lr: 3e-3 });
    expect(besidePaper('b16', { batch: 64, lr: 1.5e-3 })).toEqual({ lr: 1.5e-3 });
    const [first] = MADE_UP;
    expect(recipeDefaults('lr', [{ ...first, settings }])).toBeUndefined();
  });
});

describe('curves', () => {
  const line = (step: number, loss: number): MetricsOfStep => ({ step, loss });

  it('are means of equal stretches of the run', () => {
    const lines = Array.from({ length: 80 }, (_, i) => line(i + 1, i + 1));
    const curve = curveOf(lines.toReversed(), 'loss', 80);
    expect(curve).toHaveLength(40);
    // Steps 2 and 3 lie in the second fortieth, from 1/40 to 2/40; step 80 belongs to the last.
    expect(curve[1]).toEqual([2.5 / 80, 2.5]);
    expect(curve.at(-1)).toEqual([expect.closeTo(79 / 80), 79]);
    expect(curveOf(lines.slice(0, 10), 'loss', 80)).toHaveLength(6);
    expect(curveOf(lines, 'reconstruction', 80)).toEqual([]);
  });

  it('have the evaluations as they are, and no number that is not finite', () => {
    const evaluated = (step: number, knn: number) => ({ step, evaluation: { knn } });
    const lines = [evaluated(0, 0.1), line(1, 2), evaluated(50, Number.NaN), evaluated(100, 0.4)];
    expect(curveOf(lines, 'knn', 100)).toEqual([
      [0, 0.1],
      [1, 0.4],
    ]);
    expect(curveOf([line(1, 5), line(2, 3)], 'loss', 2)).toEqual([
      [0.5, 5],
      [1, 3],
    ]);
  });

  it('are straight between their points, and nowhere else', () => {
    const curve = [
      [0.2, 1],
      [0.6, 3],
    ] as const;
    expect([0.1, 0.2, 0.3, 0.6, 0.7].map((share) => valueAt(curve, share))).toEqual([
      ...[undefined, 1, 1.5, 3, undefined],
    ]);
  });

  it('lie in a band of two deviations, or from the least to the most', () => {
    const flat = (value: number) =>
      [
        [0, value],
        [1, value],
      ] as const;
    // Mean 2, deviation 1 by n − 1.
    expect(bandOf([flat(1), flat(2), flat(3)])).toEqual([
      [0, 0, 4],
      [1, 0, 4],
    ]);
    // No curve is below 0, so the band is not; where one is, it may be.
    expect(bandOf([flat(1), flat(2), flat(6)])[0]?.[1]).toBe(0);
    expect(bandOf([flat(-1), flat(1)])[0]).toEqual([0, -2 * Math.SQRT2, 2 * Math.SQRT2]);
    expect(bandOf([flat(5)])).toEqual([
      [0, 5, 5],
      [1, 5, 5],
    ]);
    // The second curve begins late: only where both have values.
    const late = [
      [0.5, 2],
      [1, 2],
    ] as const;
    expect(bandOf([flat(2), late]).map(([share]) => share)).toEqual([1]);
    expect(bandOf([])).toEqual([]);
  });
});

describe('referenceOf', () => {
  const of = (settings: Settings, steps = 500) => {
    const given = { ...settings, steps };
    const used = recipeFor(given, MADE_UP);
    return referenceOf(resolveConfig(given, { length: 5000 }, undefined, used), MADE_UP);
  };
  const ALL = ['loss', 'contrastive', 'reconstruction', 'denoising', 'knn', 'effectiveRank'];
  const metrics = (settings: Settings, steps?: number) =>
    Object.keys(of(settings, steps)?.bands ?? {});

  it('has the bands of the nearest length', () => {
    expect(of({})).toEqual({
      ...{ recipe: 'micro32-10', runs: 3, data: ['birds', 'fish'], differs: [] },
      bands: MADE_UP[0]?.bands,
    });
    expect(of({ lr: 1, seed: 4, weightDecay: 0 }, 1500)).toMatchObject({
      ...{ recipe: 'micro32-40', differs: [] },
      bands: MADE_UP[1]?.bands,
    });
  });

  it('leaves out what means something else', () => {
    const without = (...names: string[]) => ALL.filter((name) => !names.includes(name));
    expect(metrics({ temperature: 0.1 })).toEqual(without('loss', 'contrastive'));
    expect(metrics({ cropMin: 0.5 })).toEqual(without('loss', 'contrastive'));
    expect(metrics({ batch: 50 }, 1000)).toEqual(without('loss', 'contrastive'));
    expect(metrics({ sigmaMax: 0.5 })).toEqual(without('loss', 'denoising'));
    expect(metrics({ pixels: 'raw' })).toEqual(without('loss', 'reconstruction'));
    const others: readonly Settings[] = [
      ...[{ weights: [1, 1, 1] as const }, { maskRatio: 0.25 }, { patch: 8 }],
      { balance: 'gradients' },
    ];
    for (const other of others) {
      expect(metrics(other)).toEqual([]);
    }
    expect(of({ temperature: 0.1 })?.differs).toEqual([
      'model.temperature: 0.2 in the recipe, 0.1 here',
    ]);
  });

  it('needs about as many images seen', () => {
    expect(metrics({}, 250)).toEqual(ALL);
    expect(of({}, 249)).toMatchObject({
      bands: {},
      differs: ['images seen: 50000 in the recipe, 24900 here'],
    });
    expect(metrics({}, 4000)).toEqual(ALL);
    expect(metrics({}, 4001)).toEqual([]);
  });

  it('is of the same preset and method', () => {
    const config = resolveConfig({ recipe: 'paper', steps: 500 }, { length: 5000 });
    expect(referenceOf({ ...config, preset: 'tiny32' }, MADE_UP)).toBeUndefined();
    expect(referenceOf({ ...config, method: 'mae' }, MADE_UP)).toBeUndefined();
  });
});
