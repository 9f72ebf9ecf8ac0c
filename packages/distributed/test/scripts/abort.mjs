// Rank 1 ends all; the others would wait for it for ever.
import { mpi } from '@twocan/distributed/node';

const communicator = await mpi();
if (communicator.rank === 1) communicator.abort(7);
communicator.barrier();
console.log('not reached');
