import { expect, test } from 'vitest';
import { inLanes } from '../../src/ablation/processes/lanes.ts';

test('work is begun in order, so many at a time', async () => {
  const begun: number[] = [];
  const finish: (() => void)[] = [];
  const all = inLanes([0, 1, 2, 3], 2, (i) => {
    begun.push(i);
    return new Promise((done) => finish.push(done));
  });
  const turn = () => new Promise((done) => setImmediate(done));
  await turn();
  expect(begun).toEqual([0, 1]);
  finish[1]?.();
  await turn();
  expect(begun).toEqual([0, 1, 2]);
  for (const i of [0, 2]) finish[i]?.();
  await turn();
  finish[3]?.();
  await all;
  expect(begun).toEqual([0, 1, 2, 3]);
  await inLanes([], 2, () => Promise.reject(new Error('never called')));
});

test('after an error nothing is begun, and what goes on is awaited', async () => {
  const begun: number[] = [];
  let ended = false;
  const work = async (i: number): Promise<void> => {
    begun.push(i);
    if (i === 0) throw new Error('the first');
    await new Promise((done) => setTimeout(done, 20));
    ended = true;
  };
  await expect(inLanes([0, 1, 2], 2, work)).rejects.toThrow('the first');
  expect([begun, ended]).toEqual([[0, 1], true]);
});
