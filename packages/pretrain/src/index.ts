export { type PretrainConfig, resolveConfig, resolveModel } from './config.ts';
export { differences, type Sides } from './differences.ts';
export type { Settings } from './settings/settings.ts';
