import * as tf from '@tensorflow/tfjs-core';
import { fold, key, valueAndGrad } from '@twocan/core';
import { chooseBackend } from '../backend/dist/index.js';
import { cached, makeBatches, plainViews, shapes } from '../data/dist/index.js';
import { effectiveRank, knnAccuracy } from '../evaluate/dist/index.js';
import { adamw, chain, clipByGlobalNorm, warmupCosine } from '../optim/dist/index.js';
import { initState, makeStep } from '../trainer/dist/index.js';
import { canLoss, encode, initCan, resolveCanConfig } from './dist/index.js';

await chooseBackend('wasm');
const B = +(process.argv[2] ?? 64),
  STEPS = +(process.argv[3] ?? 300),
  lr = +(process.argv[4] ?? 1.5e-3),
  method = process.argv[5] ?? 'can',
  N = +(process.argv[6] ?? 4000);
const config = resolveCanConfig({ preset: 'micro32', method });
const ds = cached(shapes({ key: fold(key(0), 'train'), count: N, size: 32 }));
const test = shapes({ key: fold(key(0), 'test'), count: 500, size: 32 });
const params = initCan(key(0), config);
const opt = adamw({
  learningRate: warmupCosine({ base: lr, warmup: Math.round(STEPS / 10), total: STEPS }),
  weightDecay: 0.05,
});
let state = initState(params, opt);
const step = makeStep(canLoss(config), opt);
const feats = async (d, n) => {
  const out = [];
  for (let i = 0; i < n; i += 100) {
    const idx = Array.from({ length: 100 }, (_, j) => i + j);
    const v = await plainViews(d, idx, { size: 32 });
    const f = tf.tidy(() => encode(config)(state.params, tf.tensor4d(v, [100, 32, 32, 3])));
    out.push(...f.dataSync());
    f.dispose();
  }
  return { features: Float32Array.from(out), labels: d.labels.slice(0, n) };
};
const report = async (s) => {
  const tr = await feats(ds, 1500),
    te = await feats(test, 500);
  const r = await knnAccuracy({ train: tr, test: te, centre: true });
  console.log(
    'step',
    s,
    'knn',
    r.accuracy.toFixed(3),
    'erank',
    effectiveRank(te.features, { rows: 500 }).toFixed(1),
    r.perClass.map((x) => x.toFixed(2)).join(' '),
  );
};
await report(0);
const batches = makeBatches(ds, {
  key: fold(key(0), 'data'),
  batch: B,
  size: 32,
  views: config.views,
});
const t = performance.now();
for (let s = 0; s < STEPS; s++) {
  const b = await batches(s);
  const views = b.views.map((v) => tf.tensor4d(v, b.shape));
  const r = step(state, { views }, key(5));
  if (s % 50 === 49) {
    console.log(
      s + 1,
      Object.entries(r.metrics)
        .map(([k, v]) => k + ' ' + (v.dataSync?.()[0] ?? v).toFixed(3))
        .join(' '),
      ((performance.now() - t) / (s + 1)).toFixed(0) + ' ms/step',
      'tensors',
      tf.memory().numTensors,
    );
  }
  Object.values(r.metrics).forEach((m) => m.dispose?.());
  views.forEach((v) => v.dispose());
  if (r.state !== state) {
    const keep = new Set();
    const walk = (x, f) => {
      if (x?.dataId) f(x);
      else if (x && typeof x === 'object') Object.values(x).forEach((y) => walk(y, f));
    };
    walk(r.state, (x) => keep.add(x));
    walk(state, (x) => {
      if (!keep.has(x)) x.dispose();
    });
    state = r.state;
  }
  if (s % 100 === 99) await report(s + 1);
}
