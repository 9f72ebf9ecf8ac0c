import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startBrowser } from './browsers.ts';
import { expectNoViolations } from './no-violations.ts';
import { openPage, takeSteps } from './open-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

describe('the page for everyone', () => {
  it.each([
    [390, 'light'],
    [390, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const)('has nothing that axe objects to at %i pixels in %s', async (width, colorScheme) => {
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme,
      reducedMotion: 'reduce',
    });
    const { page } = await openPage(context, `${inject('isolatedPage')}#steps=4&batch=8`);
    await takeSteps(page, 1);
    await page.locator('summary').click();
    await expectNoViolations(page);
    await context.close();
  });

  it('works by keyboard alone', async () => {
    const context = await browser.newContext();
    const { page } = await openPage(context, `${inject('isolatedPage')}#steps=4&batch=8`);
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let i = 0; i < 80; i++) {
        await page.keyboard.press('Tab');
        const own = await page.evaluate(() => {
          const { activeElement: at } = document;
          return at?.getAttribute('aria-label') ?? at?.textContent ?? '';
        });
        if (name.test(own)) return;
      }
      throw new Error(`Tab does not reach ${name}`);
    };
    await tabTo(/^What am I looking at/);
    await page.keyboard.press('Enter');
    for (let i = 0; i < 4; i++) await page.keyboard.press('Enter');
    await page.getByText('5 of 5: what was learned').waitFor();
    await page.keyboard.press('Escape');
    await tabTo(/^Step$/);
    await page.keyboard.press('Enter');
    await page.getByText('step 1 of 4').waitFor();
    await tabTo(/^What is this: Crops/);
    await page.getByRole('tooltip').getByText('Random crops').waitFor();
    const before = await page.locator('.picked figcaption').textContent();
    await tabTo(/^disc$/);
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(
      (old) => document.querySelector('.picked figcaption')?.textContent !== old,
      before,
    );
    await context.close();
  });

  it('loads less than 1.5 MB, compressed', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const bytes = new Map<string, Promise<Buffer>>();
    context.on('response', (response) =>
      bytes.set(
        response.url(),
        response.body().catch(() => Buffer.alloc(0)),
      ),
    );
    await page.goto(`${inject('isolatedPage')}#steps=4&batch=8`);
    await page.locator('.tiles canvas').first().waitFor();
    await takeSteps(page, 1);
    const sizes = await Promise.all(
      [...bytes].map(async ([url, body]) => ({ url, size: gzipSync(await body).length })),
    );
    const total = sizes.reduce((sum, { size }) => sum + size, 0);
    console.log(
      sizes
        .map(
          ({ url, size }) => `${(size / 1000).toFixed(1).padStart(8)} kB ${new URL(url).pathname}`,
        )
        .join('\n'),
    );
    expect(sizes.length).toBeGreaterThan(3);
    expect(total).toBeLessThan(1.5e6);
    await context.close();
  });
});
