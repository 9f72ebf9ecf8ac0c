import { readFileSync } from 'node:fs';
import type { BrowserContext, Locator, Page, Worker } from 'playwright';

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

/** The worker that trains; its threads are workers too. */
export function trainer(page: Page): Worker {
  const found = page.workers().filter((worker) => /assets\/main-/.test(worker.url()));
  return found.at(-1) as Worker;
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
  const button = page.locator(`[data-download="${what}"]`);
  if (page.context().browser()?.browserType().name() === 'firefox') return madeFile(page, button);
  const [file] = await Promise.all([
    page.waitForEvent('download', { timeout: 120_000 }),
    button.click(),
  ]);
  return readFileSync(await file.path());
}

/** The file that a page makes for a download, where the browser does not report that one begins. */
async function madeFile(page: Page, button: Locator): Promise<Buffer> {
  const made = page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const own = URL.createObjectURL;
        URL.createObjectURL = (file: Blob) => {
          URL.createObjectURL = own;
          const reader = new FileReader();
          reader.onload = () => resolve(String(reader.result).replace(/^.*,/, ''));
          reader.readAsDataURL(file);
          return own.call(URL, file);
        };
      }),
  );
  await button.click();
  return Buffer.from(await made, 'base64');
}
