/** What a worker needs to take part: the compiled module, the memory, and its places in it. */
type WorkerStart = {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly scratch: number;
  readonly spins: number;
};

// Written as text, so that it needs no file of its own: bundlers and eval-less tools leave it alone.
// A worker returns from its loop when the pool ends.
const WORK = `const { exports } = new WebAssembly.Instance(d.module, { env: { memory: d.memory } });
exports.workerLoop(d.control, d.scratch, d.spins);`;
const IN_NODE = `const { workerData: d } = require('node:worker_threads'); ${WORK}`;
const IN_BROWSER = `onmessage = ({ data: d }) => { ${WORK} close(); };`;

type NodeThreads = typeof import('node:worker_threads');

/** Node's own modules, without an import that a bundler for browsers would follow. */
export function nodeModule<T>(name: string): T | undefined {
  if (typeof process === 'undefined' || process.versions?.node === undefined) return undefined;
  return process.getBuiltinModule?.(name) as T | undefined;
}

/**
 * Starts a worker. It needs no answer to take part, so nobody waits for it.
 *
 * @param start what it works on
 * @param died called when it ends, also when it was stopped
 * @returns a way to stop it, whatever it does
 */
export function startWorker(
  start: WorkerStart,
  died: (reason: string) => void,
): { readonly stop: () => void } {
  const threads = nodeModule<NodeThreads>('node:worker_threads');
  if (threads !== undefined) {
    const worker = new threads.Worker(IN_NODE, { eval: true, workerData: start });
    worker.on('error', (error: Error) => died(error.message));
    worker.on('exit', (code) => died(`it ended with code ${code}`));
    worker.unref();
    return { stop: () => void worker.terminate() };
  }
  const source = URL.createObjectURL(new Blob([IN_BROWSER], { type: 'text/javascript' }));
  const worker = new Worker(source);
  worker.onerror = (event) => died(event.message);
  worker.postMessage(start);
  return {
    stop() {
      worker.terminate();
      URL.revokeObjectURL(source);
    },
  };
}
