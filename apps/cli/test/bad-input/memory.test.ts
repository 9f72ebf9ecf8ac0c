import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, expect } from 'vitest';
import { BIN, drawPhotos, ENVIRONMENT, scratch, twocan } from '../cli.ts';
import { describeRows, expectFailure, expectRefused, type Rows } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const out = folder.path('never');

const ROWS: Rows = {
  'A batch that does not fit': async () => {
    const most = /needs more than \d[\d.]* GB, and the backend simd can use 4\.3 GB; give --batch/;
    const data = ['--data', 'shapes:100000', '--backend', 'simd'];
    await expectRefused([...data, '--batch', '100000'], most, out);
    const small = ['--image-size', '64', '--method', 'mae', '--batch', '20000'];
    await expectRefused([...data, ...small], most, out);
    const bench = await twocan(['bench', '--backend', 'simd', '--batch', '100000']);
    expectFailure(bench, 2, most);
    const [, offered] = /--batch (\d+) or less/.exec(bench.stderr) ?? [];
    expect(Number(offered)).toBeGreaterThan(100);
  },

  'Images that are too large for a step': async () => {
    const data = ['--data', 'shapes:8', '--backend', 'simd'];
    const larger =
      /images? of 4096x4096 pixels needs more than .*; give a smaller --image-size or --preset/;
    await expectRefused([...data, '--image-size', '4096'], larger, out);
    await expectRefused([...data, '--image-size', '4096', '--batch', '2'], larger, out);
    const photos = folder.path('photos');
    await drawPhotos(photos, 2, 5);
    const args = ['finetune', '--data', photos, '--backend', 'wasm', '--out', out];
    const sizes = ['--preset', 'l16', '--image-size', '1024'];
    expectFailure(await twocan([...args, ...sizes]), 2, /8 images of 1024x1024 pixels needs/);
    expect(existsSync(out)).toBe(false);
  },

  'A process that may use little memory': async () => {
    for (const [kilobytes, backend] of [
      [1_500_000, 'simd'],
      [3_000_000, 'wasm'],
    ]) {
      const line = `ulimit -v ${kilobytes}; exec "$0" "$@"`;
      const args = ['pretrain', '--data', 'shapes:8', '--batch', '2', '--out', out];
      const program = [process.execPath, BIN, ...args, '--backend', `${backend}`];
      const { status, stderr } = spawnSync('sh', ['-c', line, ...program], { env: ENVIRONMENT });
      expect([status, `${stderr}`]).toEqual([
        2,
        expect.stringContaining(
          `cannot use ${backend}: the memory that this process may use is not enough; give it more, or take the cpu`,
        ),
      ]);
      expect(existsSync(out)).toBe(false);
    }
  },
};

describeRows('Memory', ROWS);
