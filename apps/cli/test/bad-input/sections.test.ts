import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { page, rowsOf } from './rows.ts';

test('every section of docs/bad-input.md with a table has a file of tests, and the other way round', () => {
  const headings = [...page().matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
  const withRows = headings.filter((heading) => rowsOf(heading).length > 0);
  const files = readdirSync(new URL('.', import.meta.url))
    .filter((name) => name.endsWith('.test.ts') && name !== 'sections.test.ts')
    .map((name) => name.replace('.test.ts', ''));
  expect(files.toSorted()).toEqual(withRows.map(fileOf).toSorted());
});

/** `Files and folders` is tested in files-and-folders.test.ts. */
const fileOf = (heading: string): string => heading.toLowerCase().replaceAll(' ', '-');
