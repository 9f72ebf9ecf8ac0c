import { join } from 'node:path';
import { decodeSafetensors } from '@twocan/checkpoint';
import { describe, expect, inject, it } from 'vitest';
import { inEachBrowser } from './browsers.ts';
import { emptyFolder, newestCheckpoint, twocan, unpackedRun } from './command-line.ts';
import { download, openPage, press, reached, ready, stepOf, takeSteps } from './open-page.ts';

/** The settings of a run of a few quick steps, as the page and the command line write them. */
const SHORT = '#steps=4&batch=8&checkpointEvery=4';
const FLAGS = ['--steps', '4', '--batch', '8', '--checkpoint-every', '4', '--backend', 'simd'];

/** Tensors of a checkpoint, byte for byte. */
const tensorsOf = (bytes: Uint8Array) =>
  Object.entries(decodeSafetensors(bytes).tensors).map(([name, { data }]) => [
    name,
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
  ]);

inEachBrowser((browser) => {
  describe('a page that is cross-origin isolated', () => {
    it('trains, goes on after a reload, and its run goes on in the command line, with the same bits', async () => {
      const context = await browser().newContext();
      const { page, wrong } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
      const machine = await page.locator('.machine').textContent();
      const processors = await page.evaluate(() => navigator.hardwareConcurrency);
      expect(machine).toContain(
        processors > 1 ? `the processor, ${processors} threads` : 'one thread',
      );
      expect(machine).toContain('not on a GPU');
      await takeSteps(page, 2);
      const early = await download(page, 'run');
      await page.getByText('Kept in this browser after step 2').waitFor();
      await page.close();

      const again = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
      expect(await stepOf(again.page)).toBe(2);
      await again.page.getByText(/^Goes on with the run that was kept/).waitFor();
      await press(again.page, 'Play');
      await reached(again.page, 4);
      await again.page.getByText('The run is finished').waitFor({ timeout: 120_000 });
      const late = await download(again.page, 'run');
      expect([...wrong, ...again.wrong]).toEqual([]);
      await context.close();

      const straight = join(emptyFolder(), 'straight');
      twocan('pretrain', ...FLAGS, '--out', straight);
      const expected = tensorsOf(newestCheckpoint(straight));
      expect(tensorsOf(newestCheckpoint(unpackedRun(late)))).toEqual(expected);
      const gone = unpackedRun(early);
      expect(twocan('pretrain', '--resume', '--out', gone)).toContain('going on after step 2');
      expect(tensorsOf(newestCheckpoint(gone))).toEqual(expected);
    });

    it('gives features and the encoder away', async () => {
      const context = await browser().newContext();
      const { page } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
      await takeSteps(page, 1);
      const npy = await download(page, 'npy');
      expect(npy.subarray(1, 6).toString()).toBe('NUMPY');
      expect(npy.toString('latin1', 0, 128)).toContain("'shape': (2000, 96)");
      expect((await download(page, 'onnx')).length).toBeGreaterThan(1e6);
      await context.close();
    });

    it('asks nobody else, and works without a network once it is loaded', async () => {
      const context = await browser().newContext();
      const { page, requests, wrong } = await openPage(
        context,
        `${inject('isolatedPage')}${SHORT}`,
      );
      await context.setOffline(true);
      await takeSteps(page, 1);
      await page.getByRole('radio', { name: 'UMAP' }).check();
      await page.getByText('UMAP of the features').waitFor();
      const other = requests.filter(
        (url) => !url.startsWith(inject('isolatedPage')) && !/^(blob|data):/.test(url),
      );
      expect(other).toEqual([]);
      expect(wrong).toEqual([]);
      await context.close();
    });
  });

  describe('a page that is not isolated', () => {
    it('trains on one thread, and says why', async () => {
      const context = await browser().newContext();
      const { page, wrong } = await openPage(context, `${inject('plainPage')}${SHORT}`);
      expect(await page.locator('.machine').textContent()).toMatch(
        /one thread: the page is not cross-origin isolated/,
      );
      await takeSteps(page, 1);
      expect(await stepOf(page)).toBe(1);
      expect(wrong).toEqual([]);
      await context.close();
    });
  });

  describe('a run that collapses', () => {
    it('is warned of', async () => {
      const context = await browser().newContext();
      const { page } = await openPage(context, `${inject('isolatedPage')}#steps=8&batch=16&lr=0.3`);
      await takeSteps(page, 4);
      await page
        .getByText(/The features have collapsed: those of different images are 9\d[.\d]*% the same/)
        .waitFor();
      await context.close();
    });
  });

  describe('settings', () => {
    it('are in the address, begin a run at once before its first step, and are asked about after it', async () => {
      const context = await browser().newContext();
      const { page } = await openPage(context, `${inject('isolatedPage')}${SHORT}`);
      const changed = async (): Promise<void> => {
        await page.getByText(/^step 0 of/).waitFor();
        await ready(page);
      };
      const typeRate = async (text: string): Promise<void> => {
        await page.getByLabel('Learning rate').clear();
        await page.getByLabel('Learning rate').pressSequentially(text);
        await page.getByLabel('Learning rate').press('Tab');
      };
      await page.getByLabel('Method', { exact: true }).selectOption('mae');
      await changed();
      await page.waitForFunction(() => location.hash.includes('method=mae'));
      await page.getByText(/reconstruction × 1/).waitFor();
      await takeSteps(page, 1);
      await typeRate('0.01');
      await page.getByText('These settings are not those of the run.').waitFor();
      expect(await stepOf(page)).toBe(1);
      await press(page, 'Begin a run with them');
      await changed();
      expect(await page.evaluate(() => location.hash)).toBe(
        '#steps=4&batch=8&checkpointEvery=4&method=mae&lr=0.01',
      );
      await typeRate('-1');
      await page.getByText('Learning rate must be a number of at least 0, got -1').waitFor();
      await context.close();
    });

    it('of an address that cannot be used are left out, and named', async () => {
      const context = await browser().newContext();
      const { page } = await openPage(context, `${inject('isolatedPage')}#steps=4&batch=8&lr=-1`);
      await page
        .getByText('Left out of the address: lr must be a number of at least 0, got -1.')
        .waitFor();
      expect(await page.evaluate(() => location.hash)).toBe('#steps=4&batch=8');
      await context.close();
    });
  });
});
