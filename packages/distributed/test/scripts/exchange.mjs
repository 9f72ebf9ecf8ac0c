// Each function once, in shared memory and out of it; every rank prints what it has.
import { mpi } from '@twocan/distributed/node';

const communicator = await mpi();
const { rank, size, name } = communicator;
const shared = new Float32Array(new SharedArrayBuffer(4 * 1000)).fill(rank + 1);
communicator.sum(shared.subarray(10, 990));
const large = new Float32Array(1_000_003).map((_, i) => (rank + 1) * (i % 7));
communicator.sum(large);
const wrong = large.findIndex((x, i) => x !== ((size * (size + 1)) / 2) * (i % 7));
const gathered = communicator.gather(Uint8Array.of(rank, 255 - rank));
const bytes = Uint8Array.of(rank, rank);
communicator.broadcast(bytes, size - 1);
communicator.barrier();
const sums = [shared[9], shared[10], shared[989], shared[990]];
console.log(
  JSON.stringify({ rank, size, name, sums, wrong, gathered: [...gathered], bytes: [...bytes] }),
);
communicator.finish();
