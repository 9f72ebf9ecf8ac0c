import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the page is served with the headers that isolate it, and without. */
    readonly isolatedPage: string;
    readonly plainPage: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Builds the page and serves it twice. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await build({ root, logLevel: 'warn' });
  const serveWith = async (isolated: 'yes' | 'no') => {
    process.env.PLAYGROUND_ISOLATED = isolated;
    const server = await preview({ root, preview: { port: 0, host: '127.0.0.1' } });
    return { server, url: server.resolvedUrls?.local[0] ?? '' };
  };
  const [isolated, plain] = [await serveWith('yes'), await serveWith('no')];
  project.provide('isolatedPage', isolated.url);
  project.provide('plainPage', plain.url);
  return async () => {
    await Promise.all([isolated.server.close(), plain.server.close()]);
  };
}
