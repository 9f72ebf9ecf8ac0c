type Settings = { readonly [name: string]: unknown };

const isSettings = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const show = (value: unknown): string =>
  value === undefined ? 'undefined' : (JSON.stringify(value) ?? String(value));

/**
 * Lays settings over defaults, noting names that do not exist and values of another type.
 *
 * @param defaults a complete tree of settings; its types are the types allowed
 * @param given the settings to lay over them, at any depth
 * @param problems findings are added here
 * @param path the path of the tree, for the problems found
 * @returns a fresh complete tree
 */
export function mergeSettings(
  defaults: Settings,
  given: unknown,
  problems: string[],
  path = '',
): Settings {
  if (!isSettings(given)) {
    problems.push(`${path}: must be an object, got ${show(given)}`);
    return defaults;
  }
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(defaults, name)) continue;
    const known = Object.keys(defaults).join(', ');
    problems.push(`${at(name)}: there is no such setting; ${path || 'the config'} has ${known}`);
  }
  const merged = Object.entries(defaults).map(([name, usual]) => {
    const value = given[name];
    if (isSettings(usual)) return [name, mergeSettings(usual, value ?? {}, problems, at(name))];
    if (value === undefined) return [name, usual];
    if (typeof value === typeof usual) return [name, value];
    problems.push(`${at(name)}: must be a ${typeof usual}, got ${show(value)}`);
    return [name, usual];
  });
  return Object.fromEntries(merged) as Settings;
}
