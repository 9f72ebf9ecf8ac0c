// The module for shared memory.

export { attentionScratch } from './attention';
export { gemmScratch } from './entry';
export { end, finished, open, run, sleep, wordsOf, workerLoop } from './pool';
export { runTask } from './tasks';
