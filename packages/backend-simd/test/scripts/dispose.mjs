// Counts the threads of this process before, with and after a backend.
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { matMul, ones, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import { registerSimd } from '@twocan/backend-simd';

const threads = () => readdirSync('/proc/self/task').length;
await setBackend('cpu');
const before = threads();
registerSimd('three', { threads: 3 });
await setBackend('three');
const big = ones([300, 300]);
const sum = matMul(big, big).dataSync()[0];
const during = threads();
await setBackend('cpu');
removeBackend('three');
for (let i = 0; i < 100 && threads() > before; i++) await sleep(50);
console.log(`${sum} ${during - before} ${threads() - before}`);
