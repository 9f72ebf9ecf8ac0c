import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeProgress, progressOf } from '../src/terminal/progress.ts';

beforeEach(() => vi.stubEnv('CI', ''));
afterEach(() => vi.unstubAllEnvs());

/** A stream and a clock that the test sets. */
function place(isTTY: boolean, columns = 100) {
  const written: string[] = [];
  let time = 5000;
  const write = (text: string): number => written.push(text);
  return {
    written,
    options: { stream: { write, isTTY, columns }, now: () => time },
    wait: (millis: number): void => {
      time += millis;
    },
  };
}

const ERASE = '\r\u001b[2K';

describe('progressOf', () => {
  test.each([true, false])(
    'says nothing of what takes two seconds or less (terminal: %s)',
    (tty) => {
      const { written, options, wait } = place(tty);
      const { count } = progressOf('reading', options);
      for (let done = 1; done <= 10; done++) {
        wait(199);
        count(done, 10);
      }
      expect(written).toEqual([]);
    },
  );

  test('rewrites one line of a terminal, ten times a second at most, and takes it away', () => {
    const { written, options, wait } = place(true);
    const { count } = progressOf('reading', options);
    for (let done = 1; done <= 300; done++) {
      wait(10);
      count(done, 300);
    }
    expect(written[0]).toBe(`${ERASE}reading 200/300, 1s left`);
    expect(written).toHaveLength(1 + 9 + 1);
    expect(written.at(-1)).toBe(ERASE);
    expect(written.join('')).not.toContain('\n');
  });

  test('writes a plain line into a pipe every ten seconds', () => {
    const { written, options, wait } = place(false);
    const { count } = progressOf('reading', options);
    for (let done = 1; done <= 35; done++) {
      wait(1000);
      count(done, 35);
    }
    expect(written).toEqual([
      'reading 2/35, 33s left\n',
      'reading 12/35, 23s left\n',
      'reading 22/35, 13s left\n',
      'reading 32/35, 3s left\n',
    ]);
  });

  test('does not divide by what is not yet done', () => {
    const { written, options, wait } = place(false);
    const { count } = progressOf('reading', options);
    wait(3000);
    count(0, 7);
    expect(written).toEqual(['reading 0/7\n']);
  });

  test('counts what has no known end', () => {
    const { written, options, wait } = place(true);
    const { count, end } = progressOf('finding', options);
    wait(3000);
    count(70);
    end();
    expect(written).toEqual([`${ERASE}finding 70 so far`, ERASE]);
  });

  test('cuts the line to the terminal, and puts notes in its place', () => {
    const { written, options, wait } = place(true, 24);
    const { count, note } = progressOf('reading very many images', options);
    wait(3000);
    count(1, 7);
    note('one is damaged');
    expect(written).toEqual([`${ERASE}reading very many image`, ERASE, 'one is damaged\n']);
  });
});

test('makeProgress keeps the line of a step above a note', () => {
  const { written, options } = place(true);
  const progress = makeProgress({ ...options, total: 4 });
  const rest = { learningRate: 0.1, imagesPerSecond: 8, tensors: 3, rssMegabytes: 90 };
  progress.step({ step: 1, metrics: { loss: 2 }, ...rest });
  progress.note('after step 1');
  progress.close();
  expect(written.join('')).toMatch(/^\r\S+\[2Kstep 1\/4 .* 90 MB\nafter step 1\n$/);
});

test('one file alone moves the cursor', () => {
  const src = fileURLToPath(new URL('../src', import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
  const moving = files.filter(
    (file) =>
      file.endsWith('.ts') && /\\r|\\u001b\[\d*[A-K]/.test(readFileSync(join(src, file), 'utf8')),
  );
  expect(moving).toEqual(['terminal/live-line.ts']);
});
