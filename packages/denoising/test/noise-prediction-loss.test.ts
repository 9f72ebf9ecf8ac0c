import {
  grad,
  mul,
  type Tensor3D,
  tensor2d,
  tensor3d,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { key, normal, registerGradients, uniform } from '@twocan/core';
import { noisePredictionLoss } from '@twocan/denoising';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

const draw = (seed: number): Tensor3D => tensor3d(normal(key(seed), 24), [2, 3, 4]);
const weights = () =>
  tensor2d([
    [1, 0, 1],
    [0, 1, 1],
  ]);

describeBackends('noisePredictionLoss', () => {
  it('is the mean squared error over visible patches', () => {
    tidy(() => {
      const prediction = tensor3d([[[0, 0]], [[5, 5]], [[1, 0]]]);
      const noise = tensor3d([[[1, 2]], [[0, 0]], [[1, 1]]]);
      const visible = tensor2d([[1], [0], [1]]);
      // (mean(1, 4) + mean(0, 1)) / 2
      expectClose(noisePredictionLoss(prediction, noise, visible), 1.5);
    });
  });

  it('has a target that is proportional to the level: nothing normalises it away', () => {
    tidy(() => {
      const noise = draw(1);
      const zero = zerosLike(noise);
      const loss = noisePredictionLoss(zero, noise, weights()).dataSync()[0] ?? 0;
      expectClose(noisePredictionLoss(zero, mul(noise, 0.1), weights()), 0.01 * loss);
      expectClose(noisePredictionLoss(noise, noise, weights()), 0);
    });
  });

  it('is σ_max²/3 for a prediction of 0', () => {
    tidy(() => {
      const [images, size] = [2000, 32];
      const levels = uniform(key(1), images);
      const values = normal(key(2), images * size).map((e, i) => {
        return 0.05 * (levels[Math.floor(i / size)] ?? 0) * e;
      });
      const noise = tensor3d(values, [images, 4, 8]);
      const visible = tensor2d(new Float32Array(images * 4).fill(1), [images, 4]);
      const loss = noisePredictionLoss(zerosLike(noise), noise, visible);
      expectClose(loss, 0.05 ** 2 / 3, { rtol: 0.05 });
    });
  });

  it('has the gradient of central differences, and none at masked patches', () => {
    registerGradients();
    tidy(() => {
      const noise = draw(2);
      const loss = (p: Tensor3D) => noisePredictionLoss(p, noise, weights());
      checkGradient((p) => loss(p as Tensor3D), [draw(1)]);
      const slope = grad((p) => loss(p as Tensor3D))(draw(1)).dataSync();
      const patchOf = (patch: number) => [...slope.slice(4 * patch, 4 * patch + 4)];
      for (const masked of [1, 3]) expect(patchOf(masked).every((v) => v === 0)).toBe(true);
      for (const visible of [0, 2, 4, 5]) expect(patchOf(visible).every((v) => v !== 0)).toBe(true);
    });
  });

  it('refuses other shapes and leaks nothing', () => {
    const [a, b, w, short] = [draw(1), draw(2), weights(), tensor2d([[1, 0]])];
    expect(() => noisePredictionLoss(a, b, short)).toThrow(
      'noisePredictionLoss: visible must have shape [2, 3], got [1, 2]',
    );
    expect(() => noisePredictionLoss(w as never, b, w)).toThrow(
      'noisePredictionLoss: prediction must have 3 dimensions, got shape [2, 3]',
    );
    expect(() => noisePredictionLoss(a, w as never, w)).toThrow(
      'noisePredictionLoss: noise must have shape [2, 3, 4], got [2, 3]',
    );
    expectNoLeak(() => noisePredictionLoss(a, b, w));
    for (const tensor of [a, b, w, short]) tensor.dispose();
  });
});
