import type { PretrainConfig, Settings } from '@twocan/pretrain';
import { aboutOf, pretrainSettings, problemsOf } from '@twocan/pretrain/settings';
import { FRONT, OF_METHOD, type SettingName, titleOf } from '../settings/names.ts';
import { tooLarge } from '../settings/sizes.ts';
import { commandLine, h } from './dom.ts';
import { type Field, makeField } from './field.ts';

/** What the form does with settings that a person chose. */
export type FormWishes = {
  readonly changed: (settings: Settings) => void;
  /** Begins a run with them. */
  readonly begin: () => void;
  /** Takes them back. */
  readonly undo: () => void;
};

/** Every setting of a run, as a form that is made of the schema. */
export function settingsForm(wishes: FormWishes): {
  readonly element: HTMLElement;
  readonly set: (settings: Settings) => void;
  readonly resolve: (config: PretrainConfig) => void;
  /** Whether settings were changed that the run does not have. */
  readonly pending: (pending: boolean) => void;
  readonly machine: (onGpu: boolean) => void;
} {
  let given: Readonly<Record<string, unknown>> = {};
  const problem = h('p', { class: 'warning', role: 'alert', hidden: true });
  const show = (text: string | undefined): void => {
    problem.hidden = text === undefined;
    problem.textContent = text ?? '';
  };
  const change = (name: SettingName, value: unknown): void => {
    const { [name]: _, ...others } = given;
    const kept =
      name === 'method'
        ? Object.fromEntries(
            Object.entries(others).filter(([other]) => !OF_METHOD.includes(other as SettingName)),
          )
        : others;
    const next = value === undefined ? kept : { ...kept, [name]: value };
    const source = {
      called: (own: string) => titleOf(own as SettingName),
      written: (own: unknown) => String(own),
    };
    const [wrong] = problemsOf(pretrainSettings, next, source);
    show(wrong);
    if (wrong === undefined) wishes.changed(next as Settings);
  };
  const names = Object.keys(pretrainSettings) as SettingName[];
  const fields = new Map<SettingName, Field>(
    names.map((name) => [name, makeField(name, (value) => change(name, value))]),
  );
  const elementsOf = (some: readonly SettingName[]): HTMLElement[] =>
    some.flatMap((name) => fields.get(name)?.element ?? []);
  const rest = names.filter((name) => !FRONT.includes(name));
  const groups = [...new Set(rest.map((name) => aboutOf(pretrainSettings[name]).group ?? ''))];
  const more = groups.map((group) =>
    h(
      'div',
      { class: 'group' },
      h('h3', {}, group),
      ...elementsOf(rest.filter((name) => (aboutOf(pretrainSettings[name]).group ?? '') === group)),
    ),
  );
  const larger = h('p', { class: 'help', hidden: true });
  const bar = h(
    'div',
    { class: 'pending', role: 'status', hidden: true },
    h('p', {}, 'These settings are not those of the run.'),
    h('button', { type: 'button', class: 'main', click: wishes.begin }, 'Begin a run with them'),
    h('button', { type: 'button', class: 'quiet', click: wishes.undo }, 'Undo'),
  );
  const front = elementsOf(FRONT);
  front.splice(FRONT.indexOf('preset') + 1, 0, larger);
  return {
    element: h(
      'form',
      { class: 'settings', 'aria-label': 'Settings', submit: (event) => event.preventDefault() },
      bar,
      problem,
      ...front,
      h('details', {}, h('summary', {}, 'More settings'), ...more),
    ),
    set(settings) {
      given = settings;
      show(undefined);
      for (const [name, field] of fields) field.set(given[name]);
    },
    resolve(config) {
      for (const field of fields.values()) field.resolve(config);
    },
    pending(pending) {
      bar.hidden = !pending;
    },
    machine(onGpu) {
      const large = tooLarge(onGpu);
      const select = fields.get('preset')?.choices;
      for (const option of select?.options ?? []) option.disabled = large.includes(option.value);
      larger.hidden = large.length === 0;
      larger.replaceChildren(
        `Too large for a tab: ${large.join(', ')}. Outside of it: `,
        commandLine(`npx twocan pretrain --preset ${large[0]} --data FOLDER`),
      );
    },
  };
}
