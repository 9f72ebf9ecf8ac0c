import { describe, expect, it } from 'vitest';
import { workerPool } from '../src/node/worker-pool.ts';

const module = (body: string): URL => new URL(`data:text/javascript,${encodeURIComponent(body)}`);

const ECHO = module(`
  import { parentPort, threadId } from 'node:worker_threads';
  parentPort.on('message', (text) => {
    if (text === 'die') process.exit(1);
    if (text === 'fail') parentPort.postMessage({ error: 'as told' });
    else setTimeout(() => parentPort.postMessage({ reply: { text, threadId } }), 5);
  });
`);

type Echo = { text: string; threadId: number };

describe('workerPool', () => {
  it('answers every job with at most the given number of threads', async () => {
    const pool = workerPool<string, Echo>(ECHO, 2);
    const texts = Array.from({ length: 9 }, (_, i) => `job ${i}`);
    const replies = await Promise.all(texts.map(pool.run));
    expect(replies.map(({ text }) => text)).toEqual(texts);
    expect(new Set(replies.map(({ threadId }) => threadId)).size).toBeLessThanOrEqual(2);
    await pool.close();
  });

  it('survives a job that fails and a worker that dies', async () => {
    const pool = workerPool<string, Echo>(ECHO, 1);
    const replies = await Promise.allSettled(['a', 'fail', 'die', 'b'].map(pool.run));
    expect(replies.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    await pool.close();
  });

  it('fails all jobs at once when the worker cannot start', async () => {
    const pool = workerPool<string, Echo>(module('throw new Error("no such decoder")'), 1);
    const replies = await Promise.allSettled(['a', 'b', 'c'].map(pool.run));
    for (const reply of replies) {
      expect(reply).toMatchObject({ status: 'rejected', reason: { message: 'no such decoder' } });
    }
    await pool.close();
  });

  it('refuses jobs once closed', async () => {
    const pool = workerPool<string, Echo>(ECHO, 1);
    const waiting = Promise.allSettled(['a', 'b'].map(pool.run));
    await pool.close();
    await expect(pool.run('c')).rejects.toThrow('workerPool: closed');
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
