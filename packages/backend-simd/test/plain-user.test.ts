import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

// Scripts as a user of tfjs writes them, who knows of us only by one import and one setBackend.
const run = (script: string): string =>
  execFileSync(process.execPath, [fileURLToPath(new URL(`./scripts/${script}`, import.meta.url))], {
    encoding: 'utf8',
    timeout: 120_000,
  });

it.each(['adam.mjs', 'layers.mjs', 'convolution.mjs'])('%s learns on simd, and ends', (script) => {
  const { backend, before, after } = JSON.parse(run(script)) as Record<string, number | string>;
  expect(backend).toBe('simd');
  expect(Number(after)).toBeLessThan(0.5 * Number(before));
});
