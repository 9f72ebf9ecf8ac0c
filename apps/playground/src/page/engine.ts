import type { Report, Request } from '../messages.ts';

/** What computes: a worker, or after a loss the one that took its place. */
export type Engine = {
  readonly ask: (request: Request) => void;
  /**
   * Hears what is reported, from the start.
   *
   * @param receive gets each report
   * @param failed gets why the worker stopped, where it could not say so itself
   */
  readonly listen: (receive: (report: Report) => void, failed: (message: string) => void) => void;
  /**
   * Ends the worker and starts another.
   *
   * @param lost the backend of it, and what is gone
   * @returns what is said about it; nothing where another worker would fail again
   */
  readonly replace: (lost: Extract<Report, { readonly type: 'lost' }>) => string | undefined;
};

/** Memory that ends so often, in a worker that was fresh, is not enough for the run. */
const MEMORY_LOSSES = 2;

/**
 * Starts what computes.
 *
 * @returns the engine, which may be asked at once
 */
export function startEngine(): Engine {
  const early: Report[] = [];
  let receive = (report: Report): void => void early.push(report);
  let earlyFailure: string | undefined;
  let failed = (message: string): void => {
    earlyFailure = message;
  };
  const without: string[] = [];
  let losses = 0;
  const begin = (): Worker => {
    const own = new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module' });
    own.onmessage = ({ data }: MessageEvent<Report>) => {
      // What an ended worker still had to say is about a run that is gone.
      if (own === worker) receive(data);
    };
    // A worker that cannot be loaded has no message.
    own.onerror = ({ message }) => own === worker && failed(message ?? 'its program did not load');
    own.postMessage({ type: 'start', without } satisfies Request);
    return own;
  };
  let worker: Worker | undefined;
  worker = begin();
  return {
    ask: (request) => worker?.postMessage(request),
    listen(own, ownFailed) {
      receive = own;
      failed = ownFailed;
      for (const report of early.splice(0)) receive(report);
      if (earlyFailure !== undefined) failed(earlyFailure);
    },
    replace({ backend, why }) {
      if (why === 'memory' && backend !== 'webgpu') losses++;
      if (losses > MEMORY_LOSSES) return undefined;
      // The processor is not lost: a fresh worker has its memory again.
      if (backend === 'webgpu' && !without.includes(backend)) without.push(backend);
      worker?.terminate();
      worker = begin();
      const what = why === 'gpu' ? 'The GPU was lost' : 'The memory ended';
      return backend === 'webgpu'
        ? `${what}; the processor computes now`
        : `${what}; the engine was started anew`;
    },
  };
}
