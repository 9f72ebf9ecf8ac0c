// Writes what table/kernels.mjs says into the three languages. With --check it writes nothing and fails where a
// file is not what it would write.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KERNELS } from '../table/kernels.mjs';
import { PLANS } from '../table/product-plan.mjs';
import { assemblyscriptSource, rowSource } from './table/assemblyscript.mjs';
import { rustSource } from './table/rust.mjs';
import { typescriptSource } from './table/typescript.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const TARGETS = {
  'packages/engine/src/calls.ts': typescriptSource,
  'packages/backend-simd/kernels/arguments.ts': (kernels) => assemblyscriptSource(kernels, PLANS),
  'packages/backend-simd/src/plan.ts': () => rowSource(PLANS),
  'packages/backend-native/rust/src/generated.rs': rustSource,
};

const check = process.argv.includes('--check');
for (const [path, sourceOf] of Object.entries(TARGETS)) {
  const target = join(root, path);
  const source = sourceOf(KERNELS);
  if (!check) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, source);
  } else if (readFileSync(target, 'utf8') !== source) {
    const script = relative(process.cwd(), fileURLToPath(import.meta.url));
    console.error(`${path} is not what the table of kernels says; run node ${script}`);
    process.exitCode = 1;
  }
}
