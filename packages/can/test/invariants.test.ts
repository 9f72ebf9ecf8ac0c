import {
  grad,
  type Tensor3D,
  type Tensor4D,
  tensor3d,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  type CanOptions,
  type CanParams,
  canForwardWith,
  canLoss,
  canLossWith,
  drawCorruption,
  initCan,
} from '@twocan/can';
import { key, namedLeaves, normal, valueAndGrad } from '@twocan/core';
import { noisePredictionLoss } from '@twocan/denoising';
import { maskedWeights, sampleMask, visibleWeights } from '@twocan/masking';
import { maskedPatchLoss } from '@twocan/reconstruction';
import { describeBackends, expectClose } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { images, pickDraws, pickImages, small, stacked } from './fixture.ts';
import { standaloneMae } from './mae.ts';

const close = { rtol: 2e-5, atol: 1e-6 };

describeBackends('the invariants of CAN', () => {
  it('(a) reconstruction has no gradient at visible patches, denoising none at masked ones', () => {
    tidy(() => {
      const mask = sampleMask(key(0), { batch: 2, patches: 16, ratio: 0.5 });
      const predictions = tensor3d(normal(key(1), 384), [2, 16, 12]);
      const target = tensor3d(normal(key(2), 384), [2, 16, 12]);
      const touched = (loss: (p: Tensor3D) => ReturnType<typeof maskedPatchLoss>) => {
        const slope = grad((p) => loss(p as Tensor3D))(predictions).arraySync() as number[][][];
        return slope.flat().map((patch) => patch.some((v) => v !== 0));
      };
      const hidden = [...mask.restore].map((rank) => rank >= mask.kept);
      expect(
        touched((p) => maskedPatchLoss(p, target, maskedWeights(mask), { normalize: true })),
      ).toEqual(hidden);
      expect(touched((p) => noisePredictionLoss(p, target, visibleWeights(mask)))).toEqual(
        hidden.map((v) => !v),
      );
    });
  });

  it('(a) masked pixels reach the reconstruction target only, and their noise nothing', () => {
    tidy(() => {
      const config = small();
      const params = initCan(key(0), config);
      const batch = { views: [images(1, 3), images(2, 3)] };
      const draws = drawCorruption(key(3), config, batch);
      const hidden = maskPixels(draws.mask?.restore ?? new Int32Array(), draws.mask?.kept ?? 0);
      const { metrics } = canLossWith(config)(params, batch, draws);
      if (!draws.noise) throw new Error('noise expected');

      const quiet = { ...draws, noise: keepPixels(draws.noise, hidden) };
      const same = canLossWith(config)(params, batch, quiet);
      for (const [name, metric] of Object.entries(metrics ?? {})) {
        expectClose(same.metrics?.[name] ?? [], metric, { rtol: 0, atol: 0 }, name);
      }

      const blank = {
        views: batch.views.map((x, v) => keepPixels(x, hidden.slice(v * 576, (v + 1) * 576))),
      };
      const other = canLossWith(config)(params, blank, draws);
      for (const name of ['contrastive', 'denoising']) {
        expectClose(other.metrics?.[name] ?? [], metrics?.[name] ?? [], { rtol: 0, atol: 0 }, name);
      }
      const [before, after] = [metrics, other.metrics].map((m) => m?.reconstruction?.dataSync()[0]);
      expect(after).not.toBe(before);
    });
  });

  it('(b) with the weights 0, 1, 0 it is the masked autoencoder, gradients too', () => {
    const zeroed = small({
      method: 'can',
      weights: { contrastive: 0, reconstruction: 1, denoising: 0 },
      noise: { max: 0 },
      views: 1,
      maskRatio: 0.75,
    });
    expect(zeroed).toEqual(small({ method: 'mae' }));
    tidy(() => {
      const params = initCan(key(0), zeroed);
      const view = images(1, 3);
      const draws = drawCorruption(key(2), zeroed, { views: [view] });
      const { mask } = draws;
      if (!mask) throw new Error('a mask expected');
      expect(mask.kept).toBe(4);
      const ours = valueAndGrad(canLossWith(zeroed))(params, { views: [view] }, draws);
      const theirs = valueAndGrad((p: CanParams) => ({
        loss: standaloneMae(p, zeroed, view, mask),
      }))(params);
      expectClose(ours.loss, theirs.loss, { rtol: 3e-6 });
      const expected = new Map(namedLeaves(theirs.grads));
      for (const [path, slope] of namedLeaves(ours.grads)) {
        expectClose(slope, expected.get(path) ?? [], { rtol: 1e-3, atol: 2e-5 }, path);
      }
    });
  });

  it('(c) swapping the views leaves the loss unchanged', () => {
    tidy(() => {
      const config = small();
      const params = initCan(key(0), config);
      const [a, b] = [images(1, 3), images(2, 3)];
      const draws = drawCorruption(key(3), config, { views: [a, b] });
      const loss = canLossWith(config)(params, { views: [a, b] }, draws).loss;
      const swapped = pickDraws(draws, [3, 4, 5, 0, 1, 2]);
      expectClose(canLossWith(config)(params, { views: [b, a] }, swapped).loss, loss, close);
    });
  });

  const trained: Record<string, CanOptions> = {
    can: {},
    mae: { method: 'mae' },
    simclr: { method: 'simclr' },
    'contrastive-masked': { method: 'contrastive-masked' },
    'noise as augmentation': { weights: { contrastive: 0.03, reconstruction: 0.97, denoising: 0 } },
    'no level input': { noise: { embed: 'none' } },
    'level at visible patches and class token': { noise: { embed: 'visible', embedCls: true } },
    'denoising alone, nothing hidden': {
      maskRatio: 0,
      views: 1,
      weights: { contrastive: 0, reconstruction: 0, denoising: 1 },
    },
    'batch norm in the head': { projector: { hidden: 12, out: 6, layers: 2, batchNorm: true } },
  };
  for (const [name, options] of Object.entries(trained)) {
    it(`(d) one step changes every parameter: ${name}`, () => {
      tidy(() => {
        const config = small(options);
        const params = initCan(key(0), config);
        const views = [images(1, 4), images(2, 4)].slice(0, config.views);
        const { grads, unused } = valueAndGrad(canLoss(config))(params, { views }, { key: key(3) });
        expect(unused).toEqual([]);
        const before = new Map(namedLeaves(params));
        const still = namedLeaves(grads).filter(([path, slope]) => {
          const values = before.get(path)?.dataSync() ?? [];
          const after = slope.dataSync().map((g, i) => (values[i] ?? NaN) - 0.1 * g);
          return after.every((v, i) => v === values[i]) || !after.every(Number.isFinite);
        });
        expect(still.map(([path]) => path)).toEqual([]);
      });
    });
  }

  it('(e) the order of images in the batch does not matter', () => {
    tidy(() => {
      const config = small();
      const params = initCan(key(0), config);
      const views = [images(1, 4), images(2, 4)];
      const draws = drawCorruption(key(3), config, { views });
      const order = [2, 0, 3, 1];
      const permuted = { views: views.map((x) => pickImages(x, order)) };
      expectClose(
        canLossWith(config)(params, permuted, pickDraws(draws, stacked(order, 4))).loss,
        canLossWith(config)(params, { views }, draws).loss,
        close,
      );
    });
  });

  it('(f) the target of denoising is proportional to the level', () => {
    tidy(() => {
      const params = initCan(key(0), small());
      const views = [images(1, 2), images(2, 2)];
      const [one, two] = [0.05, 0.1].map((max) => {
        const config = small({ noise: { max } });
        const draws = drawCorruption(key(3), config, { views });
        const { noise } = canForwardWith(config)(params, { views }, draws);
        const { levels } = draws;
        if (!noise || !levels) throw new Error('noise expected');
        return { noise: noise.dataSync(), levels };
      });
      if (!one || !two) throw new Error('two levels expected');
      expectClose(
        two.levels,
        one.levels.map((v) => 2 * v),
      );
      expectClose(
        two.noise,
        one.noise.map((v) => 2 * v),
        { atol: 1e-7 },
      );
    });
  });
});

/** For each pixel value of the stacked 8 × 8 × 3 images, whether its 2 × 2 patch is hidden. */
function maskPixels(restore: Int32Array, kept: number): boolean[] {
  return Array.from({ length: (restore.length / 16) * 192 }, (_, i) => {
    const [image, y, x] = [
      Math.floor(i / 192),
      Math.floor((i % 192) / 24),
      Math.floor((i % 24) / 3),
    ];
    return (restore[image * 16 + 4 * Math.floor(y / 2) + Math.floor(x / 2)] ?? 0) >= kept;
  });
}

/** The images with their hidden pixels at 0. */
const keepPixels = (x: Tensor4D, hidden: readonly boolean[]): Tensor4D =>
  tensor4d(
    x.dataSync().map((v, i) => (hidden[i] ? 0 : v)),
    x.shape,
  );
