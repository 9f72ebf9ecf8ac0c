import { aboutOf, pretrainSettings } from '@twocan/pretrain/settings';

/** The name of a setting. */
export type SettingName = keyof typeof pretrainSettings;

/** The settings that are shown at once; the others are below them. */
export const FRONT: readonly SettingName[] = [
  ...(['method', 'preset', 'maskRatio', 'sigmaMax', 'weights', 'temperature', 'lr'] as const),
];

/** A method sets these; those of another method are dropped when it is chosen. */
export const OF_METHOD: readonly SettingName[] = ['maskRatio', 'sigmaMax', 'weights'];

const TITLES: Partial<Record<SettingName, string>> = {
  lr: 'Learning rate',
  sigmaMax: 'Noise σ, at most',
  ema: 'Moving average',
};

/** The title of a setting: its name in words. */
export function titleOf(name: SettingName): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return TITLES[name] ?? `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** What a setting sets, with titles in place of the flags of the command line. */
export function helpOf(name: SettingName): string {
  const { text } = aboutOf(pretrainSettings[name]);
  return text.replace(/--([a-z-]+)/g, (_, flag: string) => {
    const own = flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    return Object.hasOwn(pretrainSettings, own) ? titleOf(own as SettingName) : own;
  });
}
