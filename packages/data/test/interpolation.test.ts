import { expectClose, loadGolden } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import { type Dataset, plainViews } from '../src/index.ts';

const golden = loadGolden('foreign');
const [height = 0, width = 0] = golden.shape('vit/picture');
const data = Uint8Array.from(golden.values('vit/picture'));
const dataset: Dataset = {
  length: 1,
  name: () => 'picture',
  image: async () => ({ data, width, height, channels: 3 }),
};
const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] };

describe("plainViews against transformers' ViTImageProcessor", () => {
  const wanted = golden.values('vit/pixels');

  it('resizes with the cubic filter, to the 8 bits that it rounds to', async () => {
    const bicubic = { size: 16, ...normalization, interpolation: 'bicubic' as const };
    const pixels = await plainViews(dataset, [0], bicubic);
    // One step of 255 over the smallest deviation: they round twice, by half a step.
    expectClose(pixels, wanted, { rtol: 0, atol: 1.01 / 255 / 0.2 });
  });

  it('would notice the other filter', async () => {
    const pixels = await plainViews(dataset, [0], { size: 16, ...normalization });
    const largest = pixels.reduce(
      (most, x, i) => Math.max(most, Math.abs(x - (wanted[i] ?? 0))),
      0,
    );
    expect(largest).toBeGreaterThan(0.05);
  });
});
