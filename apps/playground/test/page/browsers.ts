import { existsSync } from 'node:fs';
import { type Browser, chromium, firefox, webkit } from 'playwright';
import { afterAll, beforeAll, describe } from 'vitest';
import { findChromium } from '../../../../test/browser/chromium.ts';

/** Chromium has to be there; Playwright brings its own builds of the others. */
const NAMES = ['chromium', 'firefox', 'webkit'] as const;
type BrowserName = (typeof NAMES)[number];

/** A Firefox that is installed already: Playwright drives it by WebDriver BiDi. */
const ownFirefox = (): string | undefined => process.env.FIREFOX;

/** Why a browser cannot be used here; nothing where it can. */
function missing(name: BrowserName): string | undefined {
  if (name === 'chromium') {
    return findChromium() === undefined
      ? 'Chromium must be in PATH, got none; install it or set CHROMIUM'
      : undefined;
  }
  if (name === 'firefox' && ownFirefox() !== undefined) return undefined;
  const found = existsSync((name === 'firefox' ? firefox : webkit).executablePath());
  return found ? undefined : `Playwright has no ${name} here; npx playwright install ${name}`;
}

/** Starts a browser. */
export function startBrowser(name: BrowserName = 'chromium'): Promise<Browser> {
  const why = missing(name);
  if (why !== undefined) throw new Error(why);
  if (name === 'webkit') return webkit.launch();
  if (name === 'firefox') {
    const executablePath = ownFirefox();
    return executablePath === undefined
      ? firefox.launch()
      : firefox.launch({ channel: 'moz-firefox', executablePath });
  }
  const executablePath = findChromium() as string;
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

/**
 * Tests in each browser; one that is not here is skipped by name.
 *
 * @param tests declares them; given what returns the browser, once they run
 */
export function inEachBrowser(tests: (browser: () => Browser) => void): void {
  for (const name of NAMES) {
    const why = name === 'chromium' ? undefined : missing(name);
    if (why !== undefined) console.log(`skipped in ${name}: ${why}`);
    describe.skipIf(why !== undefined)(`in ${name}`, () => {
      let browser: Browser;
      beforeAll(async () => {
        browser = await startBrowser(name);
      });
      afterAll(() => browser?.close());
      tests(() => browser);
    });
  }
}
