// Mutation testing: npm run mutants -- packages/NAME [PATH …]. README.md beside this says how to read it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';

const here = import.meta.dirname;
const root = join(here, '../..');
const EQUIVALENT = join(here, 'equivalent.json');
const TABLE = join(here, 'README.md');
const LEAST = 90; // percent

/**
 * Where the tests run. Kernels are not mutated, so the plain definitions are enough, but for code that asks
 * which backend it runs on.
 */
const BACKENDS = {
  'packages/ops': 'cpu,simd-one',
  'packages/optim': 'cpu,simd-one',
  'packages/trainer': 'cpu,simd-one',
};

/** What of the program writes numbers for people and for other programs, by room. */
const PROGRAM = Object.entries({
  evaluation: ['few-shots', 'knn', 'probing'],
  draw: ['confusion', 'sheet'],
  files: ['npy'],
  run: ['series'],
  terminal: ['percent', 'progress'],
  ablation: ['claims', 'lines', 'page', 'table'],
  report: ['chart', 'html', 'page', 'scale', 'scatter'],
  tensorboard: ['crc32c', 'event-log', 'events', 'protobuf'],
}).flatMap(([room, names]) => names.map((name) => `apps/cli/src/${room}/${name}.ts`));

/**
 * Parts that are tested together, by a name of their own. PROGRAM has tests of its sources; the other tests
 * of the program run what was built.
 */
const SETS = {
  safetensors: {
    files: ['dtype', 'header', 'safetensors'].map((name) => `packages/checkpoint/src/${name}.ts`),
    tests: ['encode', 'header', 'safetensors'].map(
      (name) => `packages/checkpoint/test/${name}.test.ts`,
    ),
  },
  numbers: {
    files: [...PROGRAM, 'packages/pretrain/src/features/comparison.ts'],
    tests: ['numbers/**/*', 'progress', 'tensorboard'].map(
      (name) => `apps/cli/test/${name}.test.ts`,
    ),
  },
};

/** A fault of the command line: a message without a stack. */
function refuse(message) {
  console.error(`mutants: ${message}`);
  process.exit(2);
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
  },
});
const targets = positionals.map((path) => path.replace(/\/+$/, ''));
if (targets.length === 0) refuse('name what to test, such as packages/optim or a source file');
for (const target of targets) {
  if (SETS[target] !== undefined) continue;
  if (!/^(packages|apps)\/[^/]+/.test(target) || !existsSync(join(root, target))) {
    const names = Object.keys(SETS).join(' or ');
    refuse(`${target} must be a folder of packages or apps, a source file of one, or ${names}`);
  }
}

process.chdir(root);
for (const file of Object.values(SETS).flatMap(({ files }) => files)) {
  if (!existsSync(file)) refuse(`SETS must name files that exist, got ${file}`);
}
for (const target of targets) await test(target);

async function test(target) {
  const home = target.split('/').slice(0, 2).join('/');
  const { files: sources, tests } = SETS[target] ?? {
    files: [
      target === home
        ? `${home}/src/**/*.ts`
        : target.endsWith('.ts')
          ? target
          : `${target}/**/*.ts`,
    ],
    tests: [
      `${home}/test/**/*.test.ts`,
      // The part of this package, of the test that calls every function with wrong arguments.
      ...(home.startsWith('packages/') ? ['test/arguments.test.ts'] : []),
    ],
  };
  const files = join('.stryker', target.replaceAll('/', '-'));
  process.env.TWOCAN_MUTANT_TESTS = JSON.stringify(tests);
  process.env.TWOCAN_ARGUMENTS_OF = home.split('/')[1] ?? '';
  process.env.TWOCAN_TEST_BACKENDS = BACKENDS[home] ?? 'cpu';
  const attempt = (ignoreStatic, force) =>
    new Stryker({
      mutate: [...sources, '!**/*.d.ts', '!**/generated/**'],
      testRunner: 'vitest',
      // Of an app, only the tests that import what is mutated: the others run the built program.
      vitest: { configFile: 'test/mutants/vitest.config.ts', related: home.startsWith('apps/') },
      plugins: ['@stryker-mutator/vitest-runner'],
      ignorePatterns: ['runs', '.turbo', '.stryker'],
      coverageAnalysis: 'perTest',
      ignoreStatic,
      force,
      incremental: true,
      incrementalFile: join('.stryker', `${(SETS[target] ? target : home).replace('/', '-')}.json`),
      // Types are checked elsewhere; the copies are not to differ from the sources.
      disableTypeChecks: false,
      concurrency: Number(options.jobs),
      timeoutMS: 30_000,
      tempDirName: '.stryker/copies',
      cleanTempDir: 'always',
      reporters: ['progress', 'html'],
      htmlReporter: { fileName: `${files}.html` },
      warnings: { slow: false },
      allowEmpty: true,
    }).runMutationTest();
  // First what tests reach: a mutant that is there on import as well would need all tests, and if it broke
  // the import, no test would be left to fail. Then what runs on import alone.
  let mutants = await attempt(true, options.fresh);
  if (!options.quick && mutants.some(({ status }) => status === 'Ignored')) {
    mutants = await attempt(false, false);
  }
  report(target, mutants.map(describe));
}

/** A mutant as people and equivalent.json name it: the line, what stood there and what stands there now. */
function describe({ fileName, location: { start, end }, replacement, status }) {
  const lines = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  const [line = ''] = lines;
  const inside = [...lines.slice(0, -1), (lines.at(-1) ?? '').slice(0, end.column - 1)].join('\n');
  const words = (text) => text.replace(/\s+/g, ' ').trim();
  return {
    file: relative(root, fileName),
    row: start.line,
    line: words(line),
    from: words(inside.slice(start.column - 1)),
    to: words(replacement),
    status,
  };
}

function report(target, mutants) {
  const known = JSON.parse(readFileSync(EQUIVALENT, 'utf8'));
  const same = (entry, m) =>
    entry.file === m.file && entry.line === m.line && entry.from === m.from && entry.to === m.to;
  const left = mutants.filter((m) => m.status === 'Survived' || m.status === 'NoCoverage');
  const equivalent = left.filter((m) => known.some((entry) => same(entry, m)));
  const survived = left.filter((m) => !equivalent.includes(m));
  const count = (status) => mutants.filter((m) => m.status === status).length;
  const [killed, timedOut] = [count('Killed'), count('Timeout')];
  const judged = killed + timedOut + survived.length;
  const score = judged === 0 ? 100 : (100 * (killed + timedOut)) / judged;

  for (const m of survived) {
    console.log(
      `\n${m.file}:${m.row} survived${m.status === 'NoCoverage' ? ', no test runs it' : ''}`,
    );
    console.log(`  in   ${m.line}\n  from ${m.from}\n  to   ${m.to}`);
  }
  for (const entry of known.filter((e) => mutants.some((m) => m.file === e.file))) {
    const found = mutants.filter((m) => same(entry, m));
    if (found.length === 0)
      console.log(`\nequivalent.json: no such mutant any more: ${JSON.stringify(entry)}`);
    else if (found.every((m) => !equivalent.includes(m))) {
      console.log(`\nequivalent.json: not equivalent, a test kills it: ${JSON.stringify(entry)}`);
    }
  }
  const apart = count('Ignored');
  if (apart > 0)
    console.log(`\n${apart} mutants of code that runs on import were left out (--quick)`);
  const all = killed + timedOut + left.length;
  const cells = [target, all, killed, timedOut, survived.length, equivalent.length];
  const row = `| ${[...cells, `${score.toFixed(1)}%`, new Date().toISOString().slice(0, 10)].join(' | ')} |`;
  console.log(`\n${row}`);
  const lines = readFileSync(TABLE, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.split('|')[1]?.trim() === target);
  if (at >= 0 && !options.quick) {
    // As wide as before, so that the table stays as the formatter leaves it.
    const widths = lines[at].split('|').slice(1, -1);
    const filled = row.split('|').slice(1, -1);
    lines[at] = `|${filled.map((cell, i) => cell.padEnd(widths[i]?.length ?? 0)).join('|')}|`;
    writeFileSync(TABLE, lines.join('\n'));
  }
  if (score < LEAST) {
    console.error(
      `mutants: ${target} must kill ${LEAST}% of what is not equivalent, got ${score.toFixed(1)}%`,
    );
    process.exitCode = 1;
  }
}
