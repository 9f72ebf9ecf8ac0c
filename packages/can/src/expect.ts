import { expectInteger, expectNumber, expectOptions, expectParams, expectType } from '@twocan/core';
import { type CanConfig, PAPER_NOISE, termNames } from './config.ts';
import type { CanParams } from './params.ts';
import { findProblems } from './problems.ts';

const PARTS = {
  encoder: ['image', 'channels', 'patch', 'width', 'depth', 'heads', 'mlpRatio', 'epsilon'],
  decoder: ['width', 'depth', 'heads', 'mlpRatio'],
  weights: termNames,
  noise: ['max', 'embed', 'embedCls', 'scale'],
  projector: ['hidden', 'layers', 'out', 'batchNorm', 'statistics'],
} as const;
const SETTINGS = ['views', 'maskRatio', 'temperature', 'target', 'normalizePixels', 'pool'];

/** Checks that an argument is a whole config without problems, as `resolveCanConfig` makes them. */
export function expectCanConfig(caller: string, config: CanConfig): void {
  expectOptions(caller, 'config', config, [...Object.keys(PARTS), ...SETTINGS], []);
  for (const [name, needed] of Object.entries(PARTS)) {
    const free = name === 'noise' ? Object.keys(PAPER_NOISE) : undefined;
    expectOptions(caller, `config.${name}`, config[name as keyof typeof PARTS], needed, free);
  }
  expectOptions(caller, 'config.encoder.image', config.encoder.image, ['height', 'width']);
  expectType(caller, 'config.normalizePixels', config.normalizePixels, 'boolean');
  expectType(caller, 'config.noise.embedCls', config.noise.embedCls, 'boolean');
  expectType(caller, 'config.projector.batchNorm', config.projector.batchNorm, 'boolean');
  expectNumber(caller, 'config.maskRatio', config.maskRatio, 'lie in [0, 1)', (x) => x < 1);
  expectInteger(caller, 'config.projector.hidden', config.projector.hidden);
  const [first] = findProblems(config);
  if (first !== undefined) throw new RangeError(`${caller}: config must fit, got ${first}`);
}

/** Checks that an argument is a tree of parameters with an encoder. */
export function expectCanParams(caller: string, params: Pick<CanParams, 'encoder'>): void {
  expectParams(caller, 'params', params, ['encoder']);
}
