import { dispose, tensor1d, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { alignment, uniformity } from '@twocan/contrastive';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

describeBackends('metrics of embeddings', () => {
  it('alignment is 0, 2 and 4 for equal, orthogonal and opposite views', () => {
    tidy(() => {
      const a = tensor2d([[2, 0]]);
      expectClose(alignment(a, tensor2d([[1, 0]])), 0);
      expectClose(alignment(a, tensor2d([[0, 3]])), 2);
      expectClose(alignment(a, tensor2d([[-1, 0]])), 4);
    });
  });

  it('uniformity is 0 at one point, −4 for orthogonal and −8 for opposite embeddings', () => {
    tidy(() => {
      expectClose(
        uniformity(
          tensor2d([
            [1, 2],
            [2, 4],
            [3, 6],
          ]),
        ),
        0,
        { atol: 1e-5 },
      );
      expectClose(
        uniformity(
          tensor2d([
            [1, 0],
            [0, 3],
          ]),
        ),
        -4,
        { atol: 1e-4 },
      );
      expectClose(
        uniformity(
          tensor2d([
            [1, 0],
            [-2, 0],
          ]),
        ),
        -8,
        { atol: 1e-2 },
      );
    });
  });

  it('uniformity takes a row of zeros as the centre, 1 from every other', () => {
    tidy(() => {
      const [right, up, none] = [
        [1, 0],
        [0, 1],
        [0, 0],
      ];
      const mean = (Math.exp(-4) + 2 * Math.exp(-2)) / 3;
      const embeddings = tensor2d([right, up, none] as number[][]);
      expectClose(uniformity(embeddings), Math.log(mean), { rtol: 1e-5 });
    });
  });

  it('refuses embeddings without rows or columns', () => {
    tidy(() => {
      const [empty, narrow] = [zeros([0, 3]) as never, zeros([3, 0]) as never];
      expect(() => alignment(empty, empty)).toThrow(
        /^alignment: the number of rows of zA must be a positive/,
      );
      expect(() => uniformity(narrow)).toThrow(/^uniformity: the width of z must be a positive/);
    });
  });

  it('refuses what has no answer and leaks nothing', () => {
    const [a, one] = [
      tensor2d([
        [1, 0],
        [0, 1],
      ]),
      tensor2d([[1, 0]]),
    ];
    expect(() => uniformity(one)).toThrow('uniformity: z must have at least 2 rows, got 1');
    const flat = tensor1d([1, 2]) as never;
    expect(() => uniformity(flat)).toThrow('uniformity: z must have 2 dimensions, got shape [2]');
    expect(() => alignment(flat, a)).toThrow('alignment: zA must have 2 dimensions, got shape [2]');
    dispose(flat);
    expect(() => alignment(a, one)).toThrow('alignment: zB must have shape [2, 2], got [1, 2]');
    expectNoLeak(() => alignment(a, a));
    expectNoLeak(() => uniformity(a));
    a.dispose();
    one.dispose();
  });
});
