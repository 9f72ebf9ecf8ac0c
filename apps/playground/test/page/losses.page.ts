import type { Browser, BrowserContext } from 'playwright';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startBrowser } from './browsers.ts';
import { openPage, press, reached, takeSteps, trainer } from './open-page.ts';

const SHORT = '#steps=6&batch=8&checkpointEvery=6';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

/** Puts code before that of the worker. */
const inWorker = async (context: BrowserContext, code: string): Promise<void> => {
  await context.route(/assets\/main-.*\.js/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${code}\n${await response.text()}` });
  });
};

describe('what is lost', () => {
  it('memory that ends lets the kept run go on in a fresh engine, and play', async () => {
    const context = await browser.newContext();
    const { page } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
    await takeSteps(page, 2);
    await page.getByText('Kept in this browser after step 2').waitFor();
    await trainer(page).evaluate(() => {
      performance.now = () => {
        throw new RangeError('Array buffer allocation failed');
      };
    });
    await press(page, 'Play');
    await page
      .getByText('The memory ended; the engine was started anew. The run goes on after step 2.')
      .waitFor({ timeout: 60_000 });
    await reached(page, 4);
    await context.close();
  });

  it('a GPU that is lost leaves the run to the processor', async () => {
    const context = await browser.newContext();
    const { page } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
    await takeSteps(page, 1);
    await page.getByText('Kept in this browser after step 1').waitFor();
    await trainer(page).evaluate(() => {
      postMessage({ type: 'lost', backend: 'webgpu', why: 'gpu' });
    });
    await page
      .getByText('The GPU was lost; the processor computes now. The run goes on after step 1.')
      .waitFor({ timeout: 60_000 });
    expect(await page.locator('.machine').textContent()).toContain('Computes on the processor');
    await takeSteps(page, 1);
    expect(await page.locator('.count').textContent()).toBe('step 2 of 6');
    await context.close();
  });
});

describe('a browser that keeps nothing', () => {
  it('is no obstacle where it refuses files', async () => {
    const context = await browser.newContext();
    await inWorker(
      context,
      "navigator.storage.getDirectory = () => Promise.reject(new DOMException('no', 'SecurityError'));",
    );
    const { page } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
    await page
      .getByText(
        'Not kept in this browser: this browser keeps no files for the page, as in private windows.',
      )
      .waitFor();
    await takeSteps(page, 1);
    await context.close();
  });

  it('says that its storage is full, and trains on', async () => {
    const context = await browser.newContext();
    await inWorker(
      context,
      "FileSystemSyncAccessHandle.prototype.write = () => { throw new DOMException('no space', 'QuotaExceededError'); };",
    );
    const { page } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
    await takeSteps(page, 1);
    await page
      .getByText(
        'Not kept in this browser: its storage is full; free some of it, or download the run.',
      )
      .waitFor();
    await takeSteps(page, 1);
    await context.close();
  });
});
