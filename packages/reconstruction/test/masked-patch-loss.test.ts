import { grad, type Tensor3D, tensor2d, tensor3d, tidy } from '@tensorflow/tfjs-core';
import { key, normal, registerGradients } from '@twocan/core';
import { maskedPatchLoss, normalizePatches } from '@twocan/reconstruction';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

const draw = (seed: number): Tensor3D => tensor3d(normal(key(seed), 24), [2, 3, 4]);
const weights = () =>
  tensor2d([
    [1, 0, 1],
    [0, 1, 1],
  ]);

describeBackends('maskedPatchLoss', () => {
  it('is the mean squared error over masked patches', () => {
    tidy(() => {
      const prediction = tensor3d([
        [
          [0, 0],
          [9, 9],
          [1, 1],
        ],
      ]);
      const target = tensor3d([
        [
          [1, 3],
          [0, 0],
          [1, 2],
        ],
      ]);
      const masked = tensor2d([[1, 0, 1]]);
      // (mean(1, 9) + mean(0, 1)) / 2
      expectClose(maskedPatchLoss(prediction, target, masked, { normalize: false }), 2.75);
    });
  });

  it('is 0 at its optimum, with normalised targets as well', () => {
    tidy(() => {
      const target = draw(1);
      expectClose(maskedPatchLoss(target, target, weights(), { normalize: false }), 0);
      const unit = normalizePatches(target);
      expectClose(maskedPatchLoss(unit, target, weights(), { normalize: true }), 0);
    });
  });

  it('is 1 − 1/P for a prediction of 0 against normalised targets', () => {
    tidy(() => {
      const zero = tensor3d(new Float32Array(24), [2, 3, 4]);
      const loss = maskedPatchLoss(zero, draw(1), weights(), { normalize: true });
      expectClose(loss, 0.75, { rtol: 1e-4 });
    });
  });

  it('has the gradient of central differences, and none at visible patches', () => {
    registerGradients();
    tidy(() => {
      const target = draw(2);
      const loss = (prediction: Tensor3D) =>
        maskedPatchLoss(prediction, target, weights(), { normalize: true });
      checkGradient((p) => loss(p as Tensor3D), [draw(1)]);
      const slope = grad((p) => loss(p as Tensor3D))(draw(1)).dataSync();
      const patchOf = (patch: number) => [...slope.slice(4 * patch, 4 * patch + 4)];
      for (const visible of [1, 3]) expect(patchOf(visible).every((v) => v === 0)).toBe(true);
      for (const masked of [0, 2, 4, 5]) expect(patchOf(masked).every((v) => v !== 0)).toBe(true);
    });
  });

  it('refuses other shapes and leaks nothing', () => {
    const [a, b, w, short] = [draw(1), draw(2), weights(), tensor2d([[1, 0]])];
    expect(() => maskedPatchLoss(a, b, short, { normalize: true })).toThrow(
      'maskedPatchLoss: masked must have shape [2, 3], got [1, 2]',
    );
    expect(() => maskedPatchLoss(w as never, b, w, { normalize: true })).toThrow(
      'maskedPatchLoss: prediction must have 3 dimensions, got shape [2, 3]',
    );
    expect(() => maskedPatchLoss(a, w as never, w, { normalize: true })).toThrow(
      'maskedPatchLoss: target must have shape [2, 3, 4], got [2, 3]',
    );
    for (const normalize of [true, false]) {
      expectNoLeak(() => maskedPatchLoss(a, b, w, { normalize }));
    }
    for (const tensor of [a, b, w, short]) tensor.dispose();
  });
});
