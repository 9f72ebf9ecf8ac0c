import { mul, sum, type Tensor3D } from '@tensorflow/tfjs-core';
import { valueAndGrad } from '@twocan/core';
import { type BlockParams, transformerBlock } from '@twocan/nn';
import { describeBackends, expectClose, expectTreeClose, loadGolden } from '@twocan/testkit';
import { it } from 'vitest';

describeBackends('transformerBlock against timm', () => {
  const golden = loadGolden('block');
  const { heads } = golden.config<{ heads: number }>('config');
  const shape = { heads, epsilon: 1e-6 };

  it('gives the same tokens', () => {
    const params = golden.tree('params') as BlockParams;
    const y = transformerBlock(params, shape, golden.tensor('x') as Tensor3D);
    expectClose(y, golden.values('y'), { rtol: 1e-5, atol: 1e-6 });
  });

  it('gives the same gradient for the input and every parameter', () => {
    const weights = golden.tensor('weights');
    const inputs = { params: golden.tree('params') as BlockParams, x: golden.tensor('x') };
    const { grads } = valueAndGrad(({ params, x }: typeof inputs) => ({
      loss: sum(mul(transformerBlock(params, shape, x as Tensor3D), weights)),
    }))(inputs);
    expectTreeClose({ ...grads.params, x: grads.x }, golden, 'grads', 1e-5);
  });
});
