import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { valueAndGrad } from '@twocan/core';
import { maskedPatchLoss, normalizePatches } from '@twocan/reconstruction';
import { describeBackends, expectClose, loadGolden } from '@twocan/testkit';
import { it } from 'vitest';

describeBackends('maskedPatchLoss against PyTorch', () => {
  const golden = loadGolden('pixels');
  const patches = (name: string): Tensor3D => golden.tensor(name) as Tensor3D;

  it.each([
    ['plain', false],
    ['normalised', true],
  ] as const)('value and gradient, %s targets', (name, normalize) => {
    const masked = golden.tensor('masked') as Tensor2D;
    const { loss, grads } = valueAndGrad(({ prediction }: { prediction: Tensor3D }) => ({
      loss: maskedPatchLoss(prediction, patches('target'), masked, { normalize }),
    }))({ prediction: patches('prediction') });
    expectClose(loss, golden.values(`${name}/loss`), { rtol: 1e-6 });
    // The nearly constant patch has lost digits to its mean.
    expectClose(grads.prediction, golden.values(`${name}/grad`), { rtol: 1e-5, atol: 1e-6 });
  });

  it('normalised targets, a patch of nearly one colour included', () => {
    const normalized = normalizePatches(patches('target'));
    expectClose(normalized, golden.values('normalised-target'), { rtol: 1e-4, atol: 1e-4 });
  });
});
