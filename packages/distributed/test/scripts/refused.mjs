// Prints why MPI does not start.
import { mpi } from '@twocan/distributed/node';

try {
  await mpi();
  console.log('started');
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
