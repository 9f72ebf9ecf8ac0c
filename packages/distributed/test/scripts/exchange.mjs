// Each function once, in shared memory and out of it; every rank prints what it has.
import { mpi } from '@twocan/distributed/node';

const communicator = await mpi();
const { rank, size, name } = communicator;
const shared = new Float32Array(new SharedArrayBuffer(4 * 1000)).fill(rank + 1);
communicator.sum(shared.subarray(10, 990));
const large = new Float32Array(1_000_003).map((_, i) => (rank + 1) * (i % 7));
communicator.sum(large);
const wrong = large.findIndex((x, i) => x !== ((size * (size + 1)) / 2) * (i % 7));
// Several sums under way at once, small and large, in shared memory and out of it, and others in between.
const makers = [
  (length) => new Float32Array(length),
  (length) => new Float32Array(new SharedArrayBuffer(4 * length)),
];
const started = [1, 16, 500, 300_000, 1_000_003].flatMap((length) =>
  makers.map((make) => {
    const values = make(length);
    for (let i = 0; i < length; i++) values[i] = (rank + 1) * (i % 5) + 1;
    return { values, sum: communicator.startSum(values) };
  }),
);
// So many objects move what the collector of garbage may move.
const objects = Array.from({ length: 300_000 }, (_, i) => Float32Array.of(i));
const between = Float32Array.of(1);
communicator.sum(between);
while (!started[0].sum.test());
for (const { sum } of started.toReversed()) sum.wait();
const wrongStarted = started.findIndex(({ values, sum }) =>
  values.some((x, i) => x !== ((size * (size + 1)) / 2) * (i % 5) + size || !sum.test()),
);
const gathered = communicator.gather(Uint8Array.of(rank, 255 - rank));
const bytes = Uint8Array.of(rank, rank);
communicator.broadcast(bytes, size - 1);
communicator.barrier();
const sums = [shared[9], shared[10], shared[989], shared[990]];
console.log(
  JSON.stringify({
    ...{
      rank,
      size,
      name,
      sums,
      wrong,
      wrongStarted,
      between: between[0],
      objects: objects.length,
    },
    ...{ gathered: [...gathered], bytes: [...bytes] },
  }),
);
communicator.finish();
