import { availableParallelism } from 'node:os';
import { matMul, setBackend, tensor } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { measurePeak } from '@twocan/backend-simd';
import { fold, key, normal } from '@twocan/core';
import { startEngine } from './engine.ts';
import { median } from './median.ts';
import { machine } from './options.ts';
import { type Peer, startPeer } from './peer.ts';
import { torchCommand } from './torch.ts';

// Products of matrices at training shapes: simd beside stock wasm and PyTorch, in turns, in one run.
const [roundsWord = '7', threadsWord = String(availableParallelism())] = process.argv.slice(2);
const [rounds, threads] = [Number(roundsWord), Number(threadsWord)];

type Product = readonly [
  name: string,
  batch: number,
  m: number,
  n: number,
  k: number,
  transposeA?: boolean,
  transposeB?: boolean,
];

// tiny32 with batch 64 in two views has 4,224 rows (33 tokens); ViT-B/16 at 224 with batch 8 has 1,584.
const PRODUCTS: readonly Product[] = [
  ['tiny32 qkv', 1, 4224, 576, 192],
  ['tiny32 MLP, up', 1, 4224, 768, 192],
  ['tiny32 MLP, down', 1, 4224, 192, 768],
  ['… its dX', 1, 4224, 768, 192, false, true],
  ['… its dW', 1, 768, 192, 4224, true],
  ['ViT-B/16 MLP, up', 1, 1584, 3072, 768],
  ['… its dX', 1, 1584, 768, 3072, false, true],
  ['… its dW', 1, 768, 3072, 1584, true],
  ['both transposed', 1, 1024, 1024, 1024, true, true],
  ['tiny32 scores', 384, 33, 33, 64, false, true],
  ['tiny32 mixing', 384, 33, 64, 33],
  ['… its dV', 384, 33, 64, 33, true],
  ['decoder scores', 512, 65, 65, 32, false, true],
  ['ViT-B/16 scores', 192, 99, 99, 64, false, true],
  ['ViT-B/16 mixing', 192, 99, 64, 99],
];
const flops = ([, batch, m, n, k]: Product): number => 2 * batch * m * n * k;
/** As many as take some milliseconds: a single small product is below the clock's grain. */
const repeatsOf = (product: Product): number => Math.max(1, Math.round(1e9 / flops(product)));

const ROOT = key(0);

/** The numbers of both matrices. */
type Numbers = readonly [a: Float32Array, b: Float32Array];

function numbersOf([, batch, m, n, k]: Product): Numbers {
  const draw = (name: string, size: number): Float32Array => normal(fold(ROOT, name), size);
  return [draw('a', batch * m * k), draw('b', batch * k * n)];
}

/** Milliseconds of one product on the current backend. */
function timed(product: Product, [valuesA, valuesB]: Numbers): number {
  const [, batch, m, n, k, transposeA = false, transposeB = false] = product;
  const shape = (rows: number, columns: number): number[] =>
    batch === 1 ? [rows, columns] : [batch, rows, columns];
  const a = tensor(valuesA, transposeA ? shape(k, m) : shape(m, k));
  const b = tensor(valuesB, transposeB ? shape(n, k) : shape(k, n));
  const multiply = (): void => matMul(a, b, transposeA, transposeB).dispose();
  multiply();
  const repeats = repeatsOf(product);
  const begin = performance.now();
  for (let i = 0; i < repeats; i++) multiply();
  const millis = (performance.now() - begin) / repeats;
  a.dispose();
  b.dispose();
  return millis;
}

await chooseBackend('wasm');
console.log(`products of matrices, simd beside stock wasm; ${machine()}`);
console.log(await startEngine('simd', { threads }));
let torch: Peer | undefined;
try {
  torch = await startPeer(torchCommand('products.py'), threads);
  console.log(torch.about);
} catch (cause) {
  console.log(`without PyTorch: ${(cause as Error).message}`);
}

console.log('ceiling: 128-bit multiply-adds alone, measured in the same turns\n');
console.log(
  '| product | shape (batch x m x n x k) | `simd` GFLOP/s | of the ceiling | stock wasm | PyTorch |',
);
console.log('| --- | --- | --- | --- | --- | --- |');
for (const product of PRODUCTS) {
  const [name, batch, m, n, k, transposeA = false, transposeB = false] = product;
  const line = JSON.stringify([batch, m, n, k, transposeA, transposeB, repeatsOf(product)]);
  const millis: Record<'simd' | 'wasm' | 'torch', number[]> = { simd: [], wasm: [], torch: [] };
  const numbers = numbersOf(product);
  const peaks: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const backend of ['wasm', 'simd'] as const) {
      await setBackend(backend);
      millis[backend].push(timed(product, numbers));
    }
    peaks.push(measurePeak()); // on simd, which came last
    if (torch) millis.torch.push(await torch.measure(line));
  }
  const rate = flops(product) / median(millis.simd) / 1e6;
  const beside = (other: readonly number[]): string =>
    other.length === 0 ? '' : `${(median(other) / median(millis.simd)).toFixed(2)}x`;
  console.log(
    `| ${name} | ${[batch, m, n, k].join(' x ')} | ${rate.toFixed(0)} | ` +
      `${((100 * rate) / median(peaks)).toFixed(0)}% | ${beside(millis.wasm)} | ${beside(millis.torch)} |`,
  );
}
await torch?.close();
process.exit(0);
