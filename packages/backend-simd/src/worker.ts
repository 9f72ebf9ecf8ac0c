import { builtin } from './variant.ts';
import type { Memory, Module } from './wasm.ts';

/** A started worker. */
export type PoolWorker = { readonly end: () => void };

type Start = {
  readonly module: Module;
  readonly memory: Memory;
  readonly control: number;
  readonly scratch: number;
  readonly spins: number;
};

// The worker is a string, not a file: it needs no path, and so works in any bundle.
const BODY = `
const instance = new WebAssembly.Instance(start.module, {
  env: { memory: start.memory, abort() { throw new Error('abort'); } },
});
instance.exports.attach(start.control, start.scratch);
ready();
instance.exports.serve(start.spins);
`;

const NODE = `const { workerData: start, parentPort } = require('node:worker_threads');
const ready = () => parentPort.postMessage('ready');${BODY}`;

const BROWSER = `onmessage = ({ data: start }) => { const ready = () => postMessage('ready');${BODY} };`;

type NodeWorker = {
  once(event: string, listener: (value: unknown) => void): void;
  unref(): void;
  terminate(): Promise<number>;
};
type NodeThreads = {
  Worker: new (source: string, options: object) => NodeWorker;
};
type WebWorker = {
  onmessage: (() => void) | null;
  onerror: ((event: { message?: string }) => void) | null;
  postMessage: (data: unknown) => void;
  terminate: () => void;
};

/**
 * Starts one worker of the pool.
 *
 * @param start what it works on
 * @param died called once if it ends by itself
 * @returns the worker, when it is ready
 */
export async function startWorker(start: Start, died: (why: string) => void): Promise<PoolWorker> {
  const threads = builtin<NodeThreads>('node:worker_threads');
  return threads === undefined ? startWeb(start, died) : startNode(threads, start, died);
}

async function startNode(
  { Worker }: NodeThreads,
  start: Start,
  died: (why: string) => void,
): Promise<PoolWorker> {
  let ending = false;
  // Without execArgv: a loader or an inspector of the main thread has no business here.
  const worker = new Worker(NODE, { eval: true, workerData: start, execArgv: [], env: {} });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', (error) => {
      died(String(error));
      reject(error);
    });
    worker.once('exit', (code) => {
      if (!ending) died(`it exited with code ${code}`);
    });
  });
  worker.unref(); // The process may end while workers sleep.
  return {
    end: () => {
      ending = true;
      void worker.terminate();
    },
  };
}

async function startWeb(start: Start, died: (why: string) => void): Promise<PoolWorker> {
  const { Worker } = globalThis as unknown as { Worker: new (url: string) => WebWorker };
  const url = URL.createObjectURL(new Blob([BROWSER], { type: 'text/javascript' }));
  const worker = new Worker(url);
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = ({ message }) => {
      died(message ?? 'an error');
      reject(new Error(message));
    };
    worker.postMessage(start);
  });
  URL.revokeObjectURL(url);
  return { end: () => worker.terminate() };
}
