import { memory, ones, type Tensor } from '@tensorflow/tfjs-core';
import { disposeTree, mapTree, namedLeaves, type Tree, treeFromNamed } from '@twocan/core';
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
    expect(() => mapTree((a: number) => a, { x: { y: 1 } }, { x: { z: 1 } })).toThrow(
      "mapTree: trees must have the same structure, but they differ at 'x': [y] against [z]",
    );
  });

  it('treeFromNamed refuses a name that is a leaf and a node', () => {
    expect(() => treeFromNamed({ a: 1, 'a/b': 2 })).toThrow("'a' is a leaf and a node");
  });
});

describeBackends('disposeTree', () => {
  it('disposes each tensor once and keeps shared ones', () => {
    const before = memory().numTensors;
    const [shared, old] = [ones([2]), ones([3])];
    disposeTree({ a: shared, b: [old, old as Tensor] }, { a: shared });
    expect([shared.isDisposed, old.isDisposed]).toEqual([false, true]);
    shared.dispose();
    expect(memory().numTensors).toBe(before);
  });
});
