import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import type { Browser, Page } from 'playwright';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startBrowser } from './browsers.ts';
import { emptyFolder, newestCheckpoint, twocan, unpackedRun } from './command-line.ts';
import { download, openPage, press, ready, takeSteps } from './open-page.ts';
import { stripedImages } from './striped-images.ts';

const SHORT = '#steps=3&batch=8&checkpointEvery=3';

let browser: Browser;
let folder: string;

/** Two classes of twelve stripes each, and files that cannot be used. */
beforeAll(async () => {
  browser = await startBrowser();
  folder = await stripedImages();
  writeFileSync(join(folder, 'down', 'photo.heic'), 'heic');
  writeFileSync(
    join(folder, 'down', 'torn.png'),
    readFileSync(join(folder, 'down', '0.png')).subarray(0, 60),
  );
});
afterAll(() => browser.close());

const about = (page: Page): Promise<string | null> => page.locator('.current').textContent();

async function opened(page: Page): Promise<void> {
  await page
    .getByText(/images of your own/)
    .first()
    .waitFor({ timeout: 60_000 });
  await ready(page);
}

describe('images of a person', () => {
  it('of a folder have its classes, and a run on them goes on after a reload', async () => {
    const context = await browser.newContext();
    const { page, wrong } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
    await page.locator('[data-files="folder"]').setInputFiles(folder);
    await opened(page);
    expect(await about(page)).toBe('Trains on 24 images of your own in 2 classes.');
    const note = await page.locator('.note').textContent();
    expect(note).toContain(
      '24 images in 2 classes, by their folders. 2 files are left out, such as down/',
    );
    await takeSteps(page, 2);
    const early = await download(page, 'run');
    await press(page, 'Play');
    await page.getByText('The run is finished').waitFor({ timeout: 60_000 });
    await page.getByText(/k-NN on held-out images after step 3/).waitFor();
    const straight = await download(page, 'run');

    await press(page, 'Reset');
    await page.getByText('step 0 of 3').waitFor();
    await takeSteps(page, 1);
    await page.getByText('Kept in this browser after step 1').waitFor({ timeout: 60_000 });
    await page.close();
    const again = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
    await again.page.getByText(/Goes on with the run that was kept: 24 images/).waitFor();
    await press(again.page, 'Play');
    await again.page.getByText('The run is finished').waitFor({ timeout: 60_000 });
    const late = await download(again.page, 'run');
    const [one, other] = [late, straight].map((run) => newestCheckpoint(unpackedRun(run)));
    expect(Buffer.compare(one as Uint8Array, other as Uint8Array)).toBe(0);
    expect([...wrong, ...again.wrong]).toEqual([]);
    await context.close();
    // Outside of the tab the images are named, and decoded anew.
    const said = twocan('pretrain', '--resume', '--out', unpackedRun(early), '--data', folder);
    expect(said).toContain('going on after step 2');
  });

  it('of a zip archive that is dropped are unpacked', async () => {
    const context = await browser.newContext();
    const { page } = await openPage(context, `${inject('plainPage')}${SHORT}`);
    const files = Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [
        `some/${i}.png`,
        readFileSync(join(folder, 'down', `${i}.png`)),
      ]),
    );
    const bytes = [...zipSync(files)];
    await page.evaluate((content) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([Uint8Array.from(content)], 'some.zip'));
      document.dispatchEvent(
        new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }),
      );
    }, bytes);
    await opened(page);
    expect(await about(page)).toBe('Trains on 8 images of your own.');
    await takeSteps(page, 1);
    await page.getByRole('heading', { name: 'Directions that features use' }).waitFor();
    await press(page, 'Back to the drawings');
    await page.getByText('Trains on 2,000 drawings of 10 figures and textures.').waitFor();
    await context.close();
  });

  it('that cannot be used leave the run as it is, with a sentence', async () => {
    const context = await browser.newContext();
    const { page } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
    await takeSteps(page, 1);
    await page.locator('[data-files="files"]').setInputFiles(join(folder, 'down', 'photo.heic'));
    await page
      .getByText(
        'None of the files could be used; training needs 8 images or more. 1 file is left out, such as photo.heic: HEIC, which browsers do not read: save it as JPEG.',
      )
      .waitFor();
    expect(await page.locator('.count').textContent()).toBe('step 1 of 3');
    await context.close();
  });

  it('are pasted', async () => {
    const context = await browser.newContext();
    const { page } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
    const contents = Array.from({ length: 8 }, (_, i) => [
      ...readFileSync(join(folder, 'across', `${i}.png`)),
    ]);
    await page.evaluate((files) => {
      const clipboardData = new DataTransfer();
      for (const [i, content] of files.entries()) {
        clipboardData.items.add(
          new File([Uint8Array.from(content)], `${i}.png`, { type: 'image/png' }),
        );
      }
      document.dispatchEvent(new ClipboardEvent('paste', { clipboardData }));
    }, contents);
    await opened(page);
    expect(await about(page)).toBe('Trains on 8 images of your own.');
    await context.close();
  });

  it('are ten thousand at most, spread over all', async () => {
    const context = await browser.newContext();
    const { page } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
    const dot = await sharp({
      create: { width: 8, height: 8, channels: 3, background: '#246' },
    })
      .png()
      .toBuffer();
    const many = Array.from({ length: 10_050 }, (_, i) => [`${i}.png`, dot] as const);
    const archive = join(emptyFolder(), 'many.zip');
    writeFileSync(archive, zipSync(Object.fromEntries(many), { level: 0 }));
    await page.locator('[data-files="files"]').setInputFiles(archive);
    await page
      .getByText(
        '10,000 images, without classes. 50 more are left out: a tab takes 10,000, evenly spread over all.',
      )
      .waitFor({ timeout: 240_000 });
    await page.getByText('Trains on 10,000 images of your own.').waitFor({ timeout: 120_000 });
    await context.close();
  });

  it('fewer than a batch are refused by name', async () => {
    const context = await browser.newContext();
    const { page } = await openPage(context, `${inject('isolatedPage')}#batch=64`);
    await page.locator('[data-files="folder"]').setInputFiles(folder);
    await page.getByText(/batch must be at most the 24 images of the data, got 64/).waitFor();
    await context.close();
  });
});
