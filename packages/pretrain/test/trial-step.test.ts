import { memory, tidy } from '@tensorflow/tfjs-core';
import { canLoss, initCan, resolveCanConfig } from '@twocan/can';
import { fold, key } from '@twocan/core';
import { describeBackends, expectClose } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { randomViews, trialStep } from '../src/index.ts';

const config = resolveCanConfig({
  encoder: { image: { height: 8, width: 8 }, patch: 4, width: 8, depth: 1, heads: 2 },
  decoder: { width: 8, depth: 1, heads: 2 },
  projector: { hidden: 6, out: 4 },
});

describeBackends('trialStep', () => {
  it('begins with the loss of fresh parameters, learns, and holds no more after each step', async () => {
    const views = randomViews(config, 3);
    const [first] = tidy(() => {
      const params = initCan(key(0), config);
      return canLoss(config)(params, { views }, { key: fold(key(5), 0) }).loss.dataSync();
    });
    const step = trialStep(config, () => views, key(5));
    const losses: number[] = [];
    const held: number[] = [];
    for (let i = 0; i < 8; i++) {
      step.begin();
      losses.push(await step.end());
      held.push(memory().numTensors);
    }
    expectClose([losses[0] ?? Number.NaN], [first ?? Number.NaN], { rtol: 1e-5 });
    expect(losses[7]).toBeLessThan(losses[0] ?? 0);
    expect(new Set(held.slice(1)).size).toBe(1);
  });
});
