import type { Settings } from '@twocan/pretrain';
import { describe, expect, it } from 'vitest';
import { fromAddress, toAddress } from '../src/settings/address.ts';

describe('settings in an address', () => {
  it.each<[Settings, string]>([
    [{}, ''],
    [{ preset: 'tiny32', maskRatio: 0.25 }, 'preset=tiny32&maskRatio=0.25'],
    [{ weights: [1, 0.5, 0], seed: 3 }, 'weights=1,0.5,0&seed=3'],
  ])('%j is %s, and back', (settings, address) => {
    expect(toAddress(settings)).toBe(address);
    expect(fromAddress(`#${address}`)).toEqual({ settings, problems: [] });
  });

  it('leaves out what cannot be used, and says so', () => {
    const { settings, problems } = fromAddress(
      '#batch=two&maskRatio=2&steps=7&colour=red&weights=1,2',
    );
    expect(settings).toEqual({ steps: 7 });
    expect(problems).toHaveLength(4);
    expect(problems.join('\n')).toMatch(
      /batch must be a whole number.*\nmaskRatio must be .*below 1.*\nunknown setting colour/,
    );
  });
});
