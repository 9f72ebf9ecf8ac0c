import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesFromUrl, importWeights, safetensorsHead } from '../src/index.ts';
import { fileMetadata, filesAt } from '../src/node/index.ts';
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

function endless(answer: ServerResponse): void {
  const write = (): void => {
    while (!answer.destroyed && answer.write(' '.repeat(65_536)));
  };
  answer.on('drain', write);
  write();
}

describe('fileMetadata', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'twocan-metadata-')), 'weights.safetensors');
  afterAll(() => rmSync(dirname(file), { recursive: true }));

  it('reads what stands before the numbers, of which there may be none on the disk', () => {
    const shape = [2 ** 30];
    const head = safetensorsHead({ large: { dtype: 'F32', shape } }, { format: 'pt' });
    writeFileSync(file, head);
    expect(() => fileMetadata(file)).toThrow('truncated?');
    truncateSync(file, head.length + 4 * 2 ** 30);
    expect(fileMetadata(file)).toEqual({ format: 'pt' });
  });

  it('refuses what is no safetensors file', () => {
    for (const bytes of ['', 'short', 'x'.repeat(100)]) {
      writeFileSync(file, bytes);
      expect(() => fileMetadata(file)).toThrow(RangeError);
    }
  });
});

describe('files behind a URL', () => {
  const server = createServer(({ url = '' }, answer) => {
    const { pathname } = new URL(url, 'http://host');
    const bytes = bytesOf('timm')[pathname.replace('/models/timm/', '')];
    // Settings that never end, without a word of how long they are.
    if (pathname.startsWith('/endless/')) endless(answer);
    else if (pathname.startsWith('/broken/')) answer.writeHead(500).end();
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
    await expect(importWeights(filesFromUrl(url('endless')))).rejects.toThrow(
      'config.json must have at most 2000000 bytes',
    );
    expect(() => filesFromUrl('no url')).toThrow(TypeError);
  });
});
