// The AssemblyScript side of the table: a row of 32-bit words, read as a class whose fields lie in order.
import { comment, describe, pascal, STAMP, upper } from './names.mjs';

const TYPES = {
  count: 'usize',
  flag: 'u32',
  code: 'i32',
  word: 'i32',
  float: 'f32',
  place: 'usize',
};

function classOf([name, { doc, arguments: args }]) {
  return [
    ...comment(doc, '//', 100),
    `@unmanaged export class ${pascal(name)} {`,
    ...Object.entries(args).flatMap(([field, what]) => {
      const text = describe(what)?.replace('null for none', '0 for none');
      return [
        ...(text === undefined ? [] : [`  /** ${text} */`]),
        `  ${field}: ${TYPES[what.type]};`,
      ];
    }),
    '}',
    '',
  ];
}

/** The module of the WebAssembly kernels; `own` are rows of words that are no kernels of the table. */
export function assemblyscriptSource(kernels, own) {
  const entries = Object.entries(kernels);
  const lines = [
    `// ${STAMP}`,
    '',
    ...entries.map(([name], i) => `export const ${upper(name)}: u32 = ${i};`),
    '',
    ...[...entries, ...Object.entries(own)].flatMap(classOf),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

/** The order of such a row of words, for the host. */
export function rowSource(own) {
  const lines = Object.entries(own).flatMap(([name, { doc, arguments: args }]) => [
    '/**',
    ...comment(doc, ' *', 100),
    ' */',
    `export type ${pascal(name)} = {`,
    ...Object.keys(args).map((field) => `  readonly ${field}: number;`),
    '};',
    '',
    `/** The words of a {@link ${pascal(name)}} in their order. */`,
    `export const ${name}Values = (row: ${pascal(name)}): number[] => [`,
    ...Object.keys(args).map((field) => `  row.${field},`),
    '];',
    '',
  ]);
  return [`// ${STAMP}`, '', ...lines].join('\n');
}
