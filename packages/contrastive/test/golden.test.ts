import { concat, mul, sum, type Tensor2D } from '@tensorflow/tfjs-core';
import {
  alignment,
  infoNCE,
  type ProjectorConfig,
  type ProjectorParams,
  project,
  uniformity,
} from '@twocan/contrastive';
import { valueAndGrad } from '@twocan/core';
import { describeBackends, expectClose, expectTreeClose, loadGolden } from '@twocan/testkit';
import { it } from 'vitest';

const golden = loadGolden('contrastive');
const embeddings = () => ({
  a: golden.tensor('a') as Tensor2D,
  b: golden.tensor('b') as Tensor2D,
});

describeBackends('InfoNCE against PyTorch', () => {
  for (const temperature of golden.config<number[]>('temperatures')) {
    const at = `info-nce/${temperature}`;

    it(`value and gradients at temperature ${temperature}`, () => {
      const { loss, grads } = valueAndGrad(({ a, b }: { a: Tensor2D; b: Tensor2D }) => ({
        loss: infoNCE(a, b, { temperature }),
      }))(embeddings());
      expectClose(loss, golden.values(`${at}/loss`), { rtol: 1e-6, atol: 1e-6 });
      expectTreeClose(grads, golden, `${at}/grads`, 1e-5);
    });
  }

  it('alignment and uniformity', () => {
    const { a, b } = embeddings();
    expectClose(alignment(a, b), golden.values('alignment'), { rtol: 1e-5 });
    expectClose(uniformity(concat([a, b], 0)), golden.values('uniformity'), { rtol: 1e-5 });
  });
});

describeBackends('projection heads against PyTorch', () => {
  for (const [name, config] of Object.entries(
    golden.config<Record<string, ProjectorConfig>>('heads'),
  )) {
    it(`${name}: output and every gradient`, () => {
      const params = golden.tree(`${name}/params`) as ProjectorParams;
      const x = golden.tensor(`${name}/x`) as Tensor2D;
      const y = project(params, x);
      expectClose(y, golden.values(`${name}/y`), { rtol: 1e-5, atol: 1e-6 });
      expectClose(y.shape[1], config.out);
      const weights = golden.tensor(`${name}/weights`);
      const { grads } = valueAndGrad((inputs: { params: ProjectorParams; x: Tensor2D }) => ({
        loss: sum(mul(project(inputs.params, inputs.x), weights)),
      }))({ params, x });
      expectTreeClose({ ...grads.params, x: grads.x }, golden, `${name}/grads`, 1e-5);
    });
  }
});
