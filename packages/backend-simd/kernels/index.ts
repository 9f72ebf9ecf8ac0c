export { gemmScratch } from './gemm';
export { attach, close, join, open, retire, serve } from './pool';
