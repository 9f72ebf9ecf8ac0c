import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

if (isMainThread) {
  new Worker(fileURLToPath(import.meta.url)).on('message', (text) => {
    console.log(text);
    process.exit(0);
  });
} else {
  const { matMul, ones, setBackend } = await import('@tensorflow/tfjs-core');
  const { configureSimd, simdReport } = await import('@twocan/backend-simd');
  configureSimd({ threads: 2 });
  await setBackend('simd');
  const [value] = matMul(ones([300, 64]), ones([64, 300])).dataSync();
  parentPort.postMessage(`${simdReport().threads} threads: ${value}`);
}
