// Compiles kernels/*.ts (AssemblyScript) into the four modules of src/generated/, wasm as base64:
// no asset paths, so the package works in Node, in workers and in bundles alike.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

const root = new URL('../', import.meta.url);
const out = new URL('src/generated/', root);
await mkdir(out, { recursive: true });

for (const shared of [true, false]) {
  for (const relaxed of [true, false]) {
    const name = `${relaxed ? 'relaxed' : 'simd'}-${shared ? 'shared' : 'alone'}`;
    const features = ['simd', 'threads', 'bulk-memory', ...(relaxed ? ['relaxed-simd'] : [])];
    const wasm = [];
    const { error, stderr } = await asc.main(
      [
        'kernels/index.ts',
        '-O3',
        '--noAssert',
        ...['--runtime', 'stub', '--importMemory', '--enable', features.join(',')],
        ...(shared ? ['--sharedMemory', '--initialMemory', '16', '--maximumMemory', '65536'] : []),
        ...['--outFile', `${name}.wasm`],
      ],
      {
        readFile: (path) => readFile(new URL(path, root), 'utf8').catch(() => null),
        writeFile: (_, contents) => void wasm.push(contents),
      },
    );
    if (error) {
      console.error(stderr.toString());
      throw error;
    }
    const bytes = Buffer.from(wasm.find((part) => typeof part !== 'string'));
    const text = `// Made by scripts/build-kernels.mjs from kernels/; do not edit.\nexport const WASM =\n  '${bytes.toString('base64')}';\n`;
    await writeFile(new URL(`${name}.ts`, out), text);
    console.log(`${name}: ${bytes.length} bytes`);
  }
}
