import type { Settings } from '@twocan/pretrain';
import { pretrainSettings, problemsOf, type Shape, shapeOf } from '@twocan/pretrain/settings';

/** Settings that were found in an address, and what is wrong with the rest of it. */
export type FromAddress = { readonly settings: Settings; readonly problems: readonly string[] };

/**
 * Settings as the part of an address after `#`, so that a link has all of them.
 *
 * @param settings those that differ from the defaults
 * @returns such as `preset=tiny32&weights=1,1,0`; empty for none
 */
export function toAddress(settings: Settings): string {
  const parts = Object.entries(settings).map(
    ([name, value]) => `${name}=${encodeURIComponent(String(value)).replaceAll('%2C', ',')}`,
  );
  return parts.join('&');
}

/**
 * The settings of an address: the inverse of {@link toAddress}. What cannot be used is left out and reported.
 *
 * @param address the part after `#`, or with it
 * @returns settings, and a line for each problem
 */
export function fromAddress(address: string): FromAddress {
  const given: Record<string, unknown> = {};
  for (const [name, value] of new URLSearchParams(address.replace(/^#/, ''))) {
    const entry = entryOf(name);
    given[name] = entry === undefined ? value : typed(value, shapeOf(entry));
  }
  const source = { called: (name: string) => name, written: (value: unknown) => String(value) };
  const wrong = Object.entries(given).flatMap(([name, value]) => {
    const [problem] = problemsOf(pretrainSettings, { [name]: value }, source);
    return problem === undefined ? [] : [{ name, problem }];
  });
  for (const { name } of wrong) delete given[name];
  return { settings: given as Settings, problems: wrong.map(({ problem }) => problem) };
}

const entryOf = (name: string) =>
  Object.hasOwn(pretrainSettings, name)
    ? pretrainSettings[name as keyof typeof pretrainSettings]
    : undefined;

/** A value as its type has it; text that is none of these stays what it is, and is a problem. */
function typed(text: string, shape: Shape): unknown {
  if (shape.kind === 'number') return text.trim() === '' ? text : Number(text);
  if (shape.kind === 'flag') return text === 'true' ? true : text === 'false' ? false : text;
  if (shape.kind === 'list') return text.split(',').map((part) => typed(part, shape.item));
  return text;
}
