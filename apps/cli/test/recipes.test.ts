import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { madeUpRecipes as MADE_UP } from '@twocan/testkit';
import { afterAll, expect, test, vi } from 'vitest';
import { quickStart } from '../src/pretrain/quick-start.ts';
import { type Outcome, scratch, stepsOf, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);
// Each test starts the program several times.
vi.setConfig({ testTimeout: 300_000 });
const HOOK = new URL('./with-recipes.mjs', import.meta.url).href;
/** The built program as if these recipes had been measured. */
const withRecipes = (
  args: readonly string[],
  recipes: readonly object[] = MADE_UP,
): Promise<Outcome> =>
  twocan(args, undefined, {
    NODE_OPTIONS: `--import ${HOOK}`,
    TWOCAN_TEST_RECIPES: JSON.stringify(recipes),
  });
const TINY = [
  '--data',
  'shapes:8',
  '--steps',
  '2',
  '--checkpoint-every',
  '0',
  '--backend',
  'simd',
  '--threads',
  '1',
];
type Config = {
  recipe?: unknown;
  options: Record<string, unknown>;
  optimizer: { learningRate: number };
};
const configOf = (run: string): Config =>
  JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')) as Config;
const RECIPE = { name: 'micro32-10', settings: MADE_UP[0]?.settings };
const SET = {
  recipe: RECIPE,
  batch: 8,
  optimizer: { learningRate: (3e-3 * 8) / 100 },
  model: { temperature: 0.2, encoder: { patch: 4 }, weights: { contrastive: 1 } },
};

test('help shows what was measured beside the default', async () => {
  const { stdout } = await withRecipes(['pretrain', '--help']);
  const text = stdout.replaceAll(/\s+/g, ' ');
  expect(text).toContain('measured: 0.2 (micro32-10, micro32-40); default 0.1');
  expect(text).toContain('measured: 100 (micro32-10, micro32-40); default 64');
  // The same settings in a command whose rows are of the method's own values.
  expect((await withRecipes(['ablate', '--help'])).stdout).not.toContain('measured:');
});

test('a preset takes its recipe, flags win over it, and a resumed run keeps it', async () => {
  const run = folder.path('measured');
  const { code, stderr } = await withRecipes(['pretrain', ...TINY, '--seed', '3', '--out', run]);
  expect([code, stderr]).toEqual([
    0,
    expect.stringContaining(
      "those of micro32-10 (--patch 4 --temperature 0.2 --weights 1,0.3,0.1 --batch 8 --lr 0.00024); --recipe paper takes the papers'",
    ),
  ]);
  expect(configOf(run)).toMatchObject(SET);
  expect((await withRecipes(['inspect', run])).stdout).toMatch(/^recipe +micro32-10 \(--patch 4/m);
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain(
    'The curves cannot be compared with those of 3 runs of the recipe micro32-10 (birds, fish). Other settings: images seen: 50000 in the recipe, 16 here.',
  );
  const before = configOf(run);
  const changed = MADE_UP.map((one) => ({ ...one, settings: { ...one.settings, temperature: 9 } }));
  for (const recipes of [changed, []]) {
    const again = await withRecipes(['pretrain', '--resume', '--out', run], recipes);
    expect([again.code, again.stderr]).toEqual([0, expect.any(String)]);
    expect([configOf(run), stepsOf(run)]).toEqual([before, [1, 2]]);
  }
  const refused = await withRecipes(['pretrain', '--resume', '--recipe', 'paper', '--out', run]);
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining("goes on with the run's settings, those of micro32-10"),
  ]);

  // The same run anew, by its config: with the recipe as it was, and where it is another by now.
  const config = join(run, 'config.json');
  const same = folder.path('same');
  await withRecipes(['pretrain', '--config', config, '--out', same]);
  expect(configOf(same)).toEqual(before);
  const other = folder.path('other');
  await withRecipes(['pretrain', '--config', config, '--out', other], changed);
  expect(configOf(other)).toMatchObject({ ...SET, recipe: { name: 'paper' } });
  const lines = (path: string) =>
    readFileSync(join(path, 'metrics.jsonl'), 'utf8').replaceAll(/,"machine":.*/g, '');
  expect(lines(other)).toBe(lines(run));
});

test("an older run, which knows no recipe, goes on with the papers' values", async () => {
  const run = folder.path('older');
  await withRecipes(['pretrain', ...TINY, '--recipe', 'paper', '--out', run]);
  const { recipe, ...config } = configOf(run);
  expect(recipe).toEqual({ name: 'paper', settings: {} });
  const { recipe: _, ...options } = config.options;
  writeFileSync(join(run, 'config.json'), JSON.stringify({ ...config, options }));
  const { code, stderr } = await withRecipes(['pretrain', '--resume', '--out', run]);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(configOf(run)).toEqual({ ...config, options });
  const anew = folder.path('older-anew');
  await withRecipes(['pretrain', '--config', join(run, 'config.json'), '--out', anew]);
  expect(configOf(anew)).toMatchObject({ ...config, options, recipe: { name: 'paper' } });
});

test('a recipe that was edited by hand is refused', async () => {
  const run = folder.path('edited');
  await withRecipes(['pretrain', ...TINY, '--out', run]);
  const config = configOf(run);
  for (const [recipe, why] of [
    [{ name: 'x', settings: { temperature: -1 } }, 'recipe: temperature must be a number above 0'],
    ['micro32-10', 'recipe must have a name and settings, got "micro32-10"'],
  ] as const) {
    writeFileSync(join(run, 'config.json'), JSON.stringify({ ...config, recipe }));
    for (const args of [
      ['--resume', '--out', run],
      ['--config', join(run, 'config.json'), '--out', folder.path('never')],
    ]) {
      const { code, stderr } = await withRecipes(['pretrain', ...args]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
    }
  }
});

test('a recipe that nobody measured is refused', async () => {
  const asked = ['pretrain', ...TINY, '--recipe', 'measured', '--out', folder.path('no')];
  for (const [flags, why] of [
    [['--preset', 'tiny32'], '--recipe must be paper for preset tiny32 and method can'],
    [['--method', 'mae'], '--recipe must be paper for preset micro32 and method mae'],
    [['--init', 'weights'], '--recipe measured is of a preset; leave it out with --init'],
  ] as const) {
    const { code, stderr } = await withRecipes([...asked, ...flags]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
  }
});

test('the quick start keeps its own settings', () => {
  expect(quickStart({})).toMatchObject({ recipe: 'paper', weights: [0.5, 0.35, 0.15] });
  expect(quickStart({ recipe: 'measured' })).toMatchObject({ recipe: 'measured' });
  expect(quickStart({ data: 'photos' })).toEqual({ data: 'photos' });
});
