// Runs tfjs-core's own compiled specs (they ship in the package) on the simd backend and prints counts.
//   [THREADS=n] [VARIANT=relaxed|simd] node scripts/tfjs-specs.mjs [backend] [words of a spec's name]
// Build the package first. Exits with 1 if a spec failed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import Jasmine from 'jasmine';

const [backend = 'simd', filter] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const core = join(require.resolve('@tensorflow/tfjs-core/package.json'), '..');
const here = fileURLToPath(new URL('../', import.meta.url));
// Inside the package, so that the bundle finds node_modules.
const folder = await mkdtemp(join(here, 'node_modules', '.specs-')).catch(() =>
  mkdtemp(join(here, '.specs-')),
);

const entry = `
import { setTestEnvs } from '${core}/dist/jasmine_util.js';
import '${core}/dist/public/chained_ops/register_all_chained_ops.js';
import '${core}/dist/register_all_gradients.js';
import { configureSimd } from '${join(here, 'dist/index.js')}';
configureSimd(${JSON.stringify({
  ...(process.env.THREADS ? { threads: Number(process.env.THREADS) } : {}),
  ...(process.env.VARIANT ? { variant: process.env.VARIANT } : {}),
})});
setTestEnvs([{ name: '${backend}', backendName: '${backend}', isDataSync: true }]);
import('${core}/dist/tests.js');
`;
await writeFile(join(folder, 'entry.js'), entry);
await build({
  entryPoints: [join(folder, 'entry.js')],
  outfile: join(folder, 'specs.cjs'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  // tfjs-core's list of side effects would drop every spec.
  ignoreAnnotations: true,
  // One copy of tfjs: the engine and the registries are its globals.
  alias: { '@tensorflow/tfjs-core': join(core, 'dist/index.js') },
  mainFields: ['module', 'main'],
  logLevel: 'error',
});

const jasmine = new Jasmine();
jasmine.loadConfig({ random: false, spec_dir: '.', spec_files: [] });
jasmine.clearReporters?.();
const failed = [];
let [run, pending] = [0, 0];
jasmine.addReporter({
  specDone: ({ status, fullName, failedExpectations }) => {
    if (status === 'pending' || status === 'excluded') pending++;
    else run++;
    if (status === 'failed') failed.push([fullName, failedExpectations[0]?.message ?? '']);
  },
});
jasmine.exitOnCompletion = false;
jasmine.onComplete(async () => {
  for (const [name, message] of failed)
    console.log(`FAILED ${name}\n       ${message.split('\n')[0].slice(0, 200)}`);
  console.log(
    `tfjs-core specs on ${backend}: ${run} run, ${failed.length} failed, ${pending} not run`,
  );
  await rm(folder, { recursive: true, force: true });
  process.exit(failed.length === 0 ? 0 : 1);
});
jasmine.specFiles = [join(folder, 'specs.cjs')];
jasmine.execute(undefined, filter);
