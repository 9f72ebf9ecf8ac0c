// The gradient of InfoNCE over all ranks beside that of one process, as rank 0 sees it.
import '@tensorflow/tfjs-backend-cpu';
import { tensor2d } from '@tensorflow/tfjs-core';
import { infoNCE } from '@twocan/contrastive';
import { key, normal, solo, valueAndGrad } from '@twocan/core';
import { mpi } from '@twocan/distributed/node';

const communicator = await mpi();
const [IMAGES, WIDTH] = [16, 8];
const views = [1, 2].map((seed) => normal(key(seed), IMAGES * WIDTH));
function gradients(among, first, count) {
  const rows = views.map((view) =>
    tensor2d(view.subarray(first * WIDTH, (first + count) * WIDTH), [count, WIDTH]),
  );
  const { loss, grads } = valueAndGrad(([a, b]) => ({
    loss: infoNCE(a, b, { temperature: 0.5, communicator: among }),
  }))(rows);
  return [loss.dataSync()[0], ...grads.flatMap((grad) => [...grad.dataSync()])];
}
const own = IMAGES / communicator.size;
const first = communicator.rank * own;
const [, ...mine] = gradients(communicator, first, own);
const [, ...whole] = gradients(solo, 0, IMAGES);
const rows = [0, 1].flatMap((v) => {
  const from = v * IMAGES * WIDTH + first * WIDTH;
  return whole.slice(from, from + own * WIDTH);
});
const far = Math.max(...rows.map((x, i) => Math.abs(x - mine[i] / communicator.size)));
const all = new Float32Array(
  communicator.gather(new Uint8Array(Float32Array.of(far).buffer)).buffer,
);
if (communicator.rank === 0)
  console.log(JSON.stringify({ far: Math.max(...all), largest: Math.max(...whole.map(Math.abs)) }));
communicator.finish();
