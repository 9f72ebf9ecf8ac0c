import {
  aboutOf,
  choice,
  didYouMean,
  flag,
  hintOf,
  list,
  methodSettings,
  number,
  pretrainSettings,
  problemsOf,
  setting,
  shapeOf,
  text,
  textOf,
  three,
  whole,
  withDefaults,
} from '@twocan/pretrain/settings';
import { describe, expect, it } from 'vitest';

const SETTINGS = {
  name: setting(text, { text: 'Its name', needed: true }),
  size: setting(whole({ min: 2 }), { text: 'Its size', default: 4 }),
  share: setting(number({ above: 0, max: 0.5 }), { text: 'A share', usual: 'half of it' }),
  mode: setting(choice(['a', 'b']), { text: 'How', default: 'b' }),
  long: setting(choice(['as-it-was-before', 'as-it-is']), { text: 'Which' }),
  on: setting(flag, { text: 'On', default: false }),
  steps: setting(list(whole({ min: 1 })), { text: 'Steps', hint: 'N,N' }),
  parts: setting(three(number({ min: 0 })), { text: 'Parts', hint: 'A,B,C' }),
};
const source = { called: (name: string) => name, written: (value: unknown) => String(value) };
const wrong = (values: object) =>
  problemsOf(SETTINGS, values as Readonly<Record<string, unknown>>, source);

describe('settings', () => {
  it('have defaults, and none where a default depends on something else', () => {
    expect(withDefaults(SETTINGS, { name: 'x' })).toEqual({
      name: 'x',
      size: 4,
      mode: 'b',
      on: false,
    });
    expect(withDefaults(SETTINGS, { name: 'x', size: 9, share: 0.5 })).toMatchObject({
      size: 9,
      share: 0.5,
    });
  });

  it('name everything that is wrong at once, in their order', () => {
    expect(wrong({ size: 1, mode: 'B', on: 'yes', parst: [1] })).toEqual([
      'name is needed: its name',
      'size must be a whole number of at least 2, got 1',
      'mode must be one of a, b, got B; did you mean b?',
      'on must be true or false, got yes',
      'unknown setting parst; did you mean parts?',
    ]);
    expect(wrong({ name: '', share: 0, steps: [1, 'x'], parts: [1, 2] })).toEqual([
      'name needs a value, got ',
      'share must be a number above 0 and at most 0.5, got 0',
      'steps must be a whole number of at least 1, got x',
      'parts must be three numbers of at least 0 (A,B,C), got 1,2',
    ]);
    expect(wrong({ name: 'x', share: 0.6, steps: [], parts: [0, 0, 1e31] })).toEqual([
      'share must be a number above 0 and at most 0.5, got 0.6',
      'steps must be one or more whole numbers of at least 1 (N,N), got ',
      'parts must be three numbers of at least 0 and at most 1e+30 (A,B,C), got 0,0,1e+31',
    ]);
    expect(wrong({ name: 'x', toString: 1 })).toEqual(['unknown setting toString']);
  });

  it('show choices, ranges and hints', () => {
    const hints = Object.values(SETTINGS).map(hintOf);
    expect(hints).toEqual(['TEXT', 'N', '0..0.5', 'a|b', 'NAME', '', 'N,N', 'A,B,C']);
    expect([textOf(SETTINGS.mode), textOf(SETTINGS.long)]).toEqual([
      ...['How', 'Which: as-it-was-before, as-it-is'],
    ]);
    expect(shapeOf(SETTINGS.parts)).toMatchObject({ kind: 'list', length: 3 });
  });
});

describe('pretrainSettings', () => {
  it('have the defaults of the papers', () => {
    const values = withDefaults(pretrainSettings, {});
    expect(values).toMatchObject({ temperature: 0.1, noiseScale: 1, noiseEmbed: 'all', seed: 0 });
    expect(values).not.toHaveProperty('maskRatio');
    expect(aboutOf(pretrainSettings.maskRatio).usual).toBe(
      '0.5 (can, contrastive-masked), 0.75 (mae), 0 (simclr)',
    );
    expect(aboutOf(methodSettings(['mae']).maskRatio).usual).toBe('0.75');
  });
});

describe('didYouMean', () => {
  it.each([
    ['stpes', '; did you mean --steps?'],
    ['temp', '; did you mean --temperature?'],
    ['ratio', '; did you mean --mask-ratio?'],
    ['x', ''],
    ['', ''],
    ['photographs', ''],
  ])('of %s is %j', (word, expected) => {
    expect(didYouMean(word, ['steps', 'temperature', 'mask-ratio'])).toBe(expected);
  });
});
