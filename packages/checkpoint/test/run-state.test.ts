import { memory, tensor } from '@tensorflow/tfjs-core';
import { disposeTree, key, namedLeaves, type Params } from '@twocan/core';
import { describeBackends, expectNoLeak } from '@twocan/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Checkpoint,
  decodeCheckpoint,
  decodeSafetensors,
  encodeCheckpoint,
  encodeSafetensors,
  namedToTree,
  treeToNamed,
} from '../src/index.ts';

const read = (tree: Params): unknown =>
  namedLeaves(tree).map(([p, t]) => [p, t.shape, t.dataSync()]);
const treesOf = ({ params, optimizer, ema }: Checkpoint): Params[] =>
  [params, optimizer, ema].filter((tree) => tree !== undefined);

describeBackends('checkpoints', () => {
  it('bring back every bit, name, order and empty node', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ noNaN: false }), { minLength: 1, maxLength: 9 }),
        fc.nat(2 ** 31),
        fc.jsonValue(),
        async (values, step, config) => {
          const params = { z: tensor(values), a: [{ kernel: tensor([values]) }] };
          const optimizer = [{}, { m: { z: tensor(values) } }, []];
          const checkpoint = { step, params, optimizer, ema: params, key: key(step) };
          const bytes = await encodeCheckpoint({ ...checkpoint, config: config as never });
          const back = decodeCheckpoint(bytes);
          expect(back.step).toBe(step);
          expect(back.key).toEqual(key(step));
          expect(JSON.stringify(back.config)).toBe(JSON.stringify(config));
          for (const name of ['params', 'optimizer', 'ema'] as const) {
            expect(read(back[name] as Params)).toEqual(read(checkpoint[name]));
          }
          expect(JSON.stringify(Object.keys(back.optimizer as object))).toBe('["0","1","2"]');
          expect((back.optimizer as Params[])[2]).toEqual([]);
          disposeTree([params, optimizer, ...treesOf(back)]);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('leave out what a run does not have', async () => {
    const params = { w: tensor([1]) };
    const back = decodeCheckpoint(await encodeCheckpoint({ step: 0, params }));
    expect(Object.keys(back)).toEqual(['step', 'params']);
    disposeTree([params, back.params]);
  });

  it('refuse other files, other versions and missing tensors, leaking nothing', async () => {
    const params = { w: tensor([1]), b: tensor([2]) };
    const bytes = await encodeCheckpoint({ step: 3, params });
    const { tensors, metadata } = decodeSafetensors(bytes);
    const altered = (change: Record<string, string>, named = tensors) =>
      encodeSafetensors(named, { ...metadata, ...change });
    const { 'params/b': _, ...fewer } = tensors;
    const before = memory().numTensors;
    for (const [file, message] of [
      [encodeSafetensors(tensors, { format: 'pt' }), /format must be/],
      [altered({ version: '2' }), /version must be '1', got '2'/],
      [altered({ step: '-1' }), /step/],
      [altered({ step: '1e400' }), /step/],
      [altered({ key: '{"hi":-1,"lo":0}' }), /key/],
      [altered({ trees: '{' }), /must be JSON/],
      [altered({ trees: '{}' }), /must hold params/],
      [altered({}, fewer), /missing: params\/b/],
      [altered({}, { ...tensors, 'params/c': tensors['params/w'] as never }), /in no tree/],
    ] as const) {
      expect(() => decodeCheckpoint(file)).toThrow(message);
    }
    expect(memory().numTensors).toBe(before);
    disposeTree(params);
  });

  it('refuse a step or key that is none', async () => {
    await expect(encodeCheckpoint({ step: 0.5, params: {} })).rejects.toThrow(/step/);
    const bad = { hi: -1, lo: 0 };
    await expect(encodeCheckpoint({ step: 0, params: {}, key: bad })).rejects.toThrow(/key/);
  });

  it('refuse two tensors of one path: the second would take the place of the first', async () => {
    const [x, y] = [tensor([1]), tensor([2])];
    for (const params of [
      { 'a/b': x, a: { b: y } },
      { 'a/0': x, a: [y] },
      { a: { '/b': x }, 'a//b': y },
    ]) {
      await expect(treeToNamed(params)).rejects.toThrow(/^treeToNamed: tree must have one tensor/);
      await expect(encodeCheckpoint({ step: 0, params })).rejects.toThrow(
        /got two at 'params\/a\//,
      );
    }
    const alone = decodeCheckpoint(await encodeCheckpoint({ step: 0, params: { 'a/b': x } }));
    expect(read(alone.params)).toEqual(read({ 'a/b': x }));
    disposeTree([x, y, alone.params]);
  });

  it('refuse a configuration that JSON would change', async () => {
    const circle: { [name: string]: unknown } = {};
    circle.self = circle;
    for (const config of [
      { lr: Number.NaN },
      [Number.POSITIVE_INFINITY],
      { a: { b: 1n } },
      { f: () => 1 },
      circle,
    ]) {
      await expect(
        encodeCheckpoint({ step: 0, params: {}, config: config as never }),
      ).rejects.toThrow(/^encodeCheckpoint: config must be plain JSON, got /);
    }
  });

  it('widen half precision exactly', () => {
    // 1, -2, the smallest subnormal and infinity, in F16; 1 and -2 in BF16.
    const half = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00);
    const brain = Uint16Array.of(0x3f80, 0xc000);
    const tree = namedToTree({
      half: { dtype: 'F16', shape: [4], data: half },
      brain: { dtype: 'BF16', shape: [2], data: brain },
    });
    expect(namedLeaves(tree).map(([, t]) => [...t.dataSync()])).toEqual([
      [1, -2, 2 ** -24, Number.POSITIVE_INFINITY],
      [1, -2],
    ]);
    disposeTree(tree);
  });

  it('leak nothing', async () => {
    const params = { w: tensor([1, 2]) };
    const before = memory().numTensors;
    const named = await treeToNamed(params);
    const bytes = await encodeCheckpoint({ step: 0, params });
    expect(memory().numTensors).toBe(before);
    expectNoLeak(() => namedToTree(named) as never);
    expectNoLeak(() => decodeCheckpoint(bytes).params as never);
    disposeTree(params);
  });
});
