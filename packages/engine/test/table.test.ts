import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FLOATS, KERNEL } from '@twocan/engine';
import { describe, expect, it } from 'vitest';
import { KERNELS } from '../table/kernels.mjs';

describe('the table of kernels', () => {
  it('is what the files in three languages were written from', () => {
    const script = fileURLToPath(new URL('../scripts/generate-table.mjs', import.meta.url));
    // Prints the stale file and fails.
    execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' });
  });

  it('numbers its kernels in order, and knows which arguments are floats', () => {
    expect(Object.keys(KERNEL)).toEqual(Object.keys(KERNELS));
    expect(Object.values(KERNEL)).toEqual(Object.keys(KERNELS).map((_, i) => i));
    const { softmax, adamw } = KERNEL;
    expect([FLOATS[softmax], FLOATS[adamw]]).toEqual([[5], [9, 10, 11, 12, 13, 14, 15, 16]]);
  });

  it.each(Object.entries(KERNELS))('%s has extents over arguments that it has', (_, kernel) => {
    const known = new Set([...Object.keys(kernel.arguments), 'tasks', 'ceil', 'pick', 'span']);
    for (const argument of Object.values(kernel.arguments)) {
      if (argument.type !== 'place') continue;
      const names = argument.extent.match(/[A-Za-z]\w*/g) ?? [];
      expect(names.filter((name) => !known.has(name))).toEqual([]);
    }
  });
});
