import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import { commandHelp } from '../src/args/help.ts';
import { givenOf } from '../src/args/values.ts';
import { styleFor } from '../src/terminal/style.ts';
import { COMMANDS, flagOf } from './all-commands.ts';

// What valibot's own JSON Schema says of each setting is held against the help and the command line.
type Property = {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
};
/** More than any computation takes: such a maximum is not shown. */
const NO_END = 1e15;

/** The help as lines by flag: `--batch` → `N  Images a step; default 64`. */
function shownBy(command: (typeof COMMANDS)[number]): Map<string, string> {
  const help = commandHelp(command, styleFor({ isTTY: false }), 1000);
  const options = [...help.matchAll(/^ {2}(--[a-z0-9-]+) ?(.*)$/gm)];
  return new Map(options.map(([, flag = '', rest = '']) => [flag, rest.trim()]));
}

describe.each(COMMANDS.map((command) => [command.name, command] as const))('%s', (_, command) => {
  const shown = shownBy(command);
  const schema = toJsonSchema(v.strictObject(command.settings), { typeMode: 'input' });
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Property>);
  const isPositional = (property: Property): boolean =>
    (property as { readonly positional?: boolean }).positional === true;
  const options = properties.filter(([, property]) => !isPositional(property));

  test('has a line of help for each setting, and no other', () => {
    expect([...shown.keys()].sort()).toEqual(options.map(([name]) => flagOf(name)).sort());
  });

  test.each(options)('--%s: the line has text, default, choices and range', (name, property) => {
    const line = shown.get(flagOf(name)) ?? '';
    const ends = line.split('; default ')[1];
    expect(line).toContain(property.description?.split('; default ')[0]);
    if (property.default !== undefined && property.type !== 'boolean') {
      expect(ends).toBe(String(property.default));
    } else {
      expect(ends).toBe(property.description?.split('; default ')[1]);
    }
    for (const choice of property.enum ?? []) expect(line).toContain(choice);
    const least = property.minimum ?? property.exclusiveMinimum;
    const units = /^(PX|MB|RATE|W|T|L|S|F|STEPS) /.test(line);
    if ((property.maximum ?? NO_END) < NO_END && !units) {
      expect(line).toMatch(new RegExp(`^${least}\\.\\.${property.maximum} `));
    }
  });

  const numbers = options.filter(([, { type }]) => type === 'number' || type === 'integer');
  test.each(numbers)('--%s: numbers in its range are taken, and no others', (name, property) => {
    const { minimum, exclusiveMinimum, exclusiveMaximum } = property;
    const step = property.type === 'integer' ? 1 : 0.001;
    const { maximum = exclusiveMaximum === undefined ? NO_END : exclusiveMaximum - step } =
      property;
    const least = minimum ?? (exclusiveMinimum ?? 0) + step;
    const words = (value: number) => ({
      words: { [flagOf(name).slice(2)]: String(value) },
      problems: [],
    });
    const settings = { [name]: command.settings[name] as v.GenericSchema };
    for (const value of [least, Math.min(maximum, least + 7 * step), Math.min(maximum, NO_END)]) {
      expect(givenOf(words(value), settings)).toEqual({ [name]: value });
    }
    const outside = [least - step, ...(maximum < NO_END ? [maximum + step] : [])];
    const halves = property.type === 'integer' ? [least + 0.5] : [];
    for (const value of [...outside, ...halves]) {
      expect(() => givenOf(words(value), settings)).toThrow(`${flagOf(name)} must be a`);
    }
  });
});
