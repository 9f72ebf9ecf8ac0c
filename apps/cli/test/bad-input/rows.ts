import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Outcome, twocan } from '../cli.ts';

/** The checks of a section's rows, by the words of the table's first column. */
export type Rows = Readonly<Record<string, () => Promise<void>>>;

/** docs/bad-input.md. */
export const page = (): string =>
  readFileSync(new URL('../../../../docs/bad-input.md', import.meta.url), 'utf8');

/** The first column of the tables below `## section`. */
export function rowsOf(section: string): string[] {
  const [, text = ''] = page().split(new RegExp(`^## ${section}$`, 'm'));
  const [body = ''] = text.split(/^## /m);
  return [...body.matchAll(/^\| ([^|]+?) +\| \d/gm)].map(([, name = '']) => name);
}

/**
 * Makes each row of one section of docs/bad-input.md a test, and holds table and tests one to one.
 *
 * @param section the section's heading; its tests lie in this folder, in the file of that name
 * @param rows a check for each row, in the order of the table
 * @param missing why this machine cannot check them, where it cannot
 */
export function describeRows(section: string, rows: Rows, missing?: string): void {
  const why = missing === undefined ? '' : ` (${missing})`;
  describe.skipIf(missing !== undefined)(`bad input: ${section}${why}`, () => {
    for (const [name, check] of Object.entries(rows)) test(name, { timeout: 120_000 }, check);
  });
  test(`the section "${section}" has a test for each row`, () => {
    expect(rowsOf(section)).toEqual(Object.keys(rows));
  });
}

/** Exit code and message, and no stack. */
export function expectFailure(
  { code, stderr }: Outcome,
  expected: number,
  message: string | RegExp,
): void {
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(code).toBe(expected);
}

/** A new run is refused with code 2, and leaves no folder behind. */
export async function expectRefused(
  args: readonly string[],
  message: string | RegExp,
  out: string,
): Promise<void> {
  expectFailure(await twocan(['pretrain', ...args, '--out', out]), 2, message);
  expect(existsSync(out)).toBe(false);
}
