import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

type Ranges = { readonly [name: string]: string };

/** What the tests read of a package.json. */
export type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly dependencies?: Ranges;
  readonly peerDependencies?: Ranges;
  readonly devDependencies?: Ranges;
  readonly optionalDependencies?: Ranges;
  /** Names of its own for what it imports, by the place where it runs. */
  readonly imports?: Readonly<Record<string, { readonly default: string }>>;
};

/** A package of the workspace and its folder. */
export type Member = { readonly folder: string; readonly manifest: Manifest };

/** A source file of a package, by its path inside the package. */
export type Source = { readonly of: string; readonly path: string; readonly text: string };

/** Reads a package.json. */
export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** All packages and apps, ordered by folder. */
export function members(): readonly Member[] {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(ROOT, group))
      .sort()
      .map((name) => join(ROOT, group, name))
      .filter((folder) => existsSync(join(folder, 'package.json')))
      .map((folder) => ({ folder, manifest: readManifest(folder) })),
  );
}

/** The source files under a package's `src`. */
export function sources({ folder, manifest }: Member): readonly Source[] {
  const src = join(folder, 'src');
  if (!existsSync(src)) return [];
  return readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      of: manifest.name,
      path: relative(folder, file),
      text: readFileSync(file, 'utf8'),
    }));
}
