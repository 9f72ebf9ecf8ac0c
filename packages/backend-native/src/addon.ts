/** The addon, or why there is none and what to do about it. */
export type Found<Addon> =
  | { readonly addon: Addon }
  | { readonly why: string; readonly remedy: string };

type Manifest = {
  readonly name: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

/** Releases have the addon of each platform in a package of its own; a checkout builds its own. */
const BUILD = '`npm run build` builds it where Rust is (https://rustup.rs)';

/**
 * Loads the addon: the one that was built in this checkout, or the one of this platform's package.
 *
 * @returns its functions, or why there are none; it throws nothing
 */
export function findAddon<Addon>(): Found<Addon> {
  // Not an import: a bundler for browsers would follow it.
  const module = globalThis.process?.getBuiltinModule?.('node:module');
  if (module === undefined) return { why: 'it needs Node', remedy: 'a page computes on simd' };
  const bring = module.createRequire(import.meta.url);
  const platform = platformHere();
  const { name, optionalDependencies: prebuilt } = bring('../package.json') as Manifest;
  const own = `${name}-${platform}`;
  for (const file of [`../twocan-native.${platform}.node`, own]) {
    try {
      return { addon: bring(file) as Addon };
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code === 'MODULE_NOT_FOUND') continue;
      const why = `its addon does not load: ${message.split('\n')[0]}`;
      return { why, remedy: prebuilt === undefined ? BUILD : `reinstall ${own}` };
    }
  }
  if (prebuilt === undefined) return { why: 'its addon is not built here', remedy: BUILD };
  return own in prebuilt
    ? { why: `npm left out ${own}`, remedy: 'install with `npm install --include=optional`' }
    : { why: `there is no prebuilt addon for ${platform}`, remedy: 'simd computes everywhere' };
}

/** As scripts/platforms.mjs names it. */
function platformHere(): string {
  const { platform, arch } = process;
  if (platform === 'win32') return `win32-${arch}-msvc`;
  if (platform !== 'linux') return `${platform}-${arch}`;
  return `linux-${arch}-${hasGlibc() ? 'gnu' : 'musl'}`;
}

function hasGlibc(): boolean {
  const { report } = process as {
    report: {
      excludeNetwork?: boolean;
      getReport(): { header?: { glibcVersionRuntime?: string } };
    };
  };
  // Else the names of all connections are looked up.
  const { excludeNetwork } = report;
  report.excludeNetwork = true;
  const { header } = report.getReport();
  report.excludeNetwork = excludeNetwork ?? false;
  return header?.glibcVersionRuntime !== undefined;
}
