import { methodSettings } from './method.ts';
import { checkedValues } from './problems.ts';
import { choice, type Given, type Schema, setting, type Values } from './setting.ts';
import { TRAINING } from './training.ts';
import { VIEWS } from './views.ts';

/** Where the settings that are not given come from. */
const RECIPE = {
  recipe: setting(choice(['measured', 'paper']), {
    group: 'Model and method',
    usual: 'the measured one of preset, method and length, where there is one',
    text: 'Where settings that are not given come from: measurement or the papers',
  }),
};

/**
 * Every setting of a run, by name: flags, help, config files, forms and their checks are made of it.
 *
 * Ranges that depend on other settings (patches that divide the image) are checked where the
 * method's config is resolved.
 */
export const pretrainSettings = {
  ...VIEWS,
  ...methodSettings(),
  ...RECIPE,
  ...TRAINING,
} satisfies Schema;

/** What a user may say about a run; all that is left out has a default. */
export type Settings = Readonly<Given<typeof pretrainSettings>>;

/**
 * Checks settings, but for what depends on the method: `resolveCanConfig` looks at that.
 *
 * @param caller the function that names itself in errors
 * @param settings what it was given
 * @returns the settings with their defaults
 * @throws TypeError for no object; RangeError that lists every setting that is unknown or out of range
 */
export function checkedSettings(
  caller: string,
  settings: Settings,
): Values<typeof pretrainSettings> {
  return checkedValues(caller, pretrainSettings, settings);
}
