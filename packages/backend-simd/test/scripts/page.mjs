// What a page or a worker in a browser does: start the backend, compute, compare with the cpu's.
import '@twocan/backend-simd';
import * as tf from '@tensorflow/tfjs-core';
import { simdReport } from '@twocan/backend-simd';

export async function check() {
  const numbers = (n, step) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * step));
  const results = {};
  for (const backend of ['cpu', 'simd']) {
    await tf.setBackend(backend);
    const a = tf.tensor2d(numbers(130 * 257, 0.7), [130, 257]);
    const b = tf.tensor2d(numbers(257 * 129, 0.3), [257, 129]);
    const out = tf.tidy(() => tf.softmax(tf.add(tf.matMul(a, b), tf.sum(tf.exp(b), 0))));
    results[backend] = await out.data();
  }
  const worst = results.simd.reduce((w, x, i) => Math.max(w, Math.abs(x - results.cpu[i])), 0);
  return { ...simdReport(), worst, isolated: globalThis.crossOriginIsolated === true };
}

const inWorker = typeof document === 'undefined';
if (inWorker) {
  addEventListener('message', async () => postMessage(await check()));
} else if (new URL(location.href).searchParams.has('worker')) {
  const worker = new Worker('/page.js', { type: 'module' });
  worker.onmessage = ({ data }) => fetch('/result', { method: 'POST', body: JSON.stringify(data) });
  worker.postMessage('go');
} else {
  const result = await check().catch((error) => ({ error: String(error) }));
  await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
}
