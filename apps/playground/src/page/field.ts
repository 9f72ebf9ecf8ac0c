import type { PretrainConfig } from '@twocan/pretrain';
import { aboutOf, pretrainSettings, type Shape, shapeOf } from '@twocan/pretrain/settings';
import { helpOf, type SettingName, titleOf } from '../settings/names.ts';
import { resolvedValue } from '../settings/resolved.ts';
import { freshId, h } from './dom.ts';

/** A setting as part of a form. */
export type Field = {
  readonly element: HTMLElement;
  /** Shows a value; nothing is the default. */
  readonly set: (value: unknown) => void;
  /** Shows what it comes to where it is left open. */
  readonly resolve: (config: PretrainConfig) => void;
  readonly choices?: HTMLSelectElement;
};

/**
 * The field of a setting, by what its entry of the schema says.
 *
 * @param name the setting
 * @param changed called with what a person chose; nothing for the default
 * @returns the field
 */
export function makeField(name: SettingName, changed: (value: unknown) => void): Field {
  const entry = pretrainSettings[name];
  const shape = shapeOf(entry);
  const { default: usual } = aboutOf(entry);
  const id = freshId(name);
  const help = h('p', { class: 'help', id: `${id}-help` }, `${helpOf(name)}.`);
  const label = h('label', { for: id }, titleOf(name));
  const described = { id, 'aria-describedby': `${id}-help` };
  if (shape.kind === 'choice') {
    const select = h(
      'select',
      { ...described, change: () => changed(select.value === usual ? undefined : select.value) },
      ...shape.choices.map((choice) => h('option', { value: choice }, choice)),
    );
    return {
      element: h('div', { class: 'field' }, label, select, help),
      set: (value) => {
        select.value = String(value ?? usual ?? shape.choices[0]);
      },
      resolve: () => undefined,
      choices: select,
    };
  }
  if (shape.kind === 'list') return listField(name, shape, changed);
  const input = h('input', {
    ...described,
    ...boundsOf(shape),
    change: () => changed(read(input, shape)),
  });
  const ratio = isRatio(shape);
  const shown = h('output', { for: id });
  return {
    element: h(
      'div',
      { class: `field${ratio ? ' ratio' : ''}` },
      label,
      input,
      ratio ? shown : undefined,
      help,
    ),
    set(value) {
      input.dataset.given = String(value !== undefined);
      input.value = value === undefined ? '' : String(value);
      shown.textContent = input.value;
    },
    resolve(config) {
      const value = resolvedValue(name, config) ?? usual;
      if (value === undefined || input.dataset.given === 'true') return;
      if (ratio) {
        input.value = String(value);
        shown.textContent = String(value);
      } else input.placeholder = String(value);
    },
  };
}

/** Numbers from 0 to 1 are a slider. */
const isRatio = (shape: Shape): boolean =>
  shape.kind === 'number' && shape.range.min === 0 && shape.range.below === 1;

function boundsOf(shape: Shape): Record<string, string | number> {
  if (shape.kind !== 'number') return { type: 'text' };
  if (isRatio(shape)) return { type: 'range', min: 0, max: 0.95, step: 0.05 };
  // The schema checks ranges, with a sentence; a browser's own bounds would only stop the arrows.
  return {
    type: 'number',
    step: shape.whole ? 1 : 'any',
    inputmode: shape.whole ? 'numeric' : 'decimal',
  };
}

function read(input: HTMLInputElement, shape: Shape): unknown {
  if (input.value.trim() === '') return undefined;
  return shape.kind === 'number' ? Number(input.value) : input.value;
}

/** Several numbers beside each other; all of them are given, or none. */
function listField(
  name: SettingName,
  shape: Extract<Shape, { readonly kind: 'list' }>,
  changed: (value: unknown) => void,
): Field {
  const names = (/: ([\w, ]+)$/.exec(helpOf(name))?.[1] ?? '').split(', ');
  const inputs = Array.from({ length: shape.length ?? names.length }, (_, i) =>
    h('input', {
      ...boundsOf(shape.item),
      'aria-label': `${titleOf(name)}: ${names[i] ?? i + 1}`,
      change: () => {
        const all = inputs.map((input) => read(input, shape.item) ?? Number(input.placeholder));
        changed(inputs.every(({ value }) => value === '') ? undefined : all);
      },
    }),
  );
  const labelled = inputs.map((input, i) => h('label', {}, h('span', {}, names[i] ?? ''), input));
  return {
    element: h(
      'fieldset',
      { class: 'field list' },
      h('legend', {}, titleOf(name)),
      h('div', { class: 'numbers' }, ...labelled),
    ),
    set(value) {
      inputs.forEach((input, i) => {
        input.value = Array.isArray(value) ? String(value[i]) : '';
      });
    },
    resolve(config) {
      const value = resolvedValue(name, config);
      inputs.forEach((input, i) => {
        input.placeholder = Array.isArray(value) ? String(value[i]) : '';
      });
    },
  };
}
