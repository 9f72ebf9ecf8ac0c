import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violationsOn } from '../../../../test/browser/axe.ts';
import { findChromium } from '../../../../test/browser/chromium.ts';
import { SITE } from '../../src/places.ts';
import { type Served, serveFiles } from '../../src/server.ts';

/** What goes wrong in a page, and what it asks other hosts for. */
function watch(page: Page, url: string): { readonly wrong: string[]; readonly foreign: string[] } {
  const [wrong, foreign]: [string[], string[]] = [[], []];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(message.text());
  });
  page.on('pageerror', ({ message }) => wrong.push(message));
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url)) {
      foreign.push(request.url());
    }
  });
  return { wrong, foreign };
}

const executablePath = findChromium();
const where = executablePath === undefined ? ' (skipped: no Chromium in PATH or CHROMIUM)' : '';

describe.skipIf(executablePath === undefined)(`the site in Chromium${where}`, () => {
  let browser: Browser;
  let isolated: Served;
  let plain: Served;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: ['--no-sandbox'],
    });
    isolated = await serveFiles(SITE, { isolated: true, port: 0 });
    plain = await serveFiles(SITE, { isolated: false, port: 0 });
  });
  afterAll(async () => {
    await browser.close();
    await isolated.close();
    await plain.close();
  });

  const PAGES = ['', 'docs/results.html', 'api/noise.html'];
  const open = async (path: string, colorScheme: 'light' | 'dark', width: number) => {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width, height: 900 },
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const { wrong, foreign } = watch(page, isolated.url);
    await page.goto(isolated.url + path);
    return { context, page, wrong, foreign };
  };

  const VIEWS = (['light', 'dark'] as const).flatMap((scheme) =>
    PAGES.flatMap((path) => [390, 1280].map((width) => [path, scheme, width] as const)),
  );
  it.each(VIEWS)('has nothing that axe objects to: /%s in %s at %i pixels', async (...view) => {
    const { context, page, wrong, foreign } = await open(...view);
    expect(await violationsOn(page)).toEqual([]);
    expect({ wrong, foreign }).toEqual({ wrong: [], foreign: [] });
    await context.close();
  });

  it.each([390, 768, 1280, 1920])('has no page wider than the window: %i pixels', async (width) => {
    for (const path of [...PAGES, 'docs/commands.html', 'docs/bad-input.html', 'api/can.html']) {
      const { context, page } = await open(path, 'light', width);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(width);
      await context.close();
    }
  });

  it('is searched and read by keyboard alone', async () => {
    const page = await browser.newPage();
    const { wrong } = watch(page, isolated.url);
    await page.goto(isolated.url);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    await page.keyboard.press('/');
    await page.keyboard.type('encodeImages');
    await page.getByRole('status').getByText('place').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/api/vit.html#encodeimages');
    expect(wrong).toEqual([]);
    await page.close();
  });

  /** Waits until the worker keeps the whole site. */
  const kept = async (page: Page): Promise<void> => {
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
  };
  const openOffline = async (context: BrowserContext, host: Served): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(host.url);
    await kept(page);
    await host.close(); // stronger than a browser's own offline switch: there is nobody to ask
    return page;
  };

  it('works without a network after the first page, and trains on a host without headers', async () => {
    const host = await serveFiles(SITE, { isolated: false, port: 0 });
    const context = await browser.newContext();
    const page = await openOffline(context, host);
    const { wrong, foreign } = watch(page, host.url);
    for (const path of ['docs/', 'docs/results.html', 'api/can.html', 'packages/vit/']) {
      await page.goto(host.url + path);
      expect(await page.locator('h1').count(), path).toBe(1);
    }
    await page.keyboard.press('/');
    await page.keyboard.type('temperature');
    await page.getByRole('status').getByText('place').waitFor();
    await page.goto(`${host.url}playground/#steps=2&batch=8`);
    await page.locator('.tiles canvas').first().waitFor();
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
    await page.getByRole('button', { name: 'Step', exact: true }).click();
    await page.getByText('step 1 of 2').waitFor();
    expect({ wrong, foreign }).toEqual({ wrong: [], foreign: [] });
    await context.close();
  });

  it('isolates the playground at the first visit, where the host sends no headers', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${plain.url}playground/#steps=2&batch=8`);
    await page.waitForFunction(() => globalThis.crossOriginIsolated);
    await page.locator('.tiles canvas').first().waitFor();
    await context.close();
  });
});
