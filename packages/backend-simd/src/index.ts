export { configureSimd, type SimdReport, simdReport } from './start.ts';
export type { SimdOptions } from './variant.ts';
