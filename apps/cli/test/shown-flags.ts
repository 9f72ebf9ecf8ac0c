/** A flag in a page, and the commands one of which must take it. */
export type ShownFlag = { readonly flag: string; readonly commands: readonly string[] };

const FLAG = /(?<![\w-])(--[a-z][a-z0-9-]*)/g;

const flagsOf = (text: string): string[] => [...text.matchAll(FLAG)].map(([flag]) => flag);

/**
 * Every flag of a Markdown page with the command that it is shown with.
 *
 * In a line of a program's, the command is the line's. In prose it is that of the heading, or one that the
 * paragraph names; without these, one that is run in the section, or else in the page, or else `pretrain`,
 * whose runs the pages are about.
 *
 * @param page its text
 * @param commands the names of all commands
 * @returns flags in order; those in lines of other programs are left out
 */
export function shownFlags(page: string, commands: readonly string[]): ShownFlag[] {
  const isCommand = (word: string): boolean => commands.includes(word);
  const run = (text: string): string[] =>
    [...text.matchAll(/\btwocan ([a-z]+)/g)].flatMap(([, word = '']) =>
      isCommand(word) ? word : [],
    );
  const named = (text: string): string[] => [
    ...run(text),
    ...[...text.matchAll(/`([a-z]+)`/g)].flatMap(([, word = '']) => (isCommand(word) ? word : [])),
  ];
  const inPage = run(page);
  return page.split(/^(?=#{1,6} )/m).flatMap((section) => {
    const heading = section.startsWith('#') ? section.slice(0, section.indexOf('\n')) : '';
    const own = heading.split(/\W+/).filter(isCommand);
    const around = [run(section), inPage, ['pretrain']].find((some) => some.length > 0) ?? [];
    return section.split(/^ *```/m).flatMap((part, i): ShownFlag[] => {
      if (i % 2 === 1) return part.replaceAll('\\\n', ' ').split('\n').flatMap(ofLine);
      // A row of a table stands for itself.
      return part.split(/\n\s*\n|\n(?=\|)/).flatMap((paragraph) => {
        const spans = [...paragraph.matchAll(/`([^`]*)`/g)].map(([, code = '']) => code);
        // Lines within prose: of ours, and of other programs.
        const whole = spans.filter((code) => /^[a-z][\w./-]* /.test(code));
        const rest = whole.reduce((text, code) => text.replace(code, ''), paragraph);
        const near = [...own, ...named(paragraph)];
        const allowed = near.length > 0 ? near : around;
        return [
          ...whole.flatMap((code) => ofLine(code)),
          ...flagsOf(rest).map((flag) => ({ flag, commands: allowed })),
        ];
      });
    });
  });

  function ofLine(line: string): ShownFlag[] {
    const command = run(line)[0];
    if (command === undefined) return [];
    // What stands before is another program's, such as mpirun.
    const own = line.slice(line.search(/\btwocan /));
    return flagsOf(own).map((flag) => ({ flag, commands: [command] }));
  }
}
