import type { Browser, BrowserContext, Page } from 'playwright';

/** What a page notes about itself, in milliseconds since its navigation began. */
export type Noted = {
  readonly picture?: number;
  readonly step?: number;
  /** Tasks of the main thread of more than 50 ms. */
  readonly longTasks: readonly { readonly at: number; readonly millis: number }[];
  /** The steps of the training, as the worker reports them. */
  readonly steps: readonly {
    readonly at: number;
    readonly millis: number;
    readonly loss: number;
  }[];
};

type Line = { readonly millis: number; readonly metrics: { readonly loss: number } };

/** In the page, before its own scripts: notes, and presses Play as soon as that is possible. */
function watch(presses: boolean): void {
  const noted = { longTasks: [], steps: [] } as {
    picture?: number;
    step?: number;
    longTasks: { at: number; millis: number }[];
    steps: { at: number; millis: number; loss: number }[];
  };
  Object.assign(globalThis, { noted });
  new PerformanceObserver((list) => {
    for (const { startTime: at, duration: millis } of list.getEntries()) {
      noted.longTasks.push({ at, millis });
    }
  }).observe({ type: 'longtask', buffered: true });
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      this.addEventListener('message', ({ data }: MessageEvent<{ type: string; line?: Line }>) => {
        const { line } = data;
        if (data.type !== 'line' || line === undefined) return;
        const { millis, metrics } = line;
        noted.steps.push({ at: performance.now(), millis, loss: metrics.loss });
      });
    }
  };
  let pressed = !presses;
  new MutationObserver(() => {
    const play = document.querySelector<HTMLButtonElement>('.transport button');
    if (!pressed && play?.disabled === false) {
      pressed = true;
      play.click();
    }
    if (document.querySelector('.row canvas')) noted.picture ??= performance.now();
    const count = document.querySelector('.count')?.textContent ?? '';
    if (/^step [1-9]/.test(count)) noted.step ??= performance.now();
  }).observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
}

/** A context whose pages note what they do. */
export async function watchedContext(
  browser: Browser,
  { presses }: { readonly presses: boolean },
): Promise<BrowserContext> {
  const context = await browser.newContext();
  await context.addInitScript(watch, presses);
  return context;
}

/** What a page noted until now. */
export const notedBy = (page: Page): Promise<Noted> =>
  page.evaluate(() => (globalThis as unknown as { noted: Noted }).noted);

/** Forgets the run that the browser kept, so that the next visit begins anew. */
export const forgetRun = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    for (let tries = 0; tries < 20; tries++) {
      try {
        return await root.removeEntry('playground', { recursive: true });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  });
