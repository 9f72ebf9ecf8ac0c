import { readFileSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { findChromium } from '../../../../test/browser/chromium.ts';

/** Starts Chromium. */
export function startBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error('Chromium must be in PATH, got none; install it or set CHROMIUM');
  }
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

/** A page with all that went wrong in it: errors, refused requests, breaches of its policy. */
export type Watched = {
  readonly page: Page;
  readonly wrong: string[];
  readonly requests: string[];
};

/** Opens the page at an address, and waits until it can be played. */
export async function openPage(context: BrowserContext, url: string): Promise<Watched> {
  const page = await context.newPage();
  const wrong: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(message.text());
  });
  page.on('pageerror', ({ message }) => wrong.push(message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  await ready(page);
  return { page, wrong, requests };
}

/** Waits until a run is open and its first pictures are there. */
export async function ready(page: Page): Promise<void> {
  await page.locator('.row canvas').first().waitFor();
  await page.locator('.tiles canvas').first().waitFor();
}

/** How many steps the page says are done. */
export async function stepOf(page: Page): Promise<number> {
  const text = (await page.locator('.count').textContent()) ?? '';
  return Number(/^step ([\d,]+)/.exec(text)?.[1]?.replaceAll(',', '') ?? Number.NaN);
}

/** Waits until so many steps are done. */
export async function reached(page: Page, step: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      const text = document.querySelector('.count')?.textContent ?? '';
      return Number(/^step ([\d,]+)/.exec(text)?.[1]?.replaceAll(',', '')) >= wanted;
    },
    step,
    { timeout: 240_000 },
  );
}

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

/** Presses Step, and waits until it is done. */
export async function takeSteps(page: Page, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const next = (await stepOf(page)) + 1;
    await press(page, 'Step');
    await reached(page, next);
  }
}

/** What a button of downloads gives. */
export async function download(page: Page, what: string): Promise<Buffer> {
  const [file] = await Promise.all([
    page.waitForEvent('download', { timeout: 120_000 }),
    page.locator(`[data-download="${what}"]`).click(),
  ]);
  return readFileSync(await file.path());
}
