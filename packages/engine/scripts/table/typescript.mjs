// The TypeScript side of the table: one caller a kernel, with named arguments.
import { comment, describe, digestOf, pascal, STAMP } from './names.mjs';

const TYPES = { count: 'number', flag: 'boolean', code: 'number', word: 'number', float: 'number' };

const typeOf = ({ type }) => TYPES[type] ?? 'number';

/** A call has its items apart: objects that are put together take microseconds. */
const ITEMS = ['items', 'chunk'];

function numberOf([name, { type }]) {
  if (ITEMS.includes(name)) return `cut.${name}`;
  return type === 'flag' ? `Number(a.${name})` : `a.${name}`;
}

/** `null` is an address of 0 here. */
const wordsOf = (what) => describe(what)?.replace('null for none', '0 for none');

function fieldsOf(args, indent) {
  const own = Object.entries(args).filter(([name]) => !ITEMS.includes(name));
  return own.flatMap(([name, what]) => {
    const text = wordsOf(what);
    return [
      ...(text === undefined ? [] : [`${indent}/** ${text} */`]),
      `${indent}readonly ${name}: ${typeOf(what)};`,
    ];
  });
}

function docOf(doc, indent) {
  return [`${indent}/**`, ...comment(doc, `${indent} *`, 100), `${indent} */`];
}

/** The module of the engine package. */
export function typescriptSource(kernels) {
  const entries = Object.entries(kernels);
  const floats = entries.map(([, { arguments: args }]) =>
    Object.values(args).flatMap(({ type }, i) => (type === 'float' ? [i] : [])),
  );
  const lines = [
    `// ${STAMP}`,
    '',
    '/** The number of each kernel. */',
    'export const KERNEL = {',
    ...entries.map(([name], i) => `  ${name}: ${i},`),
    '} as const;',
    '',
    '/** Says which table this is. */',
    `export const TABLE = '${digestOf(kernels)}';`,
    '',
    '/** Which arguments of each kernel are floats, by place. */',
    `export const FLOATS: readonly (readonly number[])[] = ${JSON.stringify(floats)};`,
    '',
    ...entries.flatMap(([name, { doc, arguments: args }]) => [
      ...docOf(doc, ''),
      `export type ${pascal(name)} = {`,
      ...fieldsOf(args, '  '),
      '};',
      '',
    ]),
    '/** What runs a kernel: its number, its arguments in order, and how many tasks it is cut into. */',
    'type Runner = {',
    '  readonly run: (kernel: number, values: readonly number[], tasks: number) => void;',
    '};',
    '',
    '/** How many items there are, and how many of them a task takes. */',
    'export type Items = { readonly items: number; readonly chunk: number };',
    '',
    '/** As many tasks as items need. */',
    'const tasksOf = ({ items, chunk }: Items): number => Math.max(1, Math.ceil(items / chunk));',
    '',
    '/** All in one task. */',
    'export const ONE_ITEM: Items = { items: 1, chunk: 1 };',
    '',
    '/** Calls of the kernels, with addresses in the memory of the engine. */',
    'export const calls = {',
    ...entries.flatMap(([name, { doc, cut, arguments: args }]) => [
      ...docOf(doc, '  '),
      `  ${name}(engine: Runner, ${cut ? 'cut: Items, ' : ''}a: ${pascal(name)}): void {`,
      `    const values = [${Object.entries(args).map(numberOf).join(', ')}];`,
      `    engine.run(${entries.findIndex(([n]) => n === name)}, values, ${cut ? 'tasksOf(cut)' : '1'});`,
      '  },',
    ]),
    '};',
    '',
  ];
  return lines.join('\n');
}
