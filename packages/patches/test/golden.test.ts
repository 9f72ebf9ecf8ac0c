import type { Tensor4D } from '@tensorflow/tfjs-core';
import { patchify, sincosPositions, unpatchify } from '@twocan/patches';
import { describeBackends, expectClose, loadGolden } from '@twocan/testkit';
import { expect, it } from 'vitest';

const golden = loadGolden('patches');

it("sin-cos positions are those of ViTMAE's code, also on grids that are not square", () => {
  const tables = golden.names.filter((name) => name.startsWith('positions/'));
  expect(tables).toHaveLength(3);
  for (const name of tables) {
    const [rows = 0, columns = 0, width = 0] = name
      .slice('positions/'.length)
      .split('x')
      .map(Number);
    const table = sincosPositions({ rows, columns, width });
    expectClose(table, golden.values(name), { rtol: 0, atol: 1e-6 }, name);
  }
});

describeBackends('patches against PyTorch', () => {
  it('are cut as torch.unfold cuts them, and joined again', () => {
    const images = golden.tensor('images') as Tensor4D;
    const cut = patchify(images, 3);
    expectClose(cut, golden.values('patches'), { rtol: 0, atol: 0 });
    const [, height, width, channels] = images.shape;
    const whole = unpatchify(cut, { rows: height / 3, columns: width / 3, patch: 3, channels });
    expectClose(whole, golden.values('images'), { rtol: 0, atol: 0 });
  });
});
