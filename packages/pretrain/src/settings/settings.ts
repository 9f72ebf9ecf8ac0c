import { expectOptions } from '@twocan/core';
import { methodSettings } from './method.ts';
import { problemsOf } from './problems.ts';
import { type Given, type Schema, type Values, withDefaults } from './setting.ts';
import { TRAINING, VIEWS } from './training.ts';

/**
 * Every setting of a run, by name: flags, help, config files, forms and their checks are made of it.
 *
 * Ranges that depend on other settings (patches that divide the image) are checked where the
 * method's config is resolved.
 */
export const pretrainSettings = {
  ...VIEWS,
  ...methodSettings(),
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
  expectOptions(caller, 'settings', settings, []);
  // Nothing is as good as a name that is left out.
  const given = Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  );
  const problems = problemsOf(pretrainSettings, given, {
    called: (name) => name,
    written: (value) => JSON.stringify(value) ?? String(value),
  });
  if (problems.length > 0) throw new RangeError(`${caller}: ${problems.join('\n')}`);
  return withDefaults(pretrainSettings, given);
}
