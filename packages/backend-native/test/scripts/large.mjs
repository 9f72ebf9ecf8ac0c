// Tensors of more than 4 GB together, with values at both ends of each, and one that is too large.
import { add, backend, memory, ones, setBackend, slice } from '@tensorflow/tfjs-core';
import { registerNative } from '@twocan/backend-native';

const GB = 2 ** 30;
const [ROWS, COLUMNS] = [25_000, 10_000]; // 1 GB of floats
const rss = () => process.memoryUsage.rss() / GB;
registerNative('large', { threads: 2 });
await setBackend('large');
const before = rss();
const row = ones([1, COLUMNS]);
const column = ones([ROWS, 1]);
const all = [add(column, row)];
for (let i = 1; i < 5; i++) all.push(add(all[i - 1], row));
const corners = [
  [0, 0],
  [ROWS - 1, COLUMNS - 1],
];
const ends = all.map((x) => corners.map((at) => slice(x, at, [1, 1]).dataSync()[0]));
const { numBytes } = memory();
const during = rss() - before;
let refused = '';
try {
  add(ones([2 ** 16, 1]), ones([1, 2 ** 13 + 1])); // more than 2 GB
} catch (error) {
  refused = error.message;
}
const kept = all.slice(1).map((x) => x.dispose()).length;
// What a timer does every half minute: what was free since the last time is given back.
const { heap } = backend().engine;
heap.trim();
heap.trim();
const after = rss() - before;
console.log(JSON.stringify({ ends, kept, numBytes, during, after, refused }));
