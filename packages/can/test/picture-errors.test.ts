import { add, dispose, mul, reshape, sub, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { canForward, type Forward, initCan, pictureErrors } from '@twocan/can';
import { disposeTree, key } from '@twocan/core';
import { type Mask, maskedWeights } from '@twocan/masking';
import { patchify } from '@twocan/patches';
import { normalizePatches } from '@twocan/reconstruction';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { images, small } from './fixture.ts';

describeBackends('pictureErrors', () => {
  const config = small();

  /** A forward pass whose predictions are replaced; all it holds is disposed afterwards. */
  const judged = (change: (forward: Forward, mask?: Mask) => Tensor3D): number[] => {
    const params = initCan(key(0), config);
    const batch = { views: [images(1, 3), images(2, 3)] };
    const { forward, mask } = canForward(config)(params, batch, key(3));
    const predictions = change(forward, mask);
    const errors = pictureErrors(config, { ...forward, predictions }, mask);
    const numbers = [errors.hidden, errors.visible, errors.noise].map(
      (error) => error?.dataSync()[0] ?? Number.NaN,
    );
    dispose([...Object.values(errors), predictions, ...batch.views] as never);
    dispose(forward as never);
    disposeTree(params);
    return numbers;
  };

  it('is 0 for the noise itself at visible patches and the true pixels at hidden ones', () => {
    const [hidden, visible, noise] = judged((forward, mask) =>
      tidy(() => {
        const { noise: added } = forward;
        if (mask === undefined || added === undefined) throw new Error('no mask or noise');
        const patch = config.encoder.patch;
        const truth = normalizePatches(patchify(forward.clean, patch));
        const masked = reshape(maskedWeights(mask), [mask.batch, mask.patches, 1]);
        return add(mul(truth, masked), mul(added, sub(1, masked))) as Tensor3D;
      }),
    );
    expectClose([hidden ?? 1, visible ?? 1], [0, 0], { atol: 1e-6 });
    expect(noise).toBeGreaterThan(1e-5);
  });

  it('is the noise where no noise is predicted', () => {
    const [, visible, noise] = judged(({ predictions }) => mul(predictions as Tensor3D, 0));
    expectClose(visible ?? Number.NaN, noise ?? 0, { rtol: 1e-4 });
  });

  it('leaks nothing', () => {
    expectNoLeak(() => {
      judged(({ predictions }) => mul(predictions as Tensor3D, 1));
      return undefined;
    });
  });
});
