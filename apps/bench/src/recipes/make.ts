import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { recipeName } from '@twocan/pretrain/settings';
import { keepRecipe } from './files.ts';
import { readFinishedRun } from './finished-run.ts';
import { recipeFromRuns } from './from-runs.ts';

// make-recipe NAME=RUN[,RUN…] …: the recipe of a preset and a length from finished runs of the same settings, several
// seeds and data sets. A run whose folder has probe.json (`twocan probe --json`) has its probe in the recipe too.
const FOLDER = fileURLToPath(
  new URL('../../../../packages/pretrain/src/recipes/', import.meta.url),
);

const asked = process.argv.slice(2).map((word) => /^([^=]+)=(.+)$/.exec(word));
if (asked.length === 0 || asked.includes(null)) {
  console.error('make-recipe: give NAME=RUN[,RUN…] for each set of images');
  process.exit(2);
}
const runs = asked.flatMap((match) =>
  (match?.[2] ?? '').split(',').map((path) => readFinishedRun(path, match?.[1] ?? '')),
);
const recipe = recipeFromRuns(runs);
const files = keepRecipe(FOLDER, recipe);
execFileSync('npx', ['biome', 'check', '--write', ...files], { stdio: 'inherit' });
console.log(`${recipeName(recipe)} of ${runs.length} runs: ${files.join(', ')}`);
