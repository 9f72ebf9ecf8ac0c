import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { ISOLATING } from './isolating.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** A folder that is served, until `close`. */
export type Served = { readonly url: string; readonly close: () => Promise<void> };

/**
 * Serves the files of a folder to this machine, as a host of static files does.
 *
 * @param folder what is served
 * @param options.isolated whether pages get the headers that give them threads
 * @param options.port 0 for any that is free
 */
export async function serveFiles(
  folder: string,
  { isolated, port }: { readonly isolated: boolean; readonly port: number },
): Promise<Served> {
  const server = createServer(({ url = '/' }, response) => {
    const path = decodeURI(new URL(url, 'http://localhost').pathname);
    const named = join(folder, path); // URL has taken every .. out of the path
    const file = path.endsWith('/') ? join(named, 'index.html') : named;
    if (!existsSync(file)) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found');
    } else if (statSync(file).isDirectory()) {
      response.writeHead(301, { Location: `${path}/` }).end();
    } else {
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      response
        .writeHead(200, { 'Content-Type': type, ...(isolated ? ISOLATING : {}) })
        .end(readFileSync(file));
    }
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}/`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
