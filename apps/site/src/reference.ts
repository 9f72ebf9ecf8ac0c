import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, LogLevel } from 'typedoc';
import { REPOSITORY, ROOT } from './places.ts';

type Manifest = {
  readonly name: string;
  readonly description: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | { readonly default: string }>>;
};

/** What one writes after `from`, as `@twocan/data/web`, with its source and the name of its page. */
type Module = {
  readonly name: string;
  readonly source: string;
  readonly page: string;
  /** What its package is for; empty for the further modules of a package. */
  readonly about: string;
};

/** All modules that the published packages export. */
function modules(): readonly Module[] {
  const folders = ['apps', 'packages'].flatMap((group) =>
    readdirSync(join(ROOT, group)).map((name) => join(ROOT, group, name)),
  );
  return folders.flatMap((folder) => {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) return [];
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
    if (manifest.private === true) return [];
    return Object.entries(manifest.exports ?? {}).flatMap(([below, to]) => {
      if (typeof to === 'string') return [];
      const name = `${manifest.name}${below.slice(1)}`;
      const source = to.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
      const page = name.replace('@twocan/', '').replaceAll('/', '-');
      const about = below === '.' ? manifest.description : '';
      return [{ name, source: join(folder, source), page, about }];
    });
  });
}

/** A page of the reference, in Markdown without a title. */
export type ReferencePage = {
  readonly name: string;
  /** Its file without the ending; links between these pages are `${page}.md`. */
  readonly page: string;
  readonly about: string;
  readonly text: string;
};

/**
 * Describes every export from its type and its doc comment, by TypeDoc: one page for each module.
 *
 * @param folder an empty folder, for the Markdown that TypeDoc writes
 * @returns the pages, ordered by name
 * @throws Error where a module has no description
 */
export async function referencePages(folder: string): Promise<readonly ReferencePage[]> {
  const all = modules();
  const application = await Application.bootstrapWithPlugins({
    entryPoints: all.map(({ source }) => source),
    tsconfig: join(ROOT, 'apps/site/reference.tsconfig.json'),
    basePath: ROOT,
    displayBasePath: ROOT,
    disableGit: true,
    gitRevision: 'main',
    sourceLinkTemplate: `${REPOSITORY}/blob/{gitRevision}/{path}#L{line}`,
    plugin: ['typedoc-plugin-markdown'],
    skipErrorChecking: true, // npm run typecheck does that
    validation: false,
    readme: 'none',
    groupOrder: ['Functions', 'Variables', '*'],
    logLevel: LogLevel.Error,
    // Options of typedoc-plugin-markdown: one file for each module, its text alone, lists as tables.
    ...{
      outputFileStrategy: 'modules',
      hidePageHeader: true,
      hideBreadcrumbs: true,
      hidePageTitle: true,
      useCodeBlocks: true,
      parametersFormat: 'table',
      typeAliasPropertiesFormat: 'table',
      propertyMembersFormat: 'table',
      typeDeclarationFormat: 'table',
      tableColumnSettings: { hideModifiers: true, hideSources: true },
    },
  });
  const project = await application.convert();
  for (const module of project?.children ?? []) {
    const file = module.sources?.[0]?.fullFileName;
    const page = all.find(({ source }) => source === file)?.page;
    if (page !== undefined) module.name = page;
  }
  if (project !== undefined) {
    await application.outputs.writeOutput({ name: 'markdown', path: folder }, project);
  }
  return all
    .map(({ name, page, about }) => ({
      ...{ name, page, about },
      // The table of its properties says more than `type ViTConfig = object;`.
      text: readFileSync(join(folder, `${page}.md`), 'utf8').replace(
        /```ts\ntype [^\n]+ = object;\n```\n\n/g,
        '',
      ),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
