import { sub, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { valueAndGrad } from '@twocan/core';
import { noisePredictionLoss } from '@twocan/denoising';
import { describeBackends, expectClose, loadGolden } from '@twocan/testkit';
import { it } from 'vitest';

describeBackends('noisePredictionLoss against PyTorch', () => {
  it('value and gradient', () => {
    const golden = loadGolden('pixels');
    const visible = sub(1, golden.tensor('masked')) as Tensor2D;
    const { loss, grads } = valueAndGrad(({ prediction }: { prediction: Tensor3D }) => ({
      loss: noisePredictionLoss(prediction, golden.tensor('noise') as Tensor3D, visible),
    }))({ prediction: golden.tensor('prediction') as Tensor3D });
    expectClose(loss, golden.values('denoising/loss'), { rtol: 1e-6 });
    expectClose(grads.prediction, golden.values('denoising/grad'), { rtol: 1e-5, atol: 1e-7 });
  });

  it('value and gradient where all levels weigh alike', () => {
    const golden = loadGolden('pixels');
    const visible = sub(1, golden.tensor('masked')) as Tensor2D;
    const noise = golden.tensor('noise') as Tensor3D;
    const levels = Float32Array.from(golden.values('levels'));
    const { loss, grads } = valueAndGrad(({ prediction }: { prediction: Tensor3D }) => ({
      loss: noisePredictionLoss(prediction, noise, visible, levels),
    }))({ prediction: golden.tensor('prediction') as Tensor3D });
    expectClose(loss, golden.values('denoising-equal/loss'), { rtol: 1e-5 });
    const expected = golden.values('denoising-equal/grad');
    const largest = Math.max(...Array.from(expected, Math.abs));
    expectClose(grads.prediction, expected, { rtol: 1e-5, atol: 1e-6 * largest });
  });
});
