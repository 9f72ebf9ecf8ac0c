// The module for memory of one thread: the same kernels without the pool.

export { attentionScratch } from './attention';
export { gemmScratch } from './entry';
export { scatterAddRows } from './move';
export { runTask } from './tasks';
