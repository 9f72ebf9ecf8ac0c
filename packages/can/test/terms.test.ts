import { concat, mean, mul, type Scalar, square, sub, sum, tidy } from '@tensorflow/tfjs-core';
import {
  type CanOptions,
  type CanParams,
  canLoss,
  canLossWith,
  canTerms,
  contrastiveTerm,
  denoisingTerm,
  drawCorruption,
  encode,
  initCan,
  type Need,
  type Parts,
  reconstructionTerm,
  resolveCanConfig,
  type Term,
  type TermContext,
  termNames,
} from '@twocan/can';
import { disposeTree, fold, key, namedLeaves, valueAndGrad } from '@twocan/core';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { images, small } from './fixture.ts';

/** Mean |a − b|² of the two projections. */
const distance = (weight: number): Term<'embeddings'> => ({
  name: 'distance',
  weight,
  needs: ['embeddings'],
  loss: ({ embeddings: { a, b } }) => ({ loss: mean(sum(square(sub(a, b)), 1)) as Scalar }),
});

const batchOf = (config: { readonly views: number }) => ({
  views: [1, 2].slice(0, config.views).map((seed) => images(seed, 2)),
});

describeBackends('terms', () => {
  it('are those of positive weight, and compose to the loss of the config', () => {
    tidy(() => {
      const config = small({
        weights: { contrastive: 0.5, reconstruction: 0.25, denoising: 0.125 },
      });
      expect(canTerms(config).map(({ name, weight }) => [name, weight])).toEqual([
        ['contrastive', 0.5],
        ['reconstruction', 0.25],
        ['denoising', 0.125],
      ]);
      expect(canTerms(small({ method: 'mae' })).map(({ name }) => name)).toEqual([
        'reconstruction',
      ]);
      expect(termNames).toEqual(Object.keys(config.weights));
      const params = initCan(key(0), config);
      const terms = [contrastiveTerm(config), reconstructionTerm(config), denoisingTerm(config)];
      const [own, composed] = [canLoss(config), canLoss(config, { terms })].map((loss) =>
        loss(params, batchOf(config), { key: key(1) }),
      );
      expect(composed?.loss.dataSync()).toEqual(own?.loss.dataSync());
      expect(Object.keys(composed?.metrics ?? {})).toEqual(Object.keys(own?.metrics ?? {}));
    });
  });

  it("sums a user's own with ours, each by its weight, and reports both", () => {
    tidy(() => {
      const config = small();
      const terms = [distance(3), { ...reconstructionTerm(config), weight: 0.5 }];
      const params = initCan(key(0), config, { terms });
      // Noise is added, but no term predicts it; the decoder is given its level all the same.
      expect(Object.keys(params).sort()).toEqual(['decoder', 'encoder', 'level', 'projector']);
      const { loss, metrics = {} } = canLoss(config, { terms })(params, batchOf(config), {
        key: key(1),
      });
      expect(Object.keys(metrics)).toEqual(['distance', 'reconstruction']);
      const [own = NaN, ours = NaN] = Object.values(metrics).map((m) => m.dataSync()[0]);
      expectClose(loss, 3 * own + 0.5 * ours, { rtol: 1e-6 });
      const all = canLoss(config)(initCan(key(0), config), batchOf(config), { key: key(1) });
      expectClose(all.metrics?.reconstruction ?? [], ours);
    });
  });

  it('get the parts that are needed, and no others are computed', () => {
    tidy(() => {
      const config = small();
      const params = initCan(key(0), config);
      const partsFor = (needs: readonly Need[]): string[] => {
        let seen: string[] = [];
        const spy: Term = {
          name: 'spy',
          weight: 1,
          needs,
          loss: (parts) => {
            seen = Object.keys(parts);
            return { loss: mean(parts.features) as Scalar };
          },
        };
        const context = { key: key(1), teacher: params };
        canLoss(config, { terms: [spy] })(params, batchOf(config), context);
        return seen.filter((name) => !['clean', 'noisy', 'features'].includes(name)).sort();
      };
      expect(partsFor([])).toEqual(['levels', 'mask']);
      expect(partsFor(['embeddings'])).toEqual(['embeddings', 'levels', 'mask']);
      expect(partsFor(['predictions', 'noise'])).toEqual([
        'levels',
        'mask',
        'noise',
        'predictions',
      ]);
      expect(partsFor(['teacher'])).toEqual(['levels', 'mask', 'teacher']);
    });
  });

  it.each([
    [['embeddings'], ['encoder', 'projector']],
    [['predictions'], ['decoder', 'encoder', 'level']],
    [['noisePredictions'], ['denoiser', 'encoder']],
    [['teacher'], ['encoder']],
  ] as const)('that need %o have parameters %o', (needs, expected) => {
    tidy(() => {
      const term = { ...distance(1), needs: [...needs] } as Term;
      const params = initCan(key(0), small(), { terms: [term] });
      expect(Object.keys(params).sort()).toEqual(expected);
    });
  });

  it('see the teacher on whole, clean views, and no gradient goes there', () => {
    tidy(() => {
      const config = small({ noise: { max: 0.5 } });
      const batch = batchOf(config);
      const teacher = initCan(key(5), config);
      const terms: Term<'embeddings' | 'teacher'>[] = [
        {
          name: 'follow',
          weight: 2,
          needs: ['embeddings', 'teacher'],
          loss: ({ features, teacher: { features: goal, embeddings } }) => {
            expectClose(goal, encode(config)(teacher, concat([...batch.views])), {
              rtol: 1e-5,
              atol: 1e-6,
            });
            expect(embeddings?.a.shape).toEqual([2, 6]);
            return { loss: sum(mul(features, goal)) as Scalar };
          },
        },
      ];
      const params = initCan(key(0), config, { terms });
      const step = valueAndGrad(canLoss(config, { terms }));
      const { grads } = step(params, batch, { key: key(1), teacher });
      // The same with the goal as a plain constant.
      const goal = encode(config)(teacher, concat([...batch.views]));
      const constant: Term[] = [
        {
          name: 'follow',
          weight: 2,
          needs: [],
          loss: ({ features }) => ({ loss: sum(mul(features, goal)) as Scalar }),
        },
      ];
      const expected = valueAndGrad(canLoss(config, { terms: constant }))(params, batch, {
        key: key(1),
      });
      for (const [path, leaf] of namedLeaves(grads.encoder)) {
        const other = new Map(namedLeaves(expected.grads.encoder)).get(path);
        expectClose(leaf, other ?? [], { rtol: 1e-4, atol: 1e-5 }, path);
      }
      expect(() => canLoss(config, { terms })(params, batch, { key: key(1) })).toThrow(
        'canLoss: context.teacher is missing; keep an average with initState(params, optimizer, { ema: true })',
      );
    });
  });

  it('get parameters, draws and a key of their own name', () => {
    tidy(() => {
      const config = small();
      const contexts: TermContext[] = [];
      const terms = ['one', 'other'].map(
        (name): Term => ({
          name,
          weight: 1,
          needs: [],
          loss: ({ features }, _, context) => {
            contexts.push(context);
            return { loss: mean(features) as Scalar };
          },
        }),
      );
      const params = initCan(key(0), config, { terms });
      const batch = batchOf(config);
      canLoss(config, { terms })(params, batch, { key: key(1) });
      const draws = drawCorruption(key(1), config, batch);
      canLossWith(config, { terms })(params, batch, draws);
      expect(contexts.map((context) => context.key)).toEqual([
        fold(key(1), 'one'),
        fold(key(1), 'other'),
        undefined,
        undefined,
      ]);
      expect(contexts.every((context) => context.params === params)).toBe(true);
      expect(contexts[0]?.draws.levels).toEqual(draws.levels);
    });
  });

  it('leak nothing', () => {
    tidy(() => {
      const config = small();
      const follow: Term<'teacher'> = {
        name: 'follow',
        weight: 1,
        needs: ['teacher'],
        loss: ({ features, teacher }) => ({ loss: sum(mul(features, teacher.features)) as Scalar }),
      };
      const terms: Term[] = [...canTerms(config), distance(1), follow];
      const params = initCan(key(0), config, { terms });
      const context = { key: key(1), teacher: initCan(key(2), config, { terms }) };
      const batch = batchOf(config);
      expectNoLeak(() => valueAndGrad(canLoss(config, { terms }))(params, batch, context) as never);
      disposeTree(params);
    });
  });

  const mae: CanOptions = { method: 'mae' };
  it.each<[string, CanOptions, readonly unknown[], string]>([
    [
      'one view',
      mae,
      [distance(1)],
      "canLoss: config must fit, got views: must be 2 where the term 'distance' is used, got 1",
    ],
    [
      'no noise',
      mae,
      [{ ...distance(1), needs: ['noise'] }],
      "canLoss: config must fit, got noise.max: must be positive where the term 'distance' is used, got 0",
    ],
    [
      'no mask',
      { method: 'simclr' },
      [{ ...distance(1), needs: ['mask'] }],
      "canLoss: config must fit, got maskRatio: must hide patches where the term 'distance' is used, got 0",
    ],
    [
      'a part that does not exist',
      {},
      [{ ...distance(1), needs: ['projections'] }],
      'canLoss: terms[0].needs must hold only embeddings, predictions, noisePredictions, mask, noise, teacher, got',
    ],
    [
      'a name twice',
      {},
      [distance(1), distance(2)],
      'canLoss: terms[1].name must be a name of its own, got',
    ],
    [
      'the name of the sum',
      {},
      [{ ...distance(1), name: 'loss' }],
      'canLoss: terms[0].name must be a name of its own, got',
    ],
    [
      'a negative weight',
      {},
      [distance(-1)],
      'canLoss: terms[0].weight must be a number of at least 0, got -1',
    ],
    ['no weight', {}, [distance(0)], 'canLoss: terms must hold a term of positive weight, got'],
    ['no list', {}, distance(1) as never, 'canLoss: terms must be an Array, got'],
    [
      'no loss',
      {},
      [{ ...distance(1), loss: 1 }],
      'canLoss: terms[0].loss must be a function, got 1',
    ],
  ])('refuses %s', (_, options, terms, message) => {
    expect(() => canLoss(small(options), { terms: terms as Term[] })).toThrow(message);
  });

  it('names the term that returns no loss', () => {
    tidy(() => {
      const config = resolveCanConfig(small());
      const params: CanParams = initCan(key(0), config);
      const returning = (output: unknown) =>
        canLoss(config, {
          terms: [{ ...distance(1), loss: (_: Parts<'embeddings'>) => output as never }],
        });
      const call = (output: unknown) => () =>
        returning(output)(params, batchOf(config), { key: key(1) });
      expect(call({})).toThrow(/^canLoss: what the term 'distance' returns/);
      expect(call({ loss: images(1, 1) })).toThrow(
        /^canLoss: the loss of the term 'distance' must/,
      );
    });
  });
});
