import {
  dispose,
  matMul,
  mul,
  sub,
  type Tensor,
  type Tensor2D,
  type TensorContainer,
  tensor3d,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  type CanParams,
  canEmbeddings,
  canForward,
  canForwardWith,
  canLoss,
  canLossWith,
  canPictures,
  drawCorruption,
  encode,
  initCan,
  plainDecoder,
} from '@twocan/can';
import { disposeTree, key, mapTree, namedLeaves, type Params, valueAndGrad } from '@twocan/core';
import { keepTokens } from '@twocan/masking';
import { encodeLevel, levelMlp } from '@twocan/noise';
import { patchify } from '@twocan/patches';
import { normalizePatches } from '@twocan/reconstruction';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import {
  decodeTokens,
  embedForDecoder,
  embedPatches,
  encodeImages,
  encodeTokens,
} from '@twocan/vit';
import { expect, it } from 'vitest';
import { images, pickImages, small } from './fixture.ts';

const parts = (params: CanParams) => Object.keys(params).sort();
// The types of tfjs know mutable containers only.
const held = (tensors: unknown) => tensors as TensorContainer;
const first = (t: Tensor | undefined): number => t?.dataSync()[0] ?? Number.NaN;

describeBackends('CAN', () => {
  it('has the parameters that its losses train, and no others', () => {
    tidy(() => {
      const make = (options = {}) => initCan(key(0), small(options));
      expect(parts(make())).toEqual(['decoder', 'encoder', 'level', 'projector']);
      expect(parts(make({ method: 'mae' }))).toEqual(['decoder', 'encoder']);
      expect(parts(make({ method: 'simclr' }))).toEqual(['encoder', 'projector']);
      expect(parts(make({ method: 'contrastive-masked' }))).toEqual([
        'decoder',
        'encoder',
        'projector',
      ]);
      expect(parts(make({ noise: { embed: 'none' } }))).not.toContain('level');
      const blind = { views: 1, maskRatio: 0 };
      const weights = { contrastive: 0, reconstruction: 0, denoising: 1 };
      expect(make({ ...blind, weights }).decoder).not.toHaveProperty('mask');
    });
  });

  it('starts every method of one key from the same encoder', () => {
    tidy(() => {
      const [can, mae] = (['can', 'mae'] as const).map((method) =>
        namedLeaves(initCan(key(4), small({ method })).encoder),
      );
      for (const [i, [path, leaf]] of (can ?? []).entries()) {
        expectClose(leaf, mae?.[i]?.[1] ?? [], { atol: 0, rtol: 0 }, path);
      }
    });
  });

  it('weighs the terms that it reports, and reports no other', () => {
    tidy(() => {
      const config = small();
      const batch = { views: [images(1, 3), images(2, 3)] };
      const { loss, metrics = {} } = canLoss(config)(initCan(key(0), config), batch, {
        key: key(1),
      });
      const { contrastive, reconstruction, denoising } = metrics;
      const sum = 0.03 * first(contrastive) + 0.67 * first(reconstruction) + 0.3 * first(denoising);
      expectClose(loss, sum, { rtol: 1e-5 });
      expect(first(metrics.negatives)).toBe(4);

      const mae = small({ method: 'mae' });
      const alone = canLoss(mae)(initCan(key(0), mae), { views: [images(1, 3)] }, { key: key(1) });
      expect(Object.keys(alone.metrics ?? {})).toEqual(['reconstruction']);
    });
  });

  it('gives each view its own mask, level and noise, and images theirs in any batch', () => {
    const config = small();
    const [four, two] = [4, 2].map((batch) => {
      const views = [images(1, batch), images(2, batch)];
      const draws = drawCorruption(key(5), config, { views });
      const { mask, levels, noise } = draws;
      if (!mask || !levels || !noise) throw new Error('all draws expected');
      const values = noise.dataSync<'float32'>();
      disposeTree([...views, noise]);
      return { keep: mask.keep, levels, noise: values };
    });
    if (!four || !two) throw new Error('two batches expected');
    expect(four.keep.slice(0, 32)).not.toEqual(four.keep.slice(32));
    expect(four.levels.slice(0, 4)).not.toEqual(four.levels.slice(4));
    expect(four.levels.every((level) => level >= 0 && level < 0.05)).toBe(true);
    expect(two.keep).toEqual(Int32Array.of(...four.keep.slice(0, 16), ...four.keep.slice(32, 48)));
    expect(two.levels).toEqual(Float32Array.of(...[0, 1, 4, 5].map((i) => four.levels[i] ?? NaN)));
    expect(two.noise.slice(384)).toEqual(four.noise.slice(768, 768 + 384));
  });

  it.each(
    (['all', 'visible', 'none'] as const).flatMap((embed) =>
      [false, true].map((embedCls) => ({ embed, embedCls })),
    ),
  )('adds the code of the level where asked: %o', ({ embed, embedCls }) => {
    tidy(() => {
      const config = small({ noise: { embed, embedCls, max: 0.5, scale: 7 } });
      const params = initCan(key(0), config);
      const batch = { views: [images(1, 2), images(2, 2)] };
      const draws = drawCorruption(key(1), config, batch);
      const { predictions, noisy } = canForwardWith(config)(params, batch, draws);
      const { mask, levels } = draws;
      const { decoder, encoder, level } = params;
      if (!mask || !levels || !decoder?.mask || !predictions) throw new Error('all parts expected');
      const visible = keepTokens(embedPatches(encoder, config.encoder, noisy), mask);
      const tokens = embedForDecoder(decoder, encodeTokens(encoder, config.encoder, visible));
      const [own, hidden] = [tokens.arraySync(), [...decoder.mask.dataSync()]];
      // The code goes through the decoder's map without its offset.
      const codes =
        level &&
        (
          matMul(
            levelMlp(level, encodeLevel(levels, { width: 16, scale: 7 })),
            decoder.embed.kernel,
          ) as Tensor2D
        ).arraySync();
      const sequence = own.map(([cls = [], ...kept], image) => {
        const told = (token: readonly number[], wanted: boolean): number[] =>
          token.map((x, i) => x + (wanted ? (codes?.[image]?.[i] ?? Number.NaN) : 0));
        const places = [...mask.restore.slice(16 * image, 16 * (image + 1))].map((rank) => {
          const token = kept[rank];
          return told(token ?? hidden, embed === 'all' || (embed === 'visible' && !!token));
        });
        return [told(cls, embedCls), ...places];
      });
      const expected = decodeTokens(decoder, config.encoder, config.decoder, tensor3d(sequence));
      expectClose(predictions, expected, { rtol: 1e-4, atol: 1e-5 });
    });
  });

  it('reconstructs the noisy image only where asked', () => {
    tidy(() => {
      const views = [images(1, 2), images(2, 2)];
      const at = (target: 'clean' | 'noisy') => {
        const config = small({ target, noise: { max: 0.5 } });
        return canLoss(config)(initCan(key(0), config), { views }, { key: key(1) }).metrics;
      };
      const [clean, noisy] = [at('clean'), at('noisy')];
      expect(first(clean?.reconstruction)).not.toBe(first(noisy?.reconstruction));
      expect(first(clean?.denoising)).toBe(first(noisy?.denoising));
    });
  });

  it('learns: twenty steps on one batch lower every term', () => {
    const config = small({
      noise: { max: 0.5 },
      weights: { contrastive: 0.3, reconstruction: 0.4, denoising: 0.3 },
    });
    const batch = { views: [images(1, 4), images(2, 4)] };
    const draws = drawCorruption(key(1), config, batch);
    const step = valueAndGrad(canLossWith(config));
    const initial = initCan(key(0), config);
    let params: Params = initial;
    const history: Record<string, number>[] = [];
    for (let i = 0; i < 20; i++) {
      const next = tidy(() => {
        const { metrics, grads } = step(params as CanParams, batch, draws);
        history.push(Object.fromEntries(Object.entries(metrics).map(([n, m]) => [n, first(m)])));
        const slopes = new Map(namedLeaves<Tensor>(grads as Params));
        return mapTree(
          (p, path) => sub(p, mul(slopes.get(path) ?? 0, 0.3)),
          params,
        ) as TensorContainer;
      });
      disposeTree(params);
      params = next as Params;
    }
    disposeTree(params);
    dispose([...batch.views, draws.noise ?? []]);
    for (const term of ['contrastive', 'reconstruction', 'denoising']) {
      expect(history.at(-1)?.[term]).toBeLessThan(history[0]?.[term] ?? 0);
    }
  });

  it('encodes images without mask or noise, by any pooling', () => {
    tidy(() => {
      const config = small();
      const params = initCan(key(0), config);
      const x = images(1, 3);
      const tokens = encodeImages(params.encoder, config.encoder, x).arraySync();
      const mean = (rows: readonly (readonly number[])[]): number[] =>
        (rows[0] ?? []).map(
          (_, i) => rows.reduce((sum, row) => sum + (row[i] ?? NaN), 0) / rows.length,
        );
      const expected = {
        patches: tokens.map(([, ...patches]) => mean(patches)),
        cls: tokens.map(([cls = []]) => cls),
        all: tokens.map(mean),
        both: tokens.map(([cls = [], ...patches]) => [...cls, ...mean(patches)]),
      };
      for (const pool of ['patches', 'cls', 'all', 'both'] as const) {
        const features = encode(config, { pool })(params, x);
        expect(features.shape).toEqual([3, pool === 'both' ? 32 : 16]);
        expectClose(features, expected[pool].flat(), { atol: 1e-5 }, pool);
      }
      // The config's own is what is not named; an image's features do not depend on the others.
      const second = encode({ ...config, pool: 'all' })(params, pickImages(x, [1]));
      expectClose(second, expected.all[1] ?? [], { atol: 1e-5 });
    });
  });

  it('draws honest pictures', () => {
    tidy(() => {
      const config = small({ noise: { max: 0.3 } });
      const batch = { views: [images(1, 2), images(2, 2)] };
      const { forward, mask, levels } = canForward(config)(initCan(key(0), config), batch, key(1));
      const { clean, noise, predictions } = forward;
      if (!mask || !noise || !predictions) throw new Error('all parts expected');
      expect(levels?.length).toBe(4);
      const truth = patchify(clean, 2);
      // A perfect model: normalised pixels where hidden, the noise where visible.
      const right = normalizePatches(truth).arraySync();
      const perfect = noise.arraySync().map((patches, b) =>
        patches.map((patch, t) => {
          const hidden = (mask.restore[b * 16 + t] ?? 0) >= mask.kept;
          return hidden ? (right[b]?.[t] ?? []) : patch;
        }),
      );
      const ideal = { ...forward, predictions: tensor3d(perfect) };
      const { output, input } = canPictures(config, ideal, mask);
      expectClose(output, clean, { atol: 1e-4 });
      const blank = patchify(input, 2).arraySync().flat();
      for (const [t, rank] of [...mask.restore].entries()) {
        expect(blank[t]?.every((v) => v === 0)).toBe(rank >= mask.kept);
      }
    });
  });

  it('refuses batches and draws that do not fit', () => {
    tidy(() => {
      const config = small();
      const params = initCan(key(0), config);
      const x = images(1, 2);
      expect(() => canLoss(config)(params, { views: [x] }, { key: key(0) })).toThrow(
        'canLoss: batch.views must hold 2 tensor(s), got 1; set views in the config or change the loader',
      );
      expect(() => canLoss(config)(params, { views: [x, images(1, 3)] }, { key: key(0) })).toThrow(
        'canLoss: batch.views[1] must have shape [2, 8, 8, 3], got [3, 8, 8, 3]',
      );
      expect(() => canLossWith(config)(params, { views: [x, x] }, {})).toThrow(
        'canLossWith: the config uses mask, but draws lack it; make draws with drawCorruption',
      );
      const simclr = small({ method: 'simclr' });
      const { forward } = canForward(simclr)(initCan(key(0), simclr), { views: [x, x] }, key(0));
      expect(() => canPictures(simclr, forward)).toThrow('canPictures: the config must predict');
      expect(() =>
        canLoss(config)(initCan(key(0), simclr), { views: [x, x] }, { key: key(0) }),
      ).toThrow('canLoss: params.decoder is missing; make params with initCan(key, config)');
    });
  });

  for (const method of ['can', 'mae', 'simclr'] as const) {
    it(`leaks nothing as ${method}`, () => {
      const config = small({ method });
      const batch = { views: [images(1, 2), images(2, 2)].slice(0, config.views) };
      const params = initCan(key(0), config);
      const draws = drawCorruption(key(1), config, batch);
      expectNoLeak(() => held(initCan(key(0), config)));
      expectNoLeak(() => drawCorruption(key(1), config, batch).noise);
      expectNoLeak(() => held(canLoss(config)(params, batch, { key: key(1) })));
      expectNoLeak(() => held(canLossWith(config)(params, batch, draws)));
      expectNoLeak(() => held(valueAndGrad(canLoss(config))(params, batch, { key: key(1) })));
      expectNoLeak(() => held(canForward(config)(params, batch, key(1)).forward));
      expectNoLeak(() => held(canForwardWith(config)(params, batch, draws)));
      const [view] = batch.views;
      if (view) expectNoLeak(() => encode(config)(params, view));
      const forward = canForwardWith(config)(params, batch, draws);
      if (forward.predictions) expectNoLeak(() => canPictures(config, forward, draws.mask));
      expectNoLeak(() => held(plainDecoder(config)(params) ?? []));
      if (params.projector) expectNoLeak(() => canEmbeddings(config)(params, batch, draws));
      dispose([held(forward), draws.noise ?? [], ...batch.views]);
      disposeTree(params as Params);
      for (const view of batch.views) expect(view.isDisposed).toBe(true);
    });
  }
});
