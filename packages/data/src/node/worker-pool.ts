import { Worker } from 'node:worker_threads';

/** Workers that each do one job at a time; waiting jobs start in the order of the calls. */
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
  // Taken from the front by number: shifting an array moves all that is left of it.
  let waiting: Job<Request, Reply>[] = [];
  let first = 0;
  const takeOne = (): Job<Request, Reply> | undefined => {
    const job = waiting[first++];
    // What was taken is let go of when it is half of the array: each job is moved once or twice.
    if (2 * first >= waiting.length) [waiting, first] = [waiting.slice(first), 0];
    return job;
  };
  const takeAll = (): Job<Request, Reply>[] => {
    const all = waiting.slice(first);
    [waiting, first] = [[], 0];
    return all;
  };
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
      if (!answered) for (const job of takeAll()) job.reject(error);
      const at = idle.indexOf(worker);
      if (at >= 0) idle.splice(at, 1);
      next();
    };
    worker.on('error', died);
    worker.on('exit', () => died(new Error('workerPool: the worker ended before its answer')));
    return worker;
  };

  const next = (): void => {
    if (closed || first === waiting.length) return;
    const worker = idle.pop() ?? (busy.size < size ? start() : undefined);
    const job = worker === undefined ? undefined : takeOne();
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
      for (const job of takeAll()) job.reject(new Error('workerPool: closed'));
      await Promise.all([...idle, ...busy.keys()].map((worker) => worker.terminate()));
    },
  };
}
