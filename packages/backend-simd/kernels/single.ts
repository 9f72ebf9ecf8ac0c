// The module for memory of one thread: the same kernels without the pool.

export { attentionScratch } from './attention';
export { gemmScratch } from './entry';
export { runTask } from './tasks';
