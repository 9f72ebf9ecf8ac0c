// Runs tfjs-core's own specs on a backend: node scripts/specs.mjs [simd|cpu] [threads]. The specs come
// with the published package; they are bundled, because they import without endings, and run by jasmine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const [backend = 'simd', threads] = process.argv.slice(2);
if (threads !== undefined) process.env.TWOCAN_THREADS = threads;

const specs = join(require.resolve('@tensorflow/tfjs-core/package.json'), '../dist');
const load =
  backend === 'simd' ? join(root, 'dist/index.js') : `@tensorflow/tfjs-backend-${backend}`;
const env = { name: `twocan-${backend}`, backendName: backend, isDataSync: true };
const source = `
import '${load}';
import '${specs}/public/chained_ops/register_all_chained_ops';
import '${specs}/register_all_gradients';
import { setTestEnvs } from '${specs}/jasmine_util';
setTestEnvs([${JSON.stringify(env)}]);
import('${specs}/tests');
`;

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
  });
  const output = join(folder, 'specs.cjs');
  await bundle.write({ file: output, format: 'cjs', codeSplitting: false });
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
