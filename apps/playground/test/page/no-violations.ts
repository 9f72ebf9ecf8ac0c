import type { Page } from 'playwright';
import { expect } from 'vitest';
import { violationsOn } from '../../../../test/browser/axe.ts';

/** Nothing on the page is what axe objects to, and nothing is wider than the window. */
export async function expectNoViolations(page: Page): Promise<void> {
  expect(await violationsOn(page)).toEqual([]);
  const [whole, window] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(whole).toBeLessThanOrEqual(window as number);
}
