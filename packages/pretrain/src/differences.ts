import { expectOptions, expectType } from '@twocan/core';

/** What the two things that are compared are called. */
export type Sides = readonly [old: string, fresh: string];

/**
 * Where two values of plain JSON differ, leaf by leaf: why a run that was stopped cannot go on with
 * other settings.
 *
 * @param before one
 * @param now the other
 * @param options.without names at the top that do not count
 * @param options.sides the words for the two
 * @returns lines such as `model.views: 2 in the run, 1 now`; none where they agree
 * @example
 * differences({ batch: 64 }, { batch: 32 }); // ['batch: 64 in the run, 32 now']
 */
export function differences(
  before: object,
  now: object,
  options: { readonly without?: readonly string[]; readonly sides?: Sides } = {},
): string[] {
  for (const [name, value] of Object.entries({ before, now })) {
    expectType('differences', name, value, 'object');
  }
  expectOptions('differences', 'options', options, [], ['without', 'sides']);
  const { without = [], sides = ['in the run', 'now'] } = options;
  for (const [name, words] of Object.entries({ without, sides })) {
    expectType('differences', name, words, Array);
    for (const word of words) expectType('differences', name, word, 'string');
  }
  const [old, fresh] = [leaves(before), leaves(now)];
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((name) => !without.includes(name.split('.')[0] ?? ''))
    .filter((name) => old.get(name) !== fresh.get(name))
    .map(
      (name) =>
        `${name}: ${old.get(name) ?? 'absent'} ${sides[0]}, ${fresh.get(name) ?? 'absent'} ${sides[1]}`,
    );
}

function leaves(node: unknown, path = ''): Map<string, string> {
  if (node === null || typeof node !== 'object') return new Map([[path, JSON.stringify(node)]]);
  return new Map(
    Object.entries(node).flatMap(([name, child]) => [
      ...leaves(child, path === '' ? name : `${path}.${name}`),
    ]),
  );
}
