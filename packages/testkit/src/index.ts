export { describeBackends, TESTED_BACKENDS, type TestedBackend } from './backends.ts';
export { expectClose, type Numbers, type Tolerance } from './close.ts';
export { expectTreeClose, type Golden, loadGolden } from './golden.ts';
export { checkGradient, type GradientCheck } from './gradient.ts';
export { expectNoLeak } from './leak.ts';
export { readBytes } from './read-bytes.ts';
