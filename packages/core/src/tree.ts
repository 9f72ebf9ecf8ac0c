import { Tensor } from '@tensorflow/tfjs-core';
import { expectOptions, expectType } from './check.ts';

/**
 * A tree of leaves: plain objects and arrays are nodes, everything else is a leaf.
 *
 * Parameters, gradients, optimizer states and checkpoints are all trees. Use `type`, not
 * `interface`, for tree types: only type aliases are assignable to an index signature.
 */
export type Tree<L> = L | readonly Tree<L>[] | { readonly [name: string]: Tree<L> };

/** A tree of tensors. */
export type Params = Tree<Tensor>;

/** Children by name. */
type Children = Readonly<Record<string, unknown>>;

/** The names of a node's children, or `undefined` for a leaf; no pairs, since each step walks many trees. */
function namesOf(node: unknown): readonly string[] | undefined {
  if (node === null || typeof node !== 'object') return undefined;
  if (Array.isArray(node)) return node.map((_, i) => String(i));
  const prototype = Object.getPrototypeOf(node);
  return prototype === Object.prototype || prototype === null ? Object.keys(node) : undefined;
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);

/**
 * Every leaf with its path, in the tree's own order.
 *
 * Paths such as `encoder/blocks/0/attention/qkv/kernel` are the names in checkpoints, what decay
 * predicates see and what errors say.
 *
 * @param tree the tree
 * @returns `[path, leaf]` pairs
 * @example
 * namedLeaves({ a: [1, 2], b: 3 }); // [['a/0', 1], ['a/1', 2], ['b', 3]]
 */
export function namedLeaves<L>(tree: Tree<L>): [path: string, leaf: L][] {
  const found: [string, L][] = [];
  const visit = (node: unknown, path: string): void => {
    const names = namesOf(node);
    if (names === undefined) found.push([path, node as L]);
    else for (const name of names) visit((node as Children)[name], join(path, name));
  };
  visit(tree, '');
  return found;
}

/**
 * Every leaf with its path, in the order of the paths: the same for a tree that was read from a file.
 *
 * @param tree the tree
 * @returns `[path, leaf]` pairs
 * @example
 * sortedLeaves({ b: 3, a: [1, 2] }); // [['a/0', 1], ['a/1', 2], ['b', 3]]
 */
export function sortedLeaves<L>(tree: Tree<L>): [path: string, leaf: L][] {
  return namedLeaves(tree).sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Applies `f` to each leaf, keeping the shape of the tree.
 *
 * @param f called with the leaf, its path and the leaves at the same place in the other trees
 * @param tree the tree that gives the shape
 * @param others trees of the same shape
 * @returns a fresh tree of the results
 * @throws RangeError naming the path where two trees differ in structure
 * @example
 * mapTree((p, path, g) => p - 0.1 * g, { w: 1 }, { w: 2 }); // { w: 0.8 }
 */
export function mapTree<T extends Tree<Tensor>, O extends readonly unknown[] = readonly []>(
  f: (leaf: Tensor, path: string, ...others: O) => Tensor,
  tree: T,
  ...others: { readonly [I in keyof O]: Tree<O[I]> }
): T;
export function mapTree<L, R, O extends readonly unknown[] = readonly []>(
  f: (leaf: L, path: string, ...others: O) => R,
  tree: Tree<L>,
  ...others: { readonly [I in keyof O]: Tree<O[I]> }
): Tree<R>;
export function mapTree(
  // biome-ignore lint/suspicious/noExplicitAny: the overloads above say what fits together
  f: (leaf: any, path: string, ...others: any[]) => any,
  tree: unknown,
  ...others: readonly unknown[]
): unknown {
  expectType('mapTree', 'f', f, 'function');
  const visit = (node: unknown, path: string, rest: readonly unknown[]): unknown => {
    const names = namesOf(node);
    if (names === undefined) return f(node, path, ...rest);
    const beside = rest.map((other) => {
      const inside = namesOf(other);
      const same =
        inside?.length === names.length &&
        names.every((name) => Object.hasOwn(other as object, name));
      if (same && Array.isArray(other) === Array.isArray(node)) return other as Children;
      throw new RangeError(
        `mapTree: trees must have the same structure, but they differ at '${path}': ` +
          `[${names}] against [${inside ?? []}]`,
      );
    });
    const mapped = names.map((name) => {
      const at = beside.map((other) => other[name]);
      return visit((node as Children)[name], join(path, name), at);
    });
    if (Array.isArray(node)) return mapped;
    return Object.fromEntries(names.map((name, i) => [name, mapped[i]]));
  };
  return visit(tree, '', others);
}

/**
 * Builds a tree from named leaves; the inverse of {@link namedLeaves}.
 *
 * A node whose names are exactly `0 … n-1` becomes an array.
 *
 * @param named leaves by path
 * @returns the tree
 * @throws RangeError if a path is both a leaf and a node
 * @example
 * treeFromNamed({ 'a/0': 1, 'a/1': 2 }); // { a: [1, 2] }
 */
export function treeFromNamed<L>(named: Readonly<Record<string, L>>): Tree<L> {
  expectOptions('treeFromNamed', 'named', named, []);
  const entries = Object.entries(named);
  const root = entries.find(([path]) => path === '');
  if (root && entries.length === 1) return root[1];
  const groups = new Map<string, Record<string, L>>();
  for (const [path, leaf] of entries) {
    const slash = path.indexOf('/');
    const head = slash < 0 ? path : path.slice(0, slash);
    const rest = slash < 0 ? '' : path.slice(slash + 1);
    const group = groups.get(head) ?? {};
    group[rest] = leaf;
    groups.set(head, group);
    if ('' in group && Object.keys(group).length > 1) {
      throw new RangeError(`treeFromNamed: '${head}' is a leaf and a node; rename one of them`);
    }
  }
  const names = [...groups.keys()];
  const child = (name: string): Tree<L> => treeFromNamed(groups.get(name) ?? {});
  if (names.length > 0 && names.every((_, i) => groups.has(String(i)))) {
    return names.map((_, i) => child(String(i)));
  }
  return Object.fromEntries(names.map((name) => [name, child(name)]));
}

/**
 * Disposes every tensor of a tree once, except those that are also in `keeping`.
 *
 * @param tree tensors to dispose
 * @param keeping a tree that lives on; tensors shared with it (the same object) stay
 * @example
 * disposeTree(before, after);
 */
export function disposeTree(tree: Params, keeping?: Params): void {
  const kept = new Set(keeping === undefined ? [] : namedLeaves(keeping).map(([, t]) => t));
  for (const [, tensor] of namedLeaves(tree)) {
    if (!kept.has(tensor) && tensor instanceof Tensor && !tensor.isDisposed) tensor.dispose();
  }
}
