// Loaded with --import: a version of the program that has the recipes of TWOCAN_TEST_RECIPES.
import { register } from 'node:module';

const source = `export const RECIPES = ${process.env.TWOCAN_TEST_RECIPES};`;
const hook = `export async function load(url, context, next) {
  if (!/pretrain\\/dist\\/recipes\\/list\\.js$/.test(url)) return next(url, context);
  return { format: 'module', shortCircuit: true, source: ${JSON.stringify(source)} };
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
