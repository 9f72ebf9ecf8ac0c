import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesFromUrl, importWeights } from '../src/index.ts';
import { filesAt } from '../src/node/index.ts';
import { bytesOf, folder } from './folders.ts';

const at = (name: string): string =>
  fileURLToPath(new URL(`../../../goldens/foreign/${name}`, import.meta.url));

describe('files on the disk', () => {
  it.each(['timm', 'vit', 'vit-mae', 'mae'] as const)(
    'are those of the folder %s',
    async (name) => {
      expect(await importWeights(filesAt(at(name)))).toEqual(await importWeights(folder(name)));
    },
  );

  it('are a file with its settings beside it, or an index', async () => {
    const whole = await importWeights(folder('timm'));
    expect(await importWeights(filesAt(at('timm/model.safetensors')))).toEqual(whole);
    const shards = await importWeights(folder('vit'));
    expect(await importWeights(filesAt(at('vit/model.safetensors.index.json')))).toEqual(shards);
    expect(() => filesAt(at('nothing'))).toThrow('ENOENT');
  });
});

describe('files behind a URL', () => {
  const server = createServer(({ url = '' }, answer) => {
    const { pathname } = new URL(url, 'http://host');
    const bytes = bytesOf('timm')[pathname.replace('/models/timm/', '')];
    if (pathname.startsWith('/broken/')) answer.writeHead(500).end();
    else if (bytes === undefined) answer.writeHead(404).end();
    else answer.end(bytes);
  });
  beforeAll(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', done)));
  afterAll(() => new Promise((done) => server.close(done)));
  const url = (path: string): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;

  it.each(['models/timm', 'models/timm/', 'models/timm/model.safetensors?download=true'])(
    'are read from %s',
    async (path) => {
      const read = await importWeights(filesFromUrl(url(path)));
      expect(read).toEqual(await importWeights(folder('timm')));
    },
  );

  it('say where they are not', async () => {
    await expect(importWeights(filesFromUrl(url('models')))).rejects.toThrow(
      'there is no model.safetensors in http://127.0.0.1',
    );
    await expect(importWeights(filesFromUrl(url('broken')))).rejects.toThrow(
      'config.json cannot be read: the server answers 500',
    );
    expect(() => filesFromUrl('no url')).toThrow(TypeError);
  });
});
