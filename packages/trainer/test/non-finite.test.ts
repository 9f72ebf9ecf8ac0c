import { mul, type Scalar, sum, type Tensor, tensor1d, zeros } from '@tensorflow/tfjs-core';
import { disposeTree, key, type LossOutput } from '@twocan/core';
import { adamw, sgd } from '@twocan/optim';
import { describeBackends } from '@twocan/testkit';
import { expect, it } from 'vitest';
import {
  disposeState,
  fit,
  initState,
  isNonFinite,
  makeLargeBatchStep,
  makeStep,
  type NonFiniteError,
  nonFiniteLeaf,
  type TrainEvent,
  type TrainState,
} from '../src/index.ts';

type P = { readonly w: Tensor; readonly idle: Tensor };
type Options = Partial<Parameters<typeof fit<P, Tensor>>[0]>;
const plain = sgd({ learningRate: 0.1 });
/** Of one weight alone: what stands in the other never reaches the loss. */
const loss = ({ w }: P, batch: Tensor): LossOutput => ({ loss: sum(mul(w, batch)) as Scalar });
const step = makeStep<P, Tensor>(loss, plain);

function begin(idle: number, average?: number): TrainState<P> {
  const params = { w: tensor1d([1]), idle: tensor1d([idle]) };
  const state = initState(params, plain, { ema: average !== undefined });
  disposeTree(params);
  if (average === undefined || state.ema === undefined) return state;
  state.ema.idle.dispose();
  return { ...state, ema: { ...state.ema, idle: tensor1d([average]) } };
}

async function eventsOf(options: Options): Promise<TrainEvent<P>[]> {
  const events: TrainEvent<P>[] = [];
  const defaults = { state: begin(0), step, key: key(1), batches: () => tensor1d([1]), until: 2 };
  for await (const event of fit<P, Tensor>({ ...defaults, ...options })) events.push(event);
  return events;
}

async function errorOf(options: Options): Promise<NonFiniteError> {
  const error = await eventsOf(options).catch((e: unknown) => e);
  if (!isNonFinite(error)) throw error;
  return error;
}

describeBackends('nonFiniteLeaf', () => {
  it.each([
    ['nothing where all are finite', { a: [1, -2], b: [3e38, -3e38] }, undefined],
    ['the first leaf with NaN', { a: [1], b: [0, Number.NaN], c: [Number.NaN] }, 'b'],
    ['a leaf with infinity', { a: [-Infinity], b: [1] }, 'a'],
    ['nothing in an empty tree', {}, undefined],
  ])('names %s', async (_, numbers: Record<string, number[]>, path) => {
    const named = Object.entries(numbers).map(([name, list]) => [name, tensor1d(list)]);
    const tree = { inside: Object.fromEntries(named), whole: zeros([2], 'int32') };
    expect(await nonFiniteLeaf(tree)).toBe(path && `inside/${path}`);
    disposeTree(tree);
  });
});

describeBackends('a run whose numbers stop being finite', () => {
  it('names the leaf of a state at a checkpoint, and the rate of the last step', async () => {
    const error = await errorOf({ state: begin(Number.NaN), learningRate: (at) => (at + 1) / 10 });
    expect(error.message).toBe(
      'fit: the state must stay finite, got params/idle with NaN or infinity at step 2; lower the ' +
        'learning rate (it is 0.2), warm up longer or add clipByGlobalNorm, and go on from the last checkpoint',
    );
    expect(error).toMatchObject({ code: 'NON_FINITE', step: 2, metrics: {}, leaf: 'params/idle' });
    expect(error).not.toHaveProperty('state');
  });

  it('looks before each checkpoint on the way', async () => {
    const error = await errorOf({ state: begin(Infinity), until: 9, checkpointEvery: 2 });
    expect(error.step).toBe(2);
    expect(error.message).toContain('lower the learning rate, warm up');
  });

  it('looks at the average as well', async () => {
    const error = await errorOf({ state: begin(0, Number.NaN) });
    expect(error.leaf).toBe('ema/idle');
  });

  it('looks at the moments of the optimizer as well', async () => {
    const params = { w: tensor1d([1]), idle: tensor1d([0]) };
    const optimizer = adamw({ learningRate: 0.1 });
    const { optimizer: moments, ...state } = initState(params, optimizer);
    const { m, v } = moments as { m: P; v: P };
    m.idle.dispose();
    const odd = { ...state, optimizer: { m: { ...m, idle: tensor1d([Infinity]) }, v } };
    const error = await errorOf({ state: odd, step: makeStep<P, Tensor>(loss, optimizer) });
    expect(error.leaf).toMatch(/^optimizer\/m\/idle$|^params\/idle$/);
    disposeTree(params);
  });

  it('ends before an update whose squares overflow', async () => {
    const steep = ({ w }: P, x: Tensor) => ({ loss: sum(mul(mul(w, x), 1e20)) as Scalar });
    const error = await errorOf({ step: makeStep<P, Tensor>(steep, plain) });
    expect(error.step).toBe(0);
    expect(error.message).toContain('got gradNorm Infinity at step 0');
  });

  it('says where to look before any step', async () => {
    const ofState = await errorOf({ state: begin(Number.NaN), until: 0 });
    expect(ofState.message).toMatch(
      /step 0; nothing was updated yet, so look at the parameters that the run began with$/,
    );
    const ofLoss = await errorOf({ batches: () => tensor1d([Number.NaN]) });
    expect(ofLoss.message).toMatch(
      /^fit: metrics must stay finite, got loss NaN, .* step 0; nothing was updated yet, so look at the loss and the batch$/,
    );
    expect(ofLoss).not.toHaveProperty('leaf');
    disposeState(ofLoss.state as TrainState);
  });

  it('gives no state that was at fault itself', async () => {
    const batches = (at: number) => tensor1d([at === 1 ? Number.NaN : 1]);
    const error = await errorOf({ state: begin(Number.NaN), batches });
    expect(error.message).toMatch(
      /^fit: the state must stay finite, got loss NaN, .*params\/idle with NaN/,
    );
    expect(error).not.toHaveProperty('state');
  });
});

describeBackends('fit', () => {
  it('ends with a checkpoint after a single step', async () => {
    const events = await eventsOf({ until: 1 });
    expect(events.map(({ type }) => type)).toEqual(['step', 'checkpoint', 'done']);
    for (const event of events) if (event.type === 'done') disposeState(event.state);
  });

  it('makes no second checkpoint of a step', async () => {
    const events = await eventsOf({ until: 2, checkpointEvery: 2 });
    expect(events.map(({ type }) => type)).toEqual(['step', 'step', 'checkpoint', 'done']);
    for (const event of events) if (event.type === 'done') disposeState(event.state);
  });
});

describeBackends('wrong batches and states', () => {
  it('names the step and the batch that must be a list', () => {
    const state = begin(0);
    const parts = makeStep<P, Tensor>(loss, plain, { accumulate: 2 });
    expect(() => parts(state, 5 as never, key(1))).toThrow(
      /^makeStep: batch must be an Array, got 5/,
    );
    const large = makeLargeBatchStep<P, Tensor>(
      {
        part: ({ w }) => ({ embeddings: [w] }),
        joint: ([w]) => ({ loss: sum(w as Tensor) as Scalar }),
      },
      plain,
    );
    expect(() => large(state, 5 as never, key(1))).toThrow(
      /^makeLargeBatchStep: batch must be an Array, got 5/,
    );
    disposeState(state);
  });

  it('names what is no state to keep', () => {
    const state = begin(0);
    expect(() => disposeState(state, {} as never)).toThrow(
      /^disposeState: keeping must have step, got/,
    );
    expect(() => disposeState({} as never)).toThrow(/^disposeState: state must have step, got/);
    expect(state.params.w.isDisposed).toBe(false);
    disposeState(state);
  });
});
