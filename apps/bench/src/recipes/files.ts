import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Recipe } from '@twocan/pretrain';
import { presetNames } from '@twocan/vit';

/**
 * Puts a recipe into the file of its preset, in place of an earlier one of the same method and length, and into the
 * list of all files.
 *
 * @param folder of the recipes
 * @param recipe what was measured
 * @returns the files that were written
 */
export function keepRecipe(folder: string, recipe: Recipe): string[] {
  const path = join(folder, `${recipe.preset}.json`);
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Recipe[]) : [];
  const others = before.filter(
    ({ method, epochs }) => method !== recipe.method || epochs !== recipe.epochs,
  );
  const all = [...others, recipe].sort(
    (a, b) => a.method.localeCompare(b.method) || a.epochs - b.epochs,
  );
  writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`);
  const list = join(folder, 'list.ts');
  writeFileSync(list, listOf(readdirSync(folder)));
  return [path, list];
}

/**
 * The module that lists the recipes of a folder.
 *
 * @param names of the files there
 * @returns its text
 */
export function listOf(names: readonly string[]): string {
  const presets = presetNames.filter((name) => names.includes(`${name}.json`));
  const imports = presets.map(
    (name) => `import ${name} from './${name}.json' with { type: 'json' };\n`,
  );
  const all = presets.map((name) => `...${name}`).join(', ');
  const list = presets.length === 0 ? '[]' : `[${all}] as unknown as readonly Recipe[]`;
  return `// Written by \`npm run make-recipe -w @twocan/bench\`: the files of this folder.
${imports.join('')}import type { Recipe } from './recipe.ts';

/** Every recipe that was measured, in order of presets and lengths. */
export const RECIPES: readonly Recipe[] = ${list};
`;
}
