import type { Reporter } from 'vitest/node';

type Counts = { passed: number; failed: number; skipped: number };

/**
 * Says at the end how many tests passed on each backend of each project: a total alone would not show
 * that a backend was left out.
 */
export const counts: Reporter = {
  onTestRunEnd(modules) {
    const rows = new Map<string, Counts>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const backend = /^[^>]* \(([a-z]+[a-z-]*)\)(?: >|$)/.exec(test.fullName)?.[1] ?? 'none';
        const { state } = test.result();
        if (state === 'pending') continue;
        const name = `${module.project.name} ${backend}`;
        const row = rows.get(name) ?? { passed: 0, failed: 0, skipped: 0 };
        row[state]++;
        rows.set(name, row);
      }
    }
    console.log('\nBy page and backend:');
    for (const [name, { passed, failed, skipped }] of [...rows].sort()) {
      console.log(`  ${name.padEnd(40)} ${passed} passed, ${failed} failed, ${skipped} skipped`);
    }
  },
};
