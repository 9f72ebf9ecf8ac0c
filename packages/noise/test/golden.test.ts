import { mul, sum, type Tensor2D } from '@tensorflow/tfjs-core';
import { type Params, valueAndGrad } from '@twocan/core';
import { encodeLevel, type LevelMlpParams, levelMlp } from '@twocan/noise';
import { describeBackends, expectClose, expectTreeClose, loadGolden } from '@twocan/testkit';
import { it } from 'vitest';

describeBackends('noise levels against PyTorch', () => {
  const golden = loadGolden('noise');
  const levels = Float32Array.from(golden.values('levels'));

  it.each(golden.config<{ width: number; scale: number }[]>('codes'))(
    'code of width $width at scale $scale',
    (code) => {
      const expected = golden.values(`code/${code.width}x${code.scale}`);
      expectClose(encodeLevel(levels, code), expected, { rtol: 0, atol: 1e-6 });
    },
  );

  it.each(golden.config<{ width: number; scale: number }[]>('logs'))(
    'code of the logarithm, width $width at scale $scale',
    (code) => {
      const expected = golden.values(`log/${code.width}x${code.scale}`);
      const positive = levels.filter((level) => level > 0);
      expectClose(encodeLevel(positive, { ...code, of: 'log' }), expected, { rtol: 0, atol: 2e-6 });
    },
  );

  it('the network that reads the code: output and every gradient', () => {
    const input = golden.tensor('input') as Tensor2D;
    const params = golden.tree('params');
    expectClose(levelMlp(params as LevelMlpParams, input), golden.values('output'), { atol: 1e-5 });
    const weights = golden.tensor('weights');
    const { grads } = valueAndGrad((p: Params) => ({
      loss: sum(mul(levelMlp(p as LevelMlpParams, input), weights)),
    }))(params);
    expectTreeClose(grads, golden, 'grads', 1e-5);
  });
});
