import type { Style } from '../terminal/style.ts';
import { wrap } from '../terminal/wrap.ts';
import { table } from './columns.ts';

/**
 * The help of the program: its commands.
 *
 * @param description what it is
 * @param topics its commands
 * @param style how to set words off
 * @param columns how many a line may have
 * @returns text without a last line break
 */
export function programHelp(
  description: string,
  topics: readonly { readonly name: string; readonly description: string }[],
  style: Style,
  columns: number,
): string {
  const write = table(
    topics.map(({ name }) => `  ${name}`),
    columns,
  );
  const more =
    "'twocan COMMAND --help' has the options of a command, 'twocan --version' the version.";
  return [
    wrap(`${description}.`, columns).join('\n'),
    `${style.heading('Usage')}\n  twocan COMMAND [options]`,
    [
      style.heading('Commands'),
      ...topics.flatMap((topic) => write(`  ${topic.name}`, topic.description)),
    ].join('\n'),
    wrap(more, columns).map(style.faint).join('\n'),
  ].join('\n\n');
}
