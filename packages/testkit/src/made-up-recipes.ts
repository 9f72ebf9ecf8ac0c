const run = (data: string, seed: number, steps: number) => ({
  command: `twocan pretrain --data ${data} --seed ${seed}`,
  data,
  seed,
  steps,
  minutes: 1.5,
  processor: 'a CPU',
  backend: 'native',
  threads: 1,
  twocan: '1.2.3',
  scores: { knn: 0.5 },
});

const BANDS = {
  loss: [
    [0, 6, 7],
    [1, 3, 4],
  ],
  contrastive: [
    [0, 5, 5.5],
    [1, 2, 3],
  ],
  reconstruction: [
    [0, 0.9, 1.1],
    [1, 0.4, 0.6],
  ],
  denoising: [
    [0, 0.01, 0.02],
    [1, 0.001, 0.002],
  ],
  knn: [
    [0, 0.2, 0.3],
    [1, 0.5, 0.6],
  ],
  effectiveRank: [
    [0, 20, 30],
    [1, 40, 60],
  ],
} as const;

const recipe = (epochs: number, lr: number) => ({
  preset: 'micro32' as const,
  method: 'can' as const,
  epochs,
  settings: {
    patch: 4,
    temperature: 0.2,
    weights: [1, 0.3, 0.1] as const,
    batch: 100,
    lr,
  },
  runs: [run('birds', 0, 50 * epochs), run('birds', 1, 50 * epochs), run('fish', 0, 50 * epochs)],
  bands: BANDS,
});

/**
 * Recipes that nobody measured: of micro32, for 10 and 40 epochs of 5,000 images.
 *
 * @example
 * recipeFor({ epochs: 10 }, madeUpRecipes).name; // 'micro32-10'
 */
export const madeUpRecipes = [recipe(10, 3e-3), recipe(40, 2e-3)] as const;
