export { describeBackends, TESTED_BACKENDS, type TestedBackend } from './backends.ts';
export { expectClose, type Numbers, type Tolerance } from './close.ts';
export { type EngineVariant, engineVariants, type TestedEngine } from './engines.ts';
export { expectTreeClose, type Golden, loadGolden } from './golden.ts';
export { checkGradient, type GradientCheck } from './gradient.ts';
export { expectNoLeak } from './leak.ts';
export { madeUpRecipes } from './made-up-recipes.ts';
export { readBytes } from './read-bytes.ts';
export { type MadeMember, paxRecord, tarFile, tarMember } from './tar.ts';
