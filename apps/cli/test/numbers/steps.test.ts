import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeProgress, type StepReport } from '../../src/terminal/progress.ts';

beforeEach(() => vi.stubEnv('CI', ''));
afterEach(() => vi.unstubAllEnvs());

// Every number differs from every other: one in another's place is seen.
const report = (step: number, metrics: StepReport['metrics']): StepReport => ({
  step,
  metrics,
  learningRate: 0.00123,
  imagesPerSecond: 45.6,
  tensors: 789,
  rssMegabytes: 321.4,
});

/** What is written of some steps, a second apart. */
function written(
  steps: readonly StepReport[],
  { total, first = 0, isTTY = false }: { total: number; first?: number; isTTY?: boolean },
): string[] {
  const lines: string[] = [];
  let time = 1000;
  const stream = { write: (text: string) => lines.push(text), isTTY, columns: 120 };
  const progress = makeProgress({ stream, total, first, now: () => time });
  for (const own of steps) {
    time += 1000;
    progress.step(own);
  }
  return lines;
}

describe('the line of a step', () => {
  test('has every number in its place', () => {
    const metrics = {
      loss: 1.23456,
      contrastive: 2.34567,
      reconstruction: 3.45678,
      denoising: 4.56789,
      gradNorm: 5.678,
      negatives: 99,
    };
    expect(written([report(1, metrics)], { total: 100 })).toEqual([
      'step   1/100  46 images/s  1m39s left  loss 1.2346 (con 2.3457 rec 3.4568 den 4.5679)  lr 1.2e-3  grad 5.68  789 tensors  321 MB\n',
    ]);
  });

  test('leaves out terms that there are not, and has a dash for a loss that is missing', () => {
    const [one, other] = written([report(1, { loss: 1, reconstruction: 2 }), report(2, {})], {
      total: 2,
    });
    expect(one).toContain('loss 1.0000 (rec 2.0000)  lr 1.2e-3  789 tensors');
    expect(other).toBe('step 2/2  46 images/s  0s left  loss -  lr 1.2e-3  789 tensors  321 MB\n');
  });

  test('counts the time left from where the run goes on', () => {
    // Two steps took two seconds, so ten more take ten.
    const lines = written([report(89, {}), report(90, {})], { total: 100, first: 88 });
    expect(lines.map((line) => /(\S+) left/.exec(line)?.[1])).toEqual(['11s', '10s']);
  });

  test('comes first, last and about twenty times between in a pipe, each time on a terminal', () => {
    const steps = Array.from({ length: 100 }, (_, i) => report(i + 1, {}));
    const shown = written(steps, { total: 100 }).map((line) =>
      Number(/step +(\d+)/.exec(line)?.[1]),
    );
    expect(shown).toEqual([1, ...Array.from({ length: 20 }, (_, i) => 5 * (i + 1))]);
    const short = written(steps.slice(0, 7), { total: 7 });
    expect(short).toHaveLength(7);
    const resumed = written(steps.slice(50, 53), { total: 1000, first: 50 });
    expect(resumed.map((line) => /step +(\d+)/.exec(line)?.[1])).toEqual(['51']);
    expect(written([report(997, {})], { total: 997 })).toHaveLength(1);
    const terminal = written(steps, { total: 100, isTTY: true });
    expect(terminal).toHaveLength(100);
    expect(terminal[6]).toMatch(/step {3}7\/100/);
    expect(terminal[6]?.startsWith('\r\u001b[2K')).toBe(true);
  });
});
