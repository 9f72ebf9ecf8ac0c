// Computes on four threads, then waits: prints the processor time of an idle second, in milliseconds.
import { setTimeout as sleep } from 'node:timers/promises';
import { matMul, ones, setBackend } from '@tensorflow/tfjs-core';
import { registerNative } from '@twocan/backend-native';

registerNative('four', { threads: 4 });
await setBackend('four');
for (let i = 0; i < 20; i++) matMul(ones([300, 300]), ones([300, 300])).dispose();
await sleep(300);
const before = process.cpuUsage();
await sleep(1000);
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1000);
