export { type MpiCommunicator, type MpiOptions, mpi } from './mpi.ts';
