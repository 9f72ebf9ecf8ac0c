import ts from 'typescript';
import { expect, it } from 'vitest';
import { members, sources } from './workspace.ts';

/** Calls that may spread, and why what they spread stays short: all arguments go on the stack. */
const SHORT: Readonly<Record<string, string>> = {
  '@twocan/backend/src/compare.ts: max(...expected.map(([, values]) => largest(values)))':
    'tensors',
  '@twocan/backend/src/tensorflow.ts: max(...versions)': 'installed versions of a library',
  '@twocan/bench/src/beside-torch.ts: min(...millis)': 'timed repeats',
  '@twocan/bench/src/naive.ts: min(...all.map(({ millis }) => median(millis)))': 'timed programs',
  '@twocan/bench/src/results/label-plot.ts: max(...rows.flatMap(({ values }) => values))':
    'runs of a plot',
  '@twocan/can/src/resolve.ts: push(...findProblems(complete))': 'settings',
  '@twocan/can/src/terms/sum.ts: assign(...outputs.map(({ metrics }) => metrics))':
    'terms of a method',
  '@twocan/checkpoint/src/hugging-face.ts: dense(...split)': 'names of a layer',
  '@twocan/checkpoint/src/layout.ts: made(...(first?.shape.slice(1) ?? []))': 'axes',
  '@twocan/checkpoint/src/layout.ts: made(...array.shape)': 'axes',
  '@twocan/checkpoint/src/layout.ts: made(...rest)': 'axes',
  '@twocan/ops/src/define.ts: run(...inputs.map((input: string) => tensors[input]))':
    'inputs of an operation',
  '@twocan/core/src/tree.ts: f(...rest)': 'trees',
  '@twocan/engine/src/peak.ts: min(...Array.from({ length: 5 }, once))': 'five',
  '@twocan/evaluate/src/eigenvalues.ts: hypot(...chunkNorms(v))': 'one for 1024 columns',
  '@twocan/evaluate/src/eigenvalues.ts: hypot(...v.subarray(i, i + 1024))': '1024',
  '@twocan/optim/src/chain.ts: chain(...before)': 'transforms of an optimizer',
  '@twocan/optim/src/chain.ts: chain(...after)': 'transforms of an optimizer',
  '@twocan/optim/src/check.ts: mapTree(...Object.values(trees))': 'trees of one update',
  '@twocan/pretrain/src/recipes/curves.ts: max(...all)': 'runs of a recipe',
  '@twocan/pretrain/src/recipes/curves.ts: min(...all)': 'runs of a recipe',
  "@twocan/pretrain/src/recipes/recipe.ts: without(...(['accumulate', 'microBatch'] as const))":
    'written there',
  "@twocan/pretrain/src/recipes/recipe.ts: without(...(['epochs', 'steps', 'seed', 'checkpointEvery', 'shareEvery'] as const))":
    'written there',
  '@twocan/pretrain/src/recipes/reference.ts: max(...others)': 'runs of a recipe',
  '@twocan/pretrain/src/recipes/reference.ts: min(...others)': 'runs of a recipe',
  '@twocan/testkit/src/golden.ts: max(...wanted.map(largest))': 'tensors',
  '@twocan/testkit/src/gradient.ts: f(...args)': 'inputs of an operation',
  '@twocan/testkit/src/gradient.ts: max(...want.map(Math.abs))': 'a small tensor of a test',
  '@twocan/trainer/src/balanced.ts: assign(...found.map(({ metrics }) => metrics))':
    'terms of a method',
  '@twocan/trainer/src/balanced.ts: mapTree(...others)': 'terms of a method',
  '@twocan/trainer/src/gradients.ts: mapTree(...(before ? [treesOf(before)] : []))': 'one',
  'twocan/src/ablation/power/needs-table.ts: max(...needs.map((need) => need[name]))':
    'claims of an ablation',
  'twocan/src/bench/benchmark.ts: min(...millis)': 'timed steps',
  'twocan/src/draw/confusion.ts: max(...shown.map((name) => name.length))': 'at most 40 classes',
  'twocan/src/doctor/examining.ts: push(...nvidiaDevices().map((line) => `  device     ${line}`))':
    'GPUs',
  'twocan/src/doctor/examining.ts: push(...webgpuLines())': 'limits of a GPU',
  'twocan/src/evaluation/few-shots.ts: max(...shots)': 'numbers of shots',
  'twocan/src/args/columns.ts: max(...names.map(({ length }) => length))': 'commands or options',
  'twocan/src/pretrain/without-effect.ts: max(...Object.values(model.weights))': 'three weights',
};

/** What the playground spreads into elements is what a page shows at once. */
const ELEMENTS = /^@twocan\/playground\/src\/page\/[\w-]+\.ts: (h|append|replaceChildren)\(/;

/** Spreads in calls whose length a reader does not see: neither a literal's nor the caller's own. */
function spreadsIn(text: string): string[] {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      for (const argument of node.arguments ?? []) {
        if (!ts.isSpreadElement(argument) || isRest(argument.expression)) continue;
        found.push(`${node.expression.getText().split('.').at(-1)}(${argument.getText()})`);
      }
      if (/\.apply$/.test(node.expression.getText()) && node.arguments?.length === 2) {
        found.push(node.getText());
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Whether a name is the rest parameter of a function around it: its caller wrote the arguments. */
function isRest(expression: ts.Expression): boolean {
  for (let at: ts.Node = expression; at.parent !== undefined; at = at.parent) {
    if (!ts.isFunctionLike(at.parent)) continue;
    const own = at.parent.parameters.some(
      ({ name, dotDotDotToken }) => dotDotDotToken && name.getText() === expression.getText(),
    );
    if (own) return true;
  }
  return false;
}

it('finds what it looks for', () => {
  const text = `
    Math.max(...values); list.push(1, ...rows.flat()); String.fromCharCode.apply(null, codes);
    new Thing(...parts); [...fine]; const f = (...own) => g(...own); ({ ...fine });
  `;
  expect(spreadsIn(text)).toEqual([
    'max(...values)',
    'push(...rows.flat())',
    'String.fromCharCode.apply(null, codes)',
    'Thing(...parts)',
  ]);
});

it('no call has arguments that grow with the data', () => {
  const files = members().flatMap(sources);
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap(({ of, path, text }) =>
    spreadsIn(text).map((call) => `${of}/${path.replaceAll('\\', '/')}: ${call}`),
  );
  const others = found.filter((call) => !ELEMENTS.test(call));
  expect([...new Set(others)].sort()).toEqual(Object.keys(SHORT).sort());
});
