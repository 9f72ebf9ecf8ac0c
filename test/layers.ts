import table from './layers.json' with { type: 'json' };
import type { Manifest } from './workspace.ts';

const levels: Readonly<Record<string, number>> = table.levels;
/** Packages that may use nothing but these. */
const only: Readonly<Record<string, readonly string[]>> = table.only;
/** Packages that nothing but these may use. */
const from: Readonly<Record<string, readonly string[]>> = table.from;

/** `@twocan/core` and `twocan` as the table writes them. */
const short = (name: string): string => name.replace(/^@twocan\//, '');

const isOurs = (name: string): boolean => name === 'twocan' || name.startsWith('@twocan/');

/** Why one package may not use another, or nothing. */
function objection(user: string, used: string): string | undefined {
  const [high, low] = [levels[user], levels[used]];
  if (high === undefined) return `${user} has no level in test/layers.json`;
  if (low === undefined) return `${user} -> ${used}: ${used} has no level in test/layers.json`;
  if (low >= high) return `${user} (level ${high}) -> ${used} (level ${low}): must go down`;
  if (only[user] && !only[user].includes(used)) return `${user} -> ${used}: only ${only[user]}`;
  if (from[used] && !from[used].includes(user)) return `${user} -> ${used}: not in a library`;
  return undefined;
}

/** The packages on a circle of dependencies, each circle as a path. */
function circles(arrows: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) {
      found.push(`circle: ${[...path.slice(path.indexOf(name)), name].join(' -> ')}`);
    } else if (!done.has(name)) {
      for (const next of arrows.get(name) ?? []) visit(next, [...path, name]);
      done.add(name);
    }
  };
  for (const name of arrows.keys()) visit(name, []);
  return found;
}

/**
 * What is wrong with the dependencies that packages declare.
 *
 * @param manifests all package.json files of the workspace
 * @returns one line per problem: an arrow that does not go to a lower level, a circle, a library
 *   that pulls a tfjs backend or does not take tfjs-core from its user
 */
export function manifestProblems(manifests: readonly Manifest[]): readonly string[] {
  const problems: string[] = [];
  const arrows = new Map<string, readonly string[]>();
  for (const { name, dependencies = {}, peerDependencies = {} } of manifests) {
    const user = short(name);
    const used = Object.keys({ ...dependencies, ...peerDependencies });
    const ours = used.filter(isOurs).map(short);
    arrows.set(user, ours);
    problems.push(...ours.flatMap((other) => objection(user, other) ?? []));
    if (levels[user] === undefined) problems.push(`${user} has no level in test/layers.json`);
    if ((levels[user] ?? 0) >= (levels.testkit ?? 0)) continue;
    if (dependencies['@tensorflow/tfjs-core']) {
      problems.push(`${user}: tfjs-core is a peer, so that a program has one engine`);
    }
    if (user === 'backend' || user === 'engine') continue;
    const engines = used.filter((n) => /^@tensorflow\/tfjs(-(backend|node).*)?$/.test(n));
    problems.push(...engines.map((engine) => `${user} -> ${engine}: only backend may`));
  }
  return [...new Set(problems)].concat(circles(arrows));
}
