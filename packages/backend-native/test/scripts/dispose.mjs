// Counts threads and memory of this process before, with and after a backend.
import { readdirSync } from 'node:fs';
import { add, matMul, memory, ones, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import { nativeReport, registerNative } from '@twocan/backend-native';

const now = () => ({
  threads: readdirSync('/proc/self/task').length,
  megabytes: process.memoryUsage.rss() / 2 ** 20,
});
await setBackend('cpu');
const before = now();
registerNative('three', { threads: 3 });
await setBackend('three');
const row = ones([1, 8192]);
const column = ones([8192, 1]);
const big = add(column, row); // 268 MB, computed where it lies
const small = ones([300, 300]);
const product = matMul(small, small);
const [sum] = product.dataSync();
const during = now();
for (const x of [row, column, big, small, product]) x.dispose();
const { numTensors } = memory();
await setBackend('cpu');
removeBackend('three');
const after = now();
const change = (name) => [during[name] - before[name], after[name] - before[name]];
const gone = nativeReport('three') === undefined;
console.log(
  JSON.stringify({
    sum,
    gone,
    numTensors,
    threads: change('threads'),
    megabytes: change('megabytes'),
  }),
);
