import {
  aboutOf,
  hintOf,
  pretrainSettings,
  recipeDefaults,
  type Schema,
  shapeOf,
  textOf,
} from '@twocan/pretrain/settings';
import type { Style } from '../terminal/style.ts';
import { wrap } from '../terminal/wrap.ts';
import { commandLine, table } from './columns.ts';
import { writtenFlag } from './flag-name.ts';

/** The help text of a command. */
export type Topic = {
  readonly name: string;
  readonly description: string;
  readonly settings: Schema;
  /** Command lines that work after file names are replaced. */
  readonly examples: readonly string[];
};

const OTHERS = 'Other';

/**
 * The help of one command: usage, options in groups, examples.
 *
 * @param topic the command
 * @param style how to set words off
 * @param columns how many a line may have
 * @returns text without a last line break
 */
export function commandHelp(
  { name, description, settings, examples }: Topic,
  style: Style,
  columns: number,
): string {
  const entries = Object.entries(settings);
  // Other commands have settings of the same names that no recipe sets.
  const hasRecipe = settings.recipe === pretrainSettings.recipe;
  const words = entries.flatMap(([, entry]) => (aboutOf(entry).positional ? hintOf(entry) : []));
  const usage = ['twocan', name, ...words, '[options]'];
  const options = entries
    .filter(([, entry]) => !aboutOf(entry).positional)
    .map(([key, entry]) => ({
      group: aboutOf(entry).group ?? OTHERS,
      left: `  ${writtenFlag(key)} ${hintOf(entry)}`.trimEnd(),
      text: helpText(entry, hasRecipe ? recipeDefaults(key) : undefined),
    }));
  const groups = [...new Set(options.map(({ group }) => group))];
  const write = table(
    options.map(({ left }) => left),
    columns,
  );
  const sections = groups.map((group) => {
    const own = options.filter((option) => option.group === group);
    const heading = group === OTHERS && groups[0] === OTHERS ? 'Options' : group;
    return [style.heading(heading), ...own.flatMap(({ left, text }) => write(left, text))].join(
      '\n',
    );
  });
  const shown = examples.flatMap((example) => commandLine(example, columns));
  return [
    wrap(`${description}.`, columns).join('\n'),
    [style.heading('Usage'), ...commandLine(usage.join(' '), columns)].join('\n'),
    ...sections,
    ...(shown.length > 0 ? [[style.heading('Examples'), ...shown].join('\n')] : []),
  ].join('\n\n');
}

/** What a setting sets, and what holds where it is left out. */
function helpText(entry: Schema[string], measured: string | undefined): string {
  const { needed, usual, default: value } = aboutOf(entry);
  const text = measured === undefined ? textOf(entry) : `${textOf(entry)}; measured: ${measured}`;
  if (needed) return `${text}; needed`;
  if (usual !== undefined) return `${text}; default ${usual}`;
  return value === undefined || shapeOf(entry).kind === 'flag' ? text : `${text}; default ${value}`;
}
