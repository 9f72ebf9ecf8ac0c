import {
  add,
  keep,
  mul,
  ones,
  scalar,
  setBackend,
  square,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
  tensor3d,
  tensor4d,
  zeros,
} from '@tensorflow/tfjs-core';
import * as nativePackage from '@twocan/backend-native';
import * as simdPackage from '@twocan/backend-simd';
import * as can from '@twocan/can';
import * as checkpoint from '@twocan/checkpoint';
import * as contrastive from '@twocan/contrastive';
import * as core from '@twocan/core';
import * as data from '@twocan/data';
import * as enginePackage from '@twocan/engine';
import * as masking from '@twocan/masking';
import * as nn from '@twocan/nn';
import * as ops from '@twocan/ops';
import * as optim from '@twocan/optim';
import * as patches from '@twocan/patches';
import * as pretrainPackage from '@twocan/pretrain';
import * as trainer from '@twocan/trainer';
import * as vit from '@twocan/vit';

/** A call that is right: its arguments, made anew each time, and how the function is called. */
export type ValidCall = {
  readonly args: () => readonly unknown[];
  /** The call itself where the export is a factory, or its result needs work. */
  readonly call?: (...args: never[]) => unknown;
  /** Numbers of arguments that may be wider than what is read of them. */
  readonly wide?: readonly number[];
  /** Numbers of arguments of which there are several kinds, or that are not read. */
  readonly free?: readonly number[];
  /** Whether the call disposes what it is given, so that each needs its own. */
  readonly takes?: boolean;
};

const key = core.key(3);
const draw = (seed: number, ...shape: number[]): Float32Array =>
  core.normal(
    core.key(seed),
    shape.reduce((a, b) => a * b, 1),
  );
const t1 = (n: number, seed = 1) => tensor1d(draw(seed, n));
const t2 = (a: number, b: number, seed = 1) => tensor2d(draw(seed, a, b), [a, b]);
const t3 = (a: number, b: number, c: number, seed = 1) => tensor3d(draw(seed, a, b, c), [a, b, c]);
const images = (batch = 2, seed = 1) => tensor4d(draw(seed, batch * 192), [batch, 8, 8, 3]);
const of = (...args: (() => unknown)[]): ValidCall => ({ args: () => args.map((make) => make()) });
const just = (...args: unknown[]): ValidCall => ({ args: () => args });

const config = can.resolveCanConfig({
  encoder: { image: { height: 8, width: 8 }, patch: 4, width: 8, depth: 2, heads: 2 },
  decoder: { width: 8, depth: 1, heads: 2 },
  projector: { hidden: 6, out: 4 },
});
const encoder = { ...config.encoder };
const method = { ...config };
// Made once: only those that are given away are made anew.
let made: can.CanParams | undefined;
const params = (): can.CanParams => {
  made ??= core.mapTree((t: Tensor) => keep(t), can.initCan(key, config)) as can.CanParams;
  return { ...made };
};
const forContrast = () => ({ encoder: params().encoder, projector: params().projector });
const decoderParams = (): vit.DecoderParams => ({ ...(params().decoder as vit.DecoderParams) });
const encoderParams = (): vit.EncoderParams => ({ ...params().encoder });
const batch = (): can.CanBatch => ({ views: [images(2, 1), images(2, 2)] });
const draws = (): can.Draws => ({ ...can.drawCorruption(key, config, batch()) });
const forward = (): Partial<can.Forward> => {
  const { clean, noisy, predictions } = can.canForwardWith(config)(params(), batch(), draws());
  return { clean, noisy, predictions } as Partial<can.Forward>;
};
const mask = (): masking.Mask => masking.sampleMask(key, { batch: 2, patches: 4, ratio: 0.5 });
const tree = (): { w: Tensor; b: Tensor } => ({ w: t2(2, 3), b: t1(3) });
const zeroTree = (): { w: Tensor; b: Tensor } => ({ w: zeros([2, 3]), b: zeros([3]) });
const adamw = optim.adamw({ learningRate: 0.1 });
const updateArgs = (state: () => unknown) => of(tree, state, tree, () => 0);
const moments = (): unknown => ({ m: zeroTree(), v: zeroTree() });
const adamwNumbers = {
  learningRate: 0.1,
  b1: 0.9,
  b2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.05,
  step: 1,
};
const loss = (p: core.Params) => {
  const squares = core.namedLeaves<Tensor>(p).map(([, t]) => sum(square(t)));
  return { loss: squares.reduce((a, b) => add(a, b), scalar(0)) as never };
};
const lossTerms = [{ name: 'squares', weight: 1, loss }];
const state = () => trainer.initState(tree(), adamw as never);
const sgdStep = () => trainer.makeStep(loss as never, optim.sgd({ learningRate: 0.1 }));
const image = (): data.Image => ({
  width: 9,
  height: 10,
  channels: 3,
  data: new Uint8Array(270).fill(100),
});
const dataset = (): data.Dataset => data.shapes({ key, count: 6, size: 8 });
const pixels = (): Float32Array => new Float32Array(192).map((_, i) => (i % 7) / 7);
const plan = (): data.ViewPlan => ({ ...data.centrePlan(image()) });
const side = (rows: number, seed: number) => ({
  features: draw(seed, rows, 3),
  labels: Int32Array.from({ length: rows }, (_, i) => i % 2),
});
const sides = () => ({ train: side(8, 1), test: side(4, 2) });
const named = (): checkpoint.NamedArrays => ({
  a: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
});
const arraysOf = (params: unknown): checkpoint.NamedArrays => {
  const arrays: [string, checkpoint.NamedArray][] = [];
  for (const [path, leaf] of core.namedLeaves<Tensor>(params as never)) {
    arrays.push([path, { dtype: 'F32', shape: leaf.shape, data: leaf.dataSync() as Float32Array }]);
  }
  return Object.fromEntries(arrays);
};
const timmArrays = () => arraysOf({ encoder: encoderParams() });
const folderImages = () =>
  ({ mean: [0.5, 0.5, 0.5], std: [1, 1, 1], interpolation: 'bilinear' }) as const;
const timmFolder = (): checkpoint.WeightFiles => {
  const settings = checkpoint.timmConfig(encoder, folderImages());
  const positions = patches.sincosPositions({ rows: 2, columns: 2, width: 8 });
  const files: Readonly<Record<string, Uint8Array>> = {
    'config.json': new TextEncoder().encode(JSON.stringify(settings)),
    'model.safetensors': checkpoint.encodeSafetensors(
      checkpoint.toTimm(timmArrays(), { positions }),
    ),
  };
  return { place: 'memory', names: Object.keys(files), read: async (name) => files[name] };
};
const cost = () => ({ encoder: { ...encoder }, views: 2, maskRatio: 0.5 });
const bytes = (): Uint8Array => checkpoint.encodeSafetensors(named());
const checkpointBytes = (): Uint8Array =>
  checkpoint.encodeSafetensors(
    { 'params/w': { dtype: 'F32', shape: [], data: Float32Array.of(1) } },
    {
      format: checkpoint.CHECKPOINT_FORMAT,
      version: checkpoint.CHECKPOINT_VERSION,
      step: '1',
      trees: '{"params":{"w":0}}',
    },
  );
const sets = () => ({ train: dataset(), test: dataset() });
const wholeRun = () => ({
  ...pretrainPackage.resolveConfig({ imageSize: 8, patch: 4, steps: 1 }, { length: 6 }),
  model: method,
});
const ofPixels = () => ({ model: { encoder }, normalization: wholeRun().normalization });
const ofRun = () => ({ model: method, normalization: wholeRun().normalization });
const recipe = { optimizer: 'adamw', base: 0.01, epochs: 1, warmupEpochs: 0 } as const;
const bothSteps = (takeStep: (...args: never[]) => unknown) => takeStep;

const onSimd = (work: () => unknown) => async (): Promise<unknown> => {
  await setBackend('simd');
  return work();
};

/** A valid call for every function of every package; `name()` is what a factory returns. */
export const VALID: Readonly<Record<string, Readonly<Record<string, ValidCall>>>> = {
  core: {
    ranksThatDiffer: { args: () => [{ ...core.solo }, Uint8Array.of(1, 2)], wide: [0] },
    bits: just(key, 4),
    disposeTree: { args: () => [tree(), { w: t1(2) }], wide: [0, 1], free: [0, 1] },
    fold: { args: () => [key, 'name'], free: [1] },
    key: just(7),
    mapTree: { args: () => [(p: Tensor) => p, tree()], wide: [1], free: [1] },
    namedLeaves: { args: () => [tree()], wide: [0], free: [0] },
    normal: just(key, 5),
    permutation: just(key, 5),
    registerGradients: just(),
    sortedLeaves: { args: () => [tree()], wide: [0], free: [0] },
    split: just(key, 2),
    stopGradient: of(() => t1(3)),
    threefry: just(key, 1, 2),
    treeFromNamed: { args: () => [{ 'a/0': 'x', b: 'y' }], wide: [0], free: [0] },
    uniform: just(key, 5),
    uniformInt: just(key, 5, 10),
    valueAndGrad: { args: () => [loss, () => undefined] },
    watchKernels: { args: () => [() => 1] },
    'valueAndGrad()': {
      args: () => [tree()],
      call: (params: never) => core.valueAndGrad(loss)(params),
      wide: [0],
    },
  },
  ops: {
    gatherRows: { args: () => [t2(2, 3), { ...core.solo }], wide: [1] },
    startMeans: { args: () => [{ ...core.solo }], wide: [0] },
    sumOverRanks: { args: () => [t1(3), { ...core.solo }], wide: [1] },
    adamwUpdate: of(
      () => t1(3),
      () => t1(3, 2),
      () => zeros([3]),
      () => zeros([3]),
      () => ({ ...adamwNumbers }),
    ),
    attention: of(
      () => t3(2, 3, 12),
      () => 2,
    ),
    attentionWeights: of(
      () => t3(2, 3, 12),
      () => 2,
    ),
    batchNorm: of(
      () => t2(4, 3),
      () => ones([3]),
      () => zeros([3]),
      () => 1e-5,
    ),
    defineOp: {
      args: () => [
        {
          name: 'twice',
          inputs: ['x'],
          forward: ({ x }: { x: Tensor }) => ({ y: mul(x, 2) }),
          backward: ({ dy }: { dy: Tensor }) => ({ x: mul(dy, 2) }),
        },
      ],
      wide: [0],
    },
    'defineOp() of an update': {
      args: () => [
        {
          name: 'sums',
          outputs: ['once', 'twice'],
          forward: ({ x }: { x: Tensor }) => ({ once: add(x, 0), twice: add(x, x) }),
        },
      ],
      call: ops.defineOp as never,
      wide: [0],
    },
    floatOf: { args: () => ['gelu', 'x', t1(3)], free: [0, 1] },
    gatherTokens: of(
      () => t3(2, 3, 4),
      () => Int32Array.of(2, 0, 1, 2),
      () => 2,
    ),
    gelu: of(() => t1(4)),
    layerNorm: of(
      () => t2(4, 3),
      () => ones([3]),
      () => zeros([3]),
      () => 1e-6,
    ),
    linear: of(
      () => t2(4, 3),
      () => t2(3, 2),
      () => t1(2),
    ),
    linearGelu: of(
      () => t2(4, 3),
      () => t2(3, 2),
      () => t1(2),
    ),
    linearOnData: of(
      () => t2(4, 3),
      () => t2(3, 2),
      () => t1(2),
    ),
    normalRows: of(
      () => [key],
      () => Float32Array.of(1),
      () => 3,
    ),
    normalizeRows: of(
      () => t2(4, 3),
      () => 1e-12,
    ),
    residualSum: of(
      () => t2(4, 3),
      () => t2(4, 3, 2),
    ),
    scatterTokens: of(
      () => t3(2, 2, 4),
      () => zeros([1, 1, 4]),
      () => Int32Array.of(1, 2, 0, 0, 1, 2),
      () => 3,
    ),
    softmaxCrossEntropy: of(
      () => t2(3, 4),
      () => Int32Array.of(2, 0, 3),
    ),
    softTargetCrossEntropy: of(
      () => t2(3, 4),
      () => ones([3, 4]),
    ),
    squaredNorm: of(() => [t1(3), t2(2, 2)]),
    updatesInPlace: just(),
    weightedMeanSquaredError: of(
      () => t3(2, 3, 4),
      () => t3(2, 3, 4, 2),
      () => ones([2, 3]),
    ),
  },
  nn: {
    batchNorm: { args: () => [nn.initNorm({ width: 3 }), t2(4, 3), 1e-5], wide: [0] },
    dense: { args: () => [nn.initDense(key, { in: 3, out: 2 }), t2(4, 3)], wide: [0] },
    initAttention: { args: () => [key, { width: 8 }], wide: [1] },
    initBlock: of(
      () => key,
      () => ({ width: 8, mlpRatio: 2 }),
    ),
    initDense: of(
      () => key,
      () => ({ in: 3, out: 2 }),
    ),
    initMlp: of(
      () => key,
      () => ({ width: 8, mlpRatio: 2 }),
    ),
    initNorm: { args: () => [{ width: 8 }], wide: [0] },
    layerNorm: { args: () => [nn.initNorm({ width: 3 }), t2(4, 3), 1e-6], wide: [0] },
    mlp: { args: () => [nn.initMlp(key, { width: 4 }), t2(3, 4)], wide: [0] },
    multiHeadAttention: {
      args: () => [nn.initAttention(key, { width: 8 }), { heads: 2 }, t3(2, 3, 8)],
      wide: [0],
    },
    transformerBlock: {
      args: () => [nn.initBlock(key, { width: 8 }), { heads: 2, epsilon: 1e-6 }, t3(2, 3, 8)],
      wide: [0],
    },
  },
  patches: {
    areSincosPositions: of(
      () => draw(1, 32),
      () => ({ rows: 2, columns: 2 }),
    ),
    patchGrid: of(() => ({ height: 8, width: 12, patch: 4 })),
    patchify: of(
      () => images(),
      () => 4,
    ),
    resamplePositions: of(
      () => draw(1, 32),
      () => ({ from: { rows: 2, columns: 2 }, to: { rows: 3, columns: 1 } }),
    ),
    resamplingTaps: just(8, 4, 'bilinear'),
    sincosPositions: of(() => ({ rows: 2, columns: 3, width: 8 })),
    unpatchify: of(
      () => t3(2, 4, 12),
      () => ({ rows: 2, columns: 2, patch: 2, channels: 3 }),
    ),
  },
  masking: {
    keepTokens: { args: () => [t3(2, 4, 5), mask()], wide: [1] },
    maskedWeights: { args: () => [mask()], wide: [0] },
    restoreTokens: { args: () => [t3(2, 2, 5), zeros([1, 1, 5]), mask()], wide: [2] },
    sampleMask: of(
      () => key,
      () => ({ batch: 2, patches: 4, ratio: 0.5, first: 3 }),
    ),
    visibleWeights: { args: () => [mask()], wide: [0] },
  },
  noise: {
    addNoise: of(
      () => key,
      () => images(),
      () => Float32Array.of(0.1, 0.2),
    ),
    encodeLevel: of(
      () => Float32Array.of(0.1, 0.2),
      () => ({ width: 8, scale: 1 }),
    ),
    initLevelMlp: of(
      () => key,
      () => ({ width: 8 }),
    ),
    levelMlp: { args: () => [params().level, t2(2, 8)], wide: [0] },
    sampleLevel: of(
      () => key,
      () => 3,
      () => ({ max: 0.1, min: 0.01, spread: 'log-uniform' as const }),
      () => 3,
    ),
    sampleNoise: of(
      () => key,
      () => images(),
      () => Float32Array.of(0.1, 0.2),
      () => 3,
    ),
  },
  contrastive: {
    alignment: of(
      () => t2(3, 4),
      () => t2(3, 4, 2),
    ),
    infoNCE: of(
      () => t2(3, 4),
      () => t2(3, 4, 2),
      () => ({ temperature: 0.1 }),
    ),
    initProjector: {
      args: () => [key, { in: 4, hidden: 5, layers: 1, out: 3, batchNorm: true }],
      wide: [1],
    },
    project: {
      args: () => [
        contrastive.initProjector(key, { in: 4, hidden: 5, layers: 1, out: 3, batchNorm: true }),
        t2(3, 4),
      ],
      wide: [0],
    },
    uniformity: of(() => t2(3, 4)),
  },
  reconstruction: {
    denormalizePatches: of(
      () => t3(2, 3, 4),
      () => t3(2, 3, 4, 2),
    ),
    maskedPatchLoss: of(
      () => t3(2, 3, 4),
      () => t3(2, 3, 4, 2),
      () => ones([2, 3]),
      () => ({ normalize: true }),
    ),
    normalizePatches: of(() => t3(2, 3, 4)),
  },
  denoising: {
    noisePredictionLoss: of(
      () => t3(2, 3, 4),
      () => t3(2, 3, 4, 2),
      () => ones([2, 3]),
    ),
  },
  optim: {
    addDecayedWeights: just(0.1, () => true),
    'addDecayedWeights().update': {
      ...updateArgs(() => ({})),
      free: [1],
      call: optim.addDecayedWeights(0.1).update as never,
      wide: [0, 1, 2],
    },
    adamw: of(() => ({ learningRate: 0.1, b1: 0.9, b2: 0.95, epsilon: 1e-8, weightDecay: 0.05 })),
    'adamw().update': { ...updateArgs(moments), call: adamw.update as never, wide: [0, 1, 2] },
    applyTransform: {
      args: () => [adamw, tree(), moments(), tree(), 0, { donate: false }],
      wide: [0, 1, 2, 3],
    },
    applyUpdates: { args: () => [tree(), tree()], wide: [0, 1] },
    chain: { args: () => [optim.scale(0.5), adamw], wide: [0, 1] },
    'chain().update': {
      args: () => [tree(), [{}, moments()], tree(), 0],
      call: optim.chain(optim.scale(0.5), adamw as never).update as never,
      wide: [0, 1, 2],
    },
    clipByGlobalNorm: just(1),
    'clipByGlobalNorm().update': {
      ...updateArgs(() => ({})),
      free: [1, 2, 3],
      call: optim.clipByGlobalNorm(1).update as never,
      wide: [0, 1, 2],
    },
    constant: just(0.1),
    decayMatrices: { args: () => ['a', t2(2, 2)], free: [0] },
    globalNorm: { args: () => [tree()], wide: [0] },
    lars: of(() => ({ learningRate: 0.1, momentum: 0.9, weightDecay: 0, trust: 0.001 })),
    'lars().update': {
      ...updateArgs(() => ({ momentum: zeroTree() })),
      call: optim.lars({ learningRate: 0.1 }).update as never,
      wide: [0, 1, 2],
    },
    layerDecay: of(() => ({ depth: 3, decay: 0.5, layerOf: () => 0 })),
    'layerDecay()': {
      args: () => ['encoder/cls'],
      call: optim.layerDecay({ depth: 3, decay: 0.5, layerOf: () => 0 }) as never,
    },
    scale: just(0.5),
    'scale().update': {
      ...updateArgs(() => ({})),
      free: [1, 2, 3],
      call: optim.scale(0.5).update as never,
      wide: [0, 1, 2],
    },
    scaleByAdam: of(() => ({ b1: 0.9, b2: 0.95, epsilon: 1e-8 })),
    'scaleByAdam().update': {
      ...updateArgs(moments),
      call: optim.scaleByAdam().update as never,
      wide: [0, 1, 2],
    },
    scaleByLearningRate: just(0.1, () => 1),
    'scaleByLearningRate().update': {
      ...updateArgs(() => ({})),
      free: [1],
      call: optim.scaleByLearningRate(0.1).update as never,
      wide: [0, 1, 2],
    },
    scaleByTrustRatio: of(() => ({ trust: 0.001 })),
    'scaleByTrustRatio().update': {
      ...updateArgs(() => ({})),
      free: [1],
      call: optim.scaleByTrustRatio().update as never,
      wide: [0, 1, 2],
    },
    scaledLearningRate: just(0.1, 64),
    sgd: of(() => ({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.1 })),
    'sgd().update': {
      ...updateArgs(() => ({ momentum: zeroTree() })),
      call: optim.sgd({ learningRate: 0.1, momentum: 0.9 }).update as never,
      wide: [0, 1, 2],
    },
    spare: just(/cls/, () => true),
    trace: just(0.9),
    'trace().update': {
      ...updateArgs(() => ({ momentum: zeroTree() })),
      call: optim.trace(0.9).update as never,
      wide: [0, 1, 2],
    },
    warmupCosine: of(() => ({ base: 0.1, warmup: 2, total: 10, min: 0 })),
    'warmupCosine()': {
      args: () => [3],
      call: optim.warmupCosine({ base: 0.1, warmup: 2, total: 10 }) as never,
    },
  },
  pretrain: {
    differences: {
      args: () => [{ a: 1 }, { a: 2 }, { without: ['b'], sides: ['then', 'now'] }],
      wide: [0, 1],
      free: [0, 1],
    },
    attentionRows: { args: () => [{ encoder }, { encoder: encoderParams() }], wide: [0, 1] },
    bandOf: just([
      [
        [0, 1],
        [1, 2],
      ],
    ]),
    curveOf: { args: () => [[{ step: 1, loss: 2 }], 'loss', 2], wide: [0], free: [1] },
    // What is not compared is not read.
    referenceOf: { args: () => [wholeRun()], wide: [0], free: [0] },
    valueAt: just(
      [
        [0, 1],
        [1, 3],
      ],
      0.5,
    ),
    compareFeatures: {
      args: () => [ofRun(), { trained: params(), untrained: params() }, sets(), () => 1, {}],
      wide: [0, 1, 2],
      free: [0, 1, 2, 4],
    },
    compareKnn: just([{ step: 0, scores: { knn: 0.2, rawPixels: 0.3, effectiveRank: 5 } }]),
    decayAdvice: {
      args: () => [{ learningRate: 0.1, weightDecay: 0.05 }, (setting: string) => setting],
      wide: [0],
      free: [0, 1],
    },
    drawPictures: {
      args: () => [ofRun(), params(), dataset(), key],
      wide: [0, 1, 2],
      free: [0, 1, 2],
    },
    drawViews: {
      args: () => [ofRun(), params(), [pixels(), pixels()], key],
      wide: [0, 1],
      free: [0, 1],
    },
    eachOf: {
      args: () => [{ trained: 'a', rawPixels: 'b', untrained: 'c' }, (x: string) => x],
      wide: [0],
      free: [0],
    },
    encoderFeatures: { args: () => [method, params(), 'cls'], wide: [0, 1], free: [1, 2] },
    imageRows: {
      args: () => [{ image: method.encoder.image, channels: 3 }, () => tensor2d([[1]])],
      wide: [0],
    },
    evaluateEncoder: {
      args: () => [ofRun(), params(), { sets: sets(), images: dataset() }],
      wide: [0, 1, 2],
      free: [0, 1, 2],
    },
    explosionAdvice: {
      args: () => [wholeRun(), 1, (setting: string) => setting],
      wide: [0],
      free: [0, 1, 2],
    },
    explosionOf: { args: () => [new Error('other')], free: [0] },
    extractPieces: { args: () => [dataset(), ofPixels(), pretrainPackage.rawPixels], wide: [0, 1] },
    extractRows: { args: () => [dataset(), ofPixels(), pretrainPackage.rawPixels], wide: [0, 1] },
    featureSides: {
      args: () => [sets(), ofPixels(), pretrainPackage.rawPixels],
      wide: [0, 1],
      free: [0],
    },
    freshParams: { args: () => [{ model: method, seed: 1 }], wide: [0] },
    mapFeatures: {
      args: () => [draw(1, 20, 3), { step: 1, rows: 20, classes: ['a'], key }],
    },
    nearestNeighbours: { args: () => [{ ...sides(), classes: 2 }, { k: 3 }], wide: [0] },
    picturesOf: { args: () => [draw(1, 192), ofPixels()], wide: [1] },
    pixelRows: { args: () => [dataset(), ofPixels()], wide: [0, 1] },
    pixelSides: { args: () => [sets(), ofPixels()], wide: [0, 1], free: [0] },
    pretrain: {
      args: () => [{ imageSize: 8, patch: 4, steps: 1 }, { dataset: dataset() }],
      wide: [1],
    },
    pretrainWith: {
      args: () => [wholeRun(), { dataset: dataset() }],
      wide: [0, 1],
      free: [0],
    },
    replay: { args: () => [wholeRun(), { dataset: dataset(), until: 0 }], wide: [0, 1], free: [0] },
    imagesOfStep: { args: () => [{ batch: 8, accumulate: 2 }], wide: [0] },
    rawPixels: { args: () => [draw(1, 192), 1], free: [0, 1] },
    randomViews: of(
      () => config,
      () => 2,
    ),
    resolveConfig: just({ preset: 'tiny32', lr: 0.1, weights: [1, 1, 1] }, { length: 64 }),
    resolveModel: just({ preset: 'tiny32', imageSize: 64, patch: 8, maskRatio: 0.5 }),
    startingParams: {
      args: () => [{ model: method, seed: 1 }, { encoder: encoderParams() }],
      wide: [0, 1],
    },
    tokenRows: { args: () => [{ encoder }, { encoder: encoderParams() }], wide: [0, 1] },
    trainedParams: { args: () => [{ params: tree(), ema: tree() }], wide: [0] },
    trialStep: of(
      () => config,
      () => () => [images(2, 1), images(2, 2)],
      () => key,
    ),
  },
  trainer: {
    disposeState: { args: () => [state(), state()], wide: [0, 1], free: [0, 1] },
    fit: {
      args: () => [
        { state: state(), step: sgdStep(), key, batches: () => ({}), until: 1, checkpointEvery: 1 },
      ],
      takes: true,
      wide: [0],
    },
    gradientShares: { args: () => [lossTerms, 'encoder'] },
    'gradientShares()': {
      args: () => [{ encoder: tree() }, {}, { key }],
      call: trainer.gradientShares(lossTerms as never, 'encoder') as never,
      wide: [0, 1, 2],
      free: [1, 2],
    },
    initState: { args: () => [tree(), adamw, { ema: true }], wide: [0, 1] },
    isNonFinite: { args: () => [new Error('other')], free: [0] },
    makeBalancedStep: {
      args: () => [lossTerms, 'encoder', adamw, { ema: 0.9, accumulate: 1 }],
      wide: [2],
    },
    makeLargeBatchStep: {
      args: () => [{ part: loss, joint: loss }, adamw, { ema: 0.9 }],
      wide: [1],
    },
    nonFiniteLeaf: { args: () => [tree()], wide: [0] },
    makeStep: { args: () => [loss, adamw, { ema: 0.9, accumulate: 1 }], wide: [1] },
    'makeStep()': {
      args: () => [
        trainer.initState(tree(), optim.sgd({ learningRate: 0.1 })),
        {},
        key,
        { donate: false },
      ],
      call: bothSteps((...args) =>
        sgdStep()(...(args as unknown as Parameters<ReturnType<typeof sgdStep>>)),
      ),
      wide: [0, 1],
      free: [1],
    },
  },
  vit: {
    attentionMap: {
      args: () => [encoderParams(), { ...encoder }, images(), { from: 'cls' }],
      wide: [0, 1],
    },
    classify: {
      args: () => [
        vit.initClassifier(key, encoderParams(), { width: 8, classes: 3 }),
        { ...encoder },
        images(),
      ],
      wide: [0, 1],
    },
    decodeTokens: {
      args: () => [decoderParams(), { ...encoder }, { ...config.decoder }, t3(2, 5, 8)],
      wide: [0, 1, 2],
    },
    embedForDecoder: { args: () => [{ embed: decoderParams().embed }, t3(2, 5, 8)], wide: [0] },
    embedPatches: {
      args: () => [{ patch: encoderParams().patch }, { ...encoder }, images()],
      wide: [0, 1],
    },
    encodeImages: { args: () => [encoderParams(), { ...encoder }, images()], wide: [0, 1] },
    encodeTokens: { args: () => [encoderParams(), { ...encoder }, t3(2, 3, 8)], wide: [0, 1] },
    initClassifier: { args: () => [key, encoderParams(), { width: 8, classes: 3 }], wide: [1] },
    initDecoder: { args: () => [key, { ...encoder }, { ...config.decoder }], wide: [1, 2] },
    initEncoder: { args: () => [key, { ...encoder }], wide: [1] },
    intermediates: { args: () => [encoderParams(), { ...encoder }, images()], wide: [0, 1] },
    layerOf: just(3),
    'layerOf()': { args: () => ['encoder/cls'], call: vit.layerOf(3) as never },
    patchShape: { args: () => [{ ...encoder }], wide: [0] },
    preset: just('tiny32'),
    sampleDropPath: of(
      () => key,
      () => ({ batch: 2, depth: 3, rate: 0.1 }),
    ),
  },
  can: {
    canEmbeddings: just(method),
    'canEmbeddings()': {
      args: () => [forContrast(), batch(), draws()],
      call: can.canEmbeddings(config) as never,
      wide: [0, 1, 2],
    },
    canForward: just(method),
    countFlops: of(cost),
    countParameters: of(cost),
    leastStepMemory: of(cost),
    'canForward()': {
      args: () => [params(), batch(), key],
      call: can.canForward(config) as never,
      wide: [0, 1],
    },
    canForwardWith: just(method),
    'canForwardWith()': {
      args: () => [params(), batch(), draws()],
      call: can.canForwardWith(config) as never,
      wide: [0, 1, 2],
    },
    canLoss: just(method),
    'canLoss()': {
      args: () => [params(), batch(), { key }],
      call: can.canLoss(config) as never,
      wide: [0, 1],
    },
    canLossWith: of(
      () => method,
      () => ({}),
    ),
    'canLossWith()': {
      args: () => [params(), batch(), draws()],
      call: can.canLossWith(config) as never,
      wide: [0, 1, 2],
    },
    canLargeBatch: just(method, {}),
    canPictures: { args: () => [method, forward(), draws().mask], wide: [1, 2] },
    canTerms: just(method),
    contrastiveTerm: just(method),
    denoisingTerm: just(method),
    drawCorruption: { args: () => [key, method, batch()], wide: [2] },
    encode: of(
      () => method,
      () => ({ pool: 'cls' }),
    ),
    'encode()': {
      args: () => [{ encoder: params().encoder }, images()],
      call: can.encode(config) as never,
      wide: [0],
    },
    initCan: of(
      () => key,
      () => method,
    ),
    methodCost: just(method),
    noiseChoices: just(method),
    plainDecoder: just(method),
    'plainDecoder()': {
      args: () => [{ encoder: { cls: t1(8) }, decoder: decoderParams(), level: params().level }],
      call: can.plainDecoder(config) as never,
      wide: [0],
    },
    pictureErrors: { args: () => [method, forward(), draws().mask], wide: [1, 2] },
    reconstructionCaption: just(method),
    reconstructionTerm: just(method),
    resolveCanConfig: of(() => ({ preset: 'tiny32', method: 'can', temperature: 0.2 })),
    silentDenoising: just(method),
    usesContrast: just(method),
    usesDecoder: just(method),
    usesLevel: just(method),
    usesMask: just(method),
    usesNoise: just(method),
    weightsFromNested: of(() => ({ autoencoder: 0.9, contrastive: 0.1, noise: 0.3 })),
  },
  evaluate: {
    confusionMatrix: of(
      () => Int32Array.of(0, 1),
      () => Int32Array.of(1, 1),
      () => 2,
    ),
    effectiveRank: of(
      () => draw(1, 5, 3),
      () => ({ rows: 5, centre: true, normalize: true, epsilon: 1e-7 }),
    ),
    fewShotAccuracy: of(() => ({ ...sides(), key, shots: [1, 2], draws: 1, l2: 1 })),
    knnAccuracy: of(() => ({ ...sides(), k: 2, temperature: 0.1, centre: true })),
    rankMe: of(
      () => draw(1, 5, 3),
      () => ({ rows: 5 }),
    ),
    spectrumDecay: of(
      () => draw(1, 8, 6),
      () => ({ rows: 8 }),
    ),
    meanAndDeviation: just([1, 2, 3]),
    meanRow: of(
      () => draw(1, 5, 3),
      () => ({ rows: 5 }),
    ),
    nearestRows: of(
      () => draw(1, 3),
      () => draw(2, 5, 3),
      () => ({ k: 2, except: 1 }),
    ),
    principalComponents: of(
      () => draw(1, 5, 3),
      () => ({ rows: 5, components: 2 }),
    ),
    probeAccuracy: of(() => ({
      ...sides(),
      key,
      recipe: { ...recipe, batch: 4, weightDecay: 0 },
      classes: 2,
    })),
    ridgeAccuracy: of(() => ({ ...sides(), l2: 1 })),
    scored: of(
      () => Int32Array.of(0, 1),
      () => Int32Array.of(1, 1),
      () => 2,
    ),
    similarPairs: of(
      () => draw(1, 5, 3),
      () => ({ rows: 5, least: 0.5 }),
    ),
    unitRows: of(
      () => draw(1, 5, 3),
      () => ({ rows: 5, equal: 1e-5 }),
    ),
  },
  data: {
    applyPlan: of(image, plan, () => 8),
    atMost: { args: () => [dataset(), 3], wide: [0] },
    cached: { args: () => [dataset(), { bytes: 100 }], wide: [0] },
    centrePlan: { args: () => [{ width: 9, height: 10 }], wide: [0] },
    changeColour: of(pixels, () => ({ kind: 'contrast', amount: 1.2 })),
    cropResize: {
      args: () => [image(), { x: 1, y: 0, width: 8, height: 9 }, 6, true],
      wide: [0, 1],
    },
    drawShape: just(key, 3, 8),
    drawnSets: just({ count: 6, size: 8 }),
    erase: of(
      pixels,
      () => 8,
      () => ({ box: { x: 1, y: 2, width: 3, height: 2 }, noise: key }),
    ),
    gaussianBlur: of(
      pixels,
      () => 8,
      () => 1.5,
    ),
    holdOut: { args: () => [dataset()], wide: [0] },
    makeBatches: { args: () => [dataset(), { key, batch: 2, size: 8, views: 2 }], wide: [0] },
    'makeBatches()': {
      args: () => [1],
      call: data.makeBatches(dataset(), { key, batch: 2, size: 8 }) as never,
    },
    mixImages: of(
      pixels,
      () => ({ keep: 0.3 }),
      () => 8,
      () => 1,
    ),
    mixTargets: of(
      () => Int32Array.of(0, 1),
      () => ({ keep: 0.3 }),
      () => ({ classes: 2, smoothing: 0.1 }),
    ),
    plainViews: { args: () => [dataset(), [0, 1], { size: 8 }], wide: [0] },
    resolveAugmentation: of(
      () => 32,
      () => ({ flip: 0.5, hue: 0.1, scale: [0.3, 1] }),
    ),
    sampleErasure: just(key, 8),
    sampleMix: of(
      () => key,
      () => ({ mixup: 0.8, cutmix: 1 }),
      () => 8,
    ),
    sampleViewPlan: {
      args: () => [key, { width: 9, height: 10 }, 8, { ...data.resolveAugmentation(8) }],
      wide: [1, 3],
    },
    shapes: of(() => ({ key, count: 3, size: 8 })),
    sharpen: of(
      pixels,
      () => 8,
      () => 1.5,
    ),
    stepsPerEpoch: { args: () => [dataset(), 2], wide: [0] },
    subset: { args: () => [dataset(), [0, 2]], wide: [0] },
    toGrey: of(pixels),
    toNormalized: of(pixels, () => ({ mean: [0.5, 0.5, 0.5], std: [1, 1, 1] })),
    toPixels: { ...of(pixels, () => ({ mean: [0.5, 0.5, 0.5], std: [1, 1, 1] })), free: [0] },
    warpImage: of(
      pixels,
      () => 8,
      () => ({ kind: 'rotate', amount: 10 }),
      () => [0, 0, 0],
    ),
  },
  checkpoint: {
    decodeCheckpoint: of(checkpointBytes),
    decodeSafetensors: of(bytes),
    encodeCheckpoint: {
      ...of(() => ({
        step: 1,
        params: tree(),
        optimizer: moments(),
        key,
      })),
      wide: [0],
    },
    encodeSafetensors: { args: () => [named(), { about: 'this' }], wide: [0, 1] },
    filesFromBrowser: of(() => [new File(['{}'], 'config.json')]),
    aboutPickle: just('weights.pth'),
    isPickleName: just('weights.pth'),
    filesFromUrl: just('https://example.org/vit/'),
    fromHuggingFace: { args: () => [checkpoint.toHuggingFace(timmArrays() as never)], wide: [0] },
    fromTimm: { args: () => [checkpoint.toTimm(timmArrays() as never)], wide: [0] },
    importWeights: {
      args: () => [timmFolder(), { heads: 2, image: { height: 8, width: 8 } }],
      wide: [0],
    },
    namedToTree: { args: () => [named()], wide: [0] },
    npyHead: just([100, 8]),
    preprocessorConfig: { args: () => [{ image: encoder.image }, folderImages()], wide: [0] },
    safetensorsHead: {
      args: () => [{ a: { dtype: 'F32', shape: [2, 2] } }, { about: 'this' }],
      wide: [0, 1],
    },
    timmConfig: { args: () => [{ ...encoder }, folderImages(), 'all'], wide: [0] },
    toConvolution: {
      args: () => [{ dtype: 'F32', shape: [12, 2], data: draw(1, 24) }, 3],
      wide: [0],
    },
    toHalf: { args: () => [named()], wide: [0] },
    toHuggingFace: { args: () => [timmArrays(), { channels: 3 }], wide: [0] },
    toTimm: { args: () => [timmArrays(), { channels: 3 }], wide: [0] },
    treeToNamed: { args: () => [tree()], wide: [0] },
    vitConfig: { args: () => [{ ...encoder }, 'float16'], wide: [0] },
    vitMaeConfig: {
      args: () => [
        { ...encoder },
        { ...config.decoder },
        { maskRatio: 0.75, normalizePixels: true },
        'float32',
      ],
      wide: [0, 1],
    },
    widened: { args: () => [named()], wide: [0] },
  },
  onnx: {
    encoderToOnnx: {
      args: () => [arraysOf(params()), { ...encoder }, { weights: 'fp16', pool: 'all' }],
      wide: [0, 1],
    },
    reconstructionToOnnx: {
      args: () => [arraysOf(params()), { ...encoder }, { ...config.decoder }, { weights: 'int8' }],
      wide: [0, 1, 2],
    },
    roundedWeights: { args: () => [{ 'a/kernel': named().a }, 'int8'], wide: [0] },
  },
  engine: {
    defineEngine: {
      args: () => [
        {
          name: 'engine-of-a-test',
          priority: 0,
          options: { threads: enginePackage.THREADS },
          start: () => undefined,
        },
      ],
      wide: [0],
    },
    makeHeap: of(
      () => ({ size: () => 2 ** 20, grow: () => true }),
      () => ({ name: 'of-a-test', from: 64, most: 2 ** 30, segment: 2 ** 25 }),
    ),
    measurePeak: {
      args: () => [],
      // Not on `simd` itself: its settings are tested before it starts.
      call: async () => {
        simdPackage.registerSimd('simd-of-a-peak', { threads: 1 });
        await setBackend('simd-of-a-peak');
        return enginePackage.measurePeak();
      },
    },
  },
  distributed: {
    launched: { args: () => [{ PMI_SIZE: '2', PMI_RANK: '1' }], wide: [0], free: [0] },
    ranksThatDiffer: { args: () => [{ ...core.solo }, Uint8Array.of(1, 2)], wide: [0] },
    shareOfRank: {
      args: () => [{ ...core.solo }, { name: 'here', processors: 4 }],
      wide: [0],
    },
  },
  'backend-native': {
    configureNative: of(() => ({ threads: 1, instructions: 'plain' })),
    measurePeak: { args: () => [], call: onSimd(nativePackage.measurePeak) as never },
    nativeReport: just('native'),
    nativeSupport: just(),
    registerNative: of(
      () => 'native-of-a-test',
      () => ({ threads: 1 }),
    ),
  },
  'backend-simd': {
    configureSimd: of(() => ({ threads: 1, relaxed: true })),
    measurePeak: { args: () => [], call: onSimd(simdPackage.measurePeak) as never },
    registerSimd: of(
      () => 'simd-of-a-test',
      () => ({ threads: 1 }),
    ),
    simdReport: just('simd'),
  },
  backend: {
    chooseBackend: { args: () => ['cpu', {}], wide: [1] },
    findPackage: just('simd', '@tensorflow/tfjs-core'),
    rememberSetUp: of(
      () => 'test',
      () => ({ folder: '/nowhere', about: 'nothing' }),
    ),
    setUpFile: just(),
    setUps: just(),
    webgpuReport: just(),
    worstShare: of(
      () => [['a', Float32Array.of(1, 2)]],
      () => [['a', Float32Array.of(1, 2)]],
    ),
  },
};
