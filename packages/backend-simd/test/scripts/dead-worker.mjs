// Ends the workers of the pool behind its back, and computes on.
import threads from 'node:worker_threads';
import { matMul, ones, setBackend } from '@tensorflow/tfjs-core';

const workers = [];
const { Worker } = threads;
threads.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    workers.push(this);
  }
};
const { configureSimd } = await import('@twocan/backend-simd');
configureSimd({ threads: 2 });
await setBackend('simd');
const big = ones([300, 300]);
matMul(big, big).dispose();
await Promise.all(workers.map((worker) => worker.terminate()));
try {
  matMul(big, big);
} catch (error) {
  console.log(error.message);
}
