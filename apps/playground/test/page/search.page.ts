import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startBrowser } from './browsers.ts';
import { emptyFolder, newestCheckpoint, twocan, unpackedRun } from './command-line.ts';
import { expectNoViolations } from './no-violations.ts';
import { download, openPage, press, ready, takeSteps } from './open-page.ts';
import { stripedImages } from './striped-images.ts';

const SHORT = '#steps=4&batch=8&checkpointEvery=2';
const FLAGS = ['--steps', '4', '--batch', '8', '--checkpoint-every', '2', '--backend', 'simd'];

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

/** A run of the command line as it was after step 2, and its last checkpoint. */
function runOf(data: string): { readonly run: string; readonly last: Uint8Array } {
  const run = join(emptyFolder(), 'run');
  twocan('pretrain', '--data', data, ...FLAGS, '--out', run);
  const last = newestCheckpoint(run);
  const folder = join(run, 'checkpoints');
  for (const name of readdirSync(folder)) {
    if (/0004\D*$/.test(name)) rmSync(join(folder, name));
  }
  expect(readdirSync(folder)).toContain('checkpoint-00000002.safetensors');
  return { run, last };
}

describe('a run folder of the command line', () => {
  it('opens with its curves, and goes on with the same bits', async () => {
    const { run, last } = runOf('shapes:100');
    const context = await browser.newContext();
    const { page, wrong } = await openPage(context, `${inject('isolatedPage')}#batch=16`);
    await page.locator('[data-files="folder"]').setInputFiles(run);
    await page.getByText('The run that was dropped, on 100 drawings').waitFor();
    await page.getByText('step 2 of 4').waitFor();
    await ready(page);
    expect(await page.evaluate(() => location.hash)).toContain('steps=4');
    // The list below the curves has the losses of the last step.
    expect(await page.locator('.losses .legend b').first().textContent()).toMatch(/^\d\.\d/);
    await press(page, 'Play');
    await page.getByText('The run is finished').waitFor({ timeout: 120_000 });
    const late = newestCheckpoint(unpackedRun(await download(page, 'run')));
    const tensors = (bytes: Uint8Array) => {
      const head = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
      return Buffer.from(bytes.subarray(8 + head)).toString('base64');
    };
    expect(tensors(late)).toBe(tensors(last));
    expect(wrong).toEqual([]);
    await context.close();
  });

  it('is seen without its images, and goes on when they are dropped', async () => {
    const images = await stripedImages();
    const { run } = runOf(images);
    const context = await browser.newContext();
    const { page } = await openPage(context, `${inject('isolatedPage')}#batch=16`);
    await page.locator('[data-files="folder"]').setInputFiles(run);
    await page.getByText('Drop the folder of its own images to go on with it.').waitFor();
    expect(await page.getByRole('button', { name: 'Play', exact: true }).isDisabled()).toBe(true);
    await page.locator('[data-files="folder"]').setInputFiles(images);
    await page.getByText('The run that was dropped, on 24 images of your own').waitFor();
    await takeSteps(page, 1);
    expect(await page.locator('.count').textContent()).toBe('step 3 of 4');
    await context.close();
  });
});

describe('search', () => {
  it.each([
    [390, 'dark'],
    [1280, 'light'],
  ] as const)('finds a copy of an image, at %i pixels in %s', async (width, colorScheme) => {
    const images = await stripedImages('copy.png');
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme,
      reducedMotion: 'reduce',
    });
    const { page } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
    await page.locator('[data-files="folder"]').setInputFiles(images);
    await page.getByText('Trains on 25 images of your own in 2 classes.').waitFor();
    await press(page, 'Search all images');
    await page.getByRole('button', { name: 'Find what is like across/copy.png' }).click();
    await page.getByRole('heading', { name: 'Nearest to across/copy.png' }).waitFor();
    const nearest = page.locator('.search-one').nth(1);
    expect(await nearest.locator('figcaption').textContent()).toBe('1.000');
    expect(await nearest.getByRole('button').getAttribute('title')).toBe('across/0.png');
    await page.getByLabel('Cosine of at least').fill('0.9999');
    await press(page, 'Find near-duplicates');
    await page.getByText(/pairs? ha(s|ve) a cosine of at least 0.9999/).waitFor();
    const pair = page.locator('.search-pair').first().getByRole('button');
    expect(await pair.evaluateAll((both) => both.map((one) => one.getAttribute('title')))).toEqual([
      'across/0.png',
      'across/copy.png',
    ]);
    await expectNoViolations(page);
    await context.close();
  });
});

describe('one step, slowly', () => {
  it.each([
    [390, 'light'],
    [1280, 'dark'],
  ] as const)(
    'shows its nine phases by keyboard, at %i pixels in %s',
    async (width, colorScheme) => {
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        colorScheme,
        reducedMotion: 'reduce',
      });
      const { page, wrong } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
      await page.getByRole('button', { name: 'Take one step slowly' }).press('Enter');
      await page.getByRole('heading', { name: '1 of 9: two crops' }).waitFor();
      expect(await page.locator('.count').textContent()).toBe('step 1 of 4');
      const stage = page.locator('.phase-stage');
      await stage.getByRole('button', { name: 'Next', exact: true }).focus();
      const seen: string[] = [];
      for (let i = 0; i < 9; i++) {
        seen.push((await stage.locator('.phase-text').textContent()) ?? '');
        if (i === 4) {
          expect(await stage.locator('td').count()).toBe(1 + 4 * 4);
          await expectNoViolations(page);
        }
        if (i === 6) {
          const sum = await page.locator('.losses .legend b').first().textContent();
          const shown = await stage.locator('dd').last().textContent();
          expect(Number(shown).toPrecision(3)).toBe(sum);
        }
        await page.keyboard.press('ArrowRight');
      }
      expect(seen[1]).toContain('8 of 16 patches stay.');
      expect(seen[8]).toContain('That was step 1.');
      expect(new Set(seen).size).toBe(9);
      await page.keyboard.press('ArrowLeft');
      await page.getByRole('heading', { name: '8 of 9: gradient' }).waitFor();
      expect(wrong).toEqual([]);
      await context.close();
    },
  );
});
