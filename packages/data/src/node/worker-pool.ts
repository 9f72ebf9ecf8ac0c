import { Worker } from 'node:worker_threads';

/** Workers that each do one job at a time; waiting jobs are started in the order asked. */
export type WorkerPool<Request, Reply> = {
  readonly run: (request: Request) => Promise<Reply>;
  /** Ends the workers; jobs under way and later ones are refused. */
  readonly close: () => Promise<void>;
};

type Job<Request, Reply> = {
  readonly request: Request;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
};

/**
 * A pool of worker threads that answer each message with `{ reply }` or `{ error }`.
 *
 * Workers start when there is work for them. Idle ones do not keep the process alive; one that
 * dies fails its job and is replaced when work comes.
 *
 * @param file the worker's module
 * @param size most workers at a time, 1 or more
 * @returns the pool
 * @example
 * const pool = workerPool(new URL('./decode-worker.js', import.meta.url), 2);
 */
export function workerPool<Request, Reply>(file: URL, size: number): WorkerPool<Request, Reply> {
  const waiting: Job<Request, Reply>[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Job<Request, Reply>>();
  let closed = false;

  const finish = (worker: Worker): Job<Request, Reply> | undefined => {
    const job = busy.get(worker);
    busy.delete(worker);
    return job;
  };

  const start = (): Worker => {
    const worker = new Worker(file);
    let answered = false;
    worker.on('message', (message: { reply: Reply } | { error: string }) => {
      answered = true;
      const job = finish(worker);
      worker.unref();
      idle.push(worker);
      if ('error' in message) job?.reject(new Error(message.error));
      else job?.resolve(message.reply);
      next();
    });
    const died = (error: Error): void => {
      finish(worker)?.reject(error);
      // One that never came up (its imports fail) would fail for each job in turn.
      if (!answered) for (const job of waiting.splice(0)) job.reject(error);
      const at = idle.indexOf(worker);
      if (at >= 0) idle.splice(at, 1);
      next();
    };
    worker.on('error', died);
    worker.on('exit', () => died(new Error('workerPool: the worker ended before its answer')));
    return worker;
  };

  const next = (): void => {
    if (closed || waiting.length === 0) return;
    const worker = idle.pop() ?? (busy.size < size ? start() : undefined);
    const job = worker === undefined ? undefined : waiting.shift();
    if (worker === undefined || job === undefined) return;
    busy.set(worker, job);
    worker.ref();
    worker.postMessage(job.request);
    next();
  };

  return {
    run: (request) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error('workerPool: closed'));
        waiting.push({ request, resolve, reject });
        next();
      }),
    close: async () => {
      closed = true;
      for (const job of waiting.splice(0)) job.reject(new Error('workerPool: closed'));
      await Promise.all([...idle, ...busy.keys()].map((worker) => worker.terminate()));
    },
  };
}
