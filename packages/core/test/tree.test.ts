import { memory, ones, type Tensor } from '@tensorflow/tfjs-core';
import {
  disposeTree,
  mapTree,
  namedLeaves,
  sortedLeaves,
  type Tree,
  treeFromNamed,
} from '@twocan/core';
import { describeBackends } from '@twocan/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,4}$/);
const { tree: anyTree } = fc.letrec<{ tree: Tree<number>; node: Tree<number> }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, fc.integer(), tie('node')),
  node: fc.oneof(
    fc.dictionary(name, tie('tree'), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
  ),
}));

describe('trees', () => {
  it('name their leaves by path', () => {
    expect(namedLeaves({ a: [1, { b: 2 }], c: 3 })).toEqual([
      ['a/0', 1],
      ['a/1/b', 2],
      ['c', 3],
    ]);
  });

  it('have one order by path, however their branches were written', () => {
    // '-' stands before '/' in ASCII.
    const expected = [
      ['a-b', 4],
      ['a/0', 1],
      ['a/1', 2],
      ['b', 3],
    ];
    expect(sortedLeaves({ b: 3, a: [1, 2], 'a-b': 4 })).toEqual(expected);
    expect(sortedLeaves({ 'a-b': 4, a: [1, 2], b: 3 })).toEqual(expected);
  });

  it('treeFromNamed inverts namedLeaves', () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        expect(treeFromNamed(Object.fromEntries(namedLeaves(tree)))).toEqual(tree);
      }),
    );
  });

  it('mapTree keeps the structure and hands leaves side by side', () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        expect(mapTree((leaf: number) => leaf, tree)).toEqual(tree);
        const doubled = mapTree((a: number, _: string, b: number) => a + b, tree, tree);
        expect(namedLeaves(doubled).map(([, v]) => v)).toEqual(
          namedLeaves(tree).map(([, v]) => v * 2),
        );
      }),
    );
  });

  it('mapTree names the place where two trees differ', () => {
    expect(() =>
      mapTree((a: number, _: string, b: number) => a + b, { x: { y: 1 } }, { x: { z: 1 } }),
    ).toThrow(
      "mapTree: trees must have the same structure, but they differ at 'x': [y] against [z]",
    );
  });

  it('have plain objects and arrays as nodes, and everything else as leaves', () => {
    class Box {
      readonly inside = 1;
    }
    const bare = Object.assign(Object.create(null), { x: 1 }) as Tree<number>;
    const leaves = [
      new Box(),
      new Date(0),
      null,
      undefined,
      Float32Array.of(1, 2),
      'text',
      () => 1,
    ];
    expect(namedLeaves<unknown>(leaves as never)).toEqual(leaves.map((l, i) => [String(i), l]));
    expect(namedLeaves(bare)).toEqual([['x', 1]]);
    expect(namedLeaves(5)).toEqual([['', 5]]);
    expect(namedLeaves({ a: {}, b: [] })).toEqual([]);
  });

  it('mapTree tells the path of each leaf', () => {
    expect(mapTree((_: number, path: string) => path, { a: [1, { b: 2 }] })).toEqual({
      a: ['a/0', { b: 'a/1/b' }],
    });
  });

  it('mapTree tells an object from an array, and more from fewer names', () => {
    const first = (a: number, _: string, ..._others: number[]): number => a;
    for (const [tree, other, where] of [
      [[1], { 0: 1 }, "at '': [0] against [0]"],
      [{ 0: 1 }, [1], "at '': [0] against [0]"],
      [{ a: 1 }, { a: 1, b: 2 }, "at '': [a] against [a,b]"],
      [{ a: 1, b: 2 }, { a: 1 }, "at '': [a,b] against [a]"],
      [{ a: [1] }, { a: 1 }, "at 'a': [0] against []"],
    ] as const) {
      expect(() => mapTree(first, tree as Tree<number>, other)).toThrow(where);
    }
    expect(
      mapTree((a: number, _: string, b: number, c: number) => a + b * c, [1], [2], [3]),
    ).toEqual([7]);
    expect(() => mapTree(first, [1], [1], [1, 2])).toThrow("differ at ''");
  });

  it('treeFromNamed knows arrays by their names, in any order', () => {
    expect(treeFromNamed({ 'a/1': 2, 'a/0': 1 })).toEqual({ a: [1, 2] });
    expect(treeFromNamed({ 'a/1': 2 })).toEqual({ a: { 1: 2 } });
    expect(treeFromNamed({ 'a/0': 1, 'a/2': 2 })).toEqual({ a: { 0: 1, 2: 2 } });
    expect(treeFromNamed({ 'a/0': 1, 'a/x': 2 })).toEqual({ a: { 0: 1, x: 2 } });
    expect(treeFromNamed({ '0/x': 1, '1/x': 2 })).toEqual([{ x: 1 }, { x: 2 }]);
    expect(treeFromNamed({})).toEqual({});
    expect(treeFromNamed({ '': 3 })).toBe(3);
  });

  it('treeFromNamed refuses a name that is a leaf and a node', () => {
    for (const named of [
      { a: 1, 'a/b': 2 },
      { 'a/b': 2, a: 1 },
    ]) {
      expect(() => treeFromNamed(named)).toThrow(
        "treeFromNamed: 'a' is a leaf and a node; rename one of them",
      );
    }
  });
});

describeBackends('disposeTree', () => {
  it('disposes each tensor once and keeps shared ones', () => {
    const before = memory().numTensors;
    const [shared, old] = [ones([2]), ones([3])];
    disposeTree({ a: shared, b: [old, old as Tensor] }, { a: shared });
    expect([shared.isDisposed, old.isDisposed]).toEqual([false, true]);
    disposeTree({ a: old }); // again
    shared.dispose();
    expect(memory().numTensors).toBe(before);
  });
});
