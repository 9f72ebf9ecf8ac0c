// Runs tfjs-core's own specs on a backend: node scripts/specs.mjs [simd|native|cpu|wasm|node|webgpu] [threads] [instructions].
// The instructions are of native: avx512, avx2, neon or plain; by default the best that are here.
// node and webgpu must have been set up, and @twocan/backend been built. The specs come with the published package; they are bundled, because they import without endings, and run by jasmine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const [backend = 'simd', threads, instructions] = process.argv.slice(2);
if (threads !== undefined) process.env.TWOCAN_THREADS = threads;

const specs = join(require.resolve('@tensorflow/tfjs-core/package.json'), '../dist');
const isOurs = backend === 'simd' || backend === 'native';
const direct = isOurs
  ? join(root, `../backend-${backend}/dist/index.js`)
  : `@tensorflow/tfjs-backend-${backend}`;
const configured =
  instructions === undefined
    ? ''
    : `import { configureNative } from '${direct}';\nconfigureNative({ instructions: '${instructions}' });\n`;
// A backend in a folder elsewhere imports tfjs-core: it gets the bundled one.
const setUp = `
import { createRequire, Module } from 'node:module';
import * as core from '@tensorflow/tfjs-core';
import { chooseBackend } from '${join(root, '../backend/dist/index.js')}';
const bring = createRequire(import.meta.url);
const file = bring.resolve('@tensorflow/tfjs-core');
bring.cache[file] = Object.assign(new Module(file), { exports: core, loaded: true });
const { tfjsName } = await chooseBackend('${backend}');
`;
const isSetUp = backend === 'node' || backend === 'webgpu';
const source = `
${isSetUp ? setUp : `import '${direct}';\n${configured}const tfjsName = '${backend}';`}
import '${specs}/public/chained_ops/register_all_chained_ops';
import '${specs}/register_all_gradients';
import { setTestEnvs } from '${specs}/jasmine_util';
setTestEnvs([{ name: 'twocan-${backend}', backendName: tfjsName, isDataSync: true }]);
await import('${specs}/tests');
`;

/** An addon is found beside the module that loads it. */
const stayingWhereTheyAre = {
  name: 'staying-where-they-are',
  transform: (code, id) =>
    /packages.backend-native/.test(id)
      ? code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
      : undefined,
};

// Inside the package, so that what it imports is found.
const folder = mkdtempSync(join(root, 'dist/specs-'));
try {
  const entry = join(folder, 'entry.mjs');
  writeFileSync(entry, source);
  // The package says that its files have no side effects, which would drop every spec.
  const bundle = await rolldown({
    input: entry,
    platform: 'node',
    treeshake: false,
    resolve: { extensions: ['.js', '.mjs'] },
    onLog: () => undefined,
    plugins: [stayingWhereTheyAre],
  });
  const output = join(folder, 'specs.mjs');
  await bundle.write({ file: output, format: 'esm', codeSplitting: false });
  const Jasmine = require('jasmine');
  const jasmine = new Jasmine();
  jasmine.loadConfig({ spec_files: [output], random: false });
  jasmine.exitOnCompletion = false;
  jasmine.onComplete((passed) => {
    rmSync(folder, { recursive: true, force: true });
    process.exitCode = passed ? 0 : 1;
  });
  await jasmine.execute();
} catch (error) {
  rmSync(folder, { recursive: true, force: true });
  throw error;
}
