// Computes in a worker thread, then ends it while the engine is at work; then once more in a fresh one.

import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

async function compute() {
  const { matMul, ones, setBackend } = await import('@tensorflow/tfjs-core');
  const { configureNative, nativeReport } = await import('@twocan/backend-native');
  configureNative({ threads: 3 });
  await setBackend('native');
  const [value] = matMul(ones([300, 64]), ones([64, 300])).dataSync();
  parentPort.postMessage(`${nativeReport().threads} threads: ${value}`);
  const big = ones([700, 700]);
  for (;;) matMul(big, big).dispose();
}

async function main() {
  const threads = () => readdirSync('/proc/self/task').length;
  const before = threads();
  for (let i = 0; i < 3; i++) {
    const worker = new Worker(fileURLToPath(import.meta.url));
    const text = await new Promise((done, fail) =>
      worker.once('message', done).once('error', fail),
    );
    await sleep(30 * i);
    await worker.terminate();
    console.log(text);
  }
  for (let i = 0; i < 100 && threads() > before; i++) await sleep(50);
  console.log(`${threads() - before} threads left`);
}

await (isMainThread ? main() : compute());
