import { GEMM_SCRATCH } from './gemm';

/** Bytes of scratch that every thread needs for products. */
export function gemmScratch(): usize {
  return GEMM_SCRATCH;
}
