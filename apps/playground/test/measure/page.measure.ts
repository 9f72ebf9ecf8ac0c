import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, inject, it } from 'vitest';
import { median } from '../../../bench/src/median.ts';
import { startPeer } from '../../../bench/src/peer.ts';
import { startBrowser } from '../page/browsers.ts';
import { press, reached, ready, trainer } from '../page/open-page.ts';
import { forgetRun, type Noted, notedBy, watchedContext } from './watched-page.ts';

// What a person waits for, and what training costs. Everything prints; compare numbers of one run only.

const LOADS = 5;
const TRAINED = 200;
const [TURNS, STEPS_A_TURN] = [5, 20];
const [MEMORY_STEPS, MEMORY_EVERY] = [1000, 200];
const NODE_RUN = fileURLToPath(new URL('../../../bench/dist/page-run.js', import.meta.url));

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
  say(`${cpus()[0]?.model}, ${availableParallelism()} processors, Chromium ${browser.version()}`);
});
afterAll(() => browser.close());

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const whole = (value: number | undefined): string => (value ?? Number.NaN).toFixed(0);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function tasksOf(tasks: Noted['longTasks']): string {
  const millis = tasks.map((task) => task.millis);
  if (millis.length === 0) return 'no task over 50 ms';
  return `${millis.length} tasks over 50 ms, ${whole(sum(millis))} ms together, the longest ${whole(Math.max(...millis))} ms`;
}

/** A page that notes what it does, with a run that is open. */
async function openWatched(settings = ''): Promise<Page> {
  const context = await watchedContext(browser, { presses: false });
  const page = await context.newPage();
  await page.goto(`${inject('isolatedPage')}${settings}`);
  await ready(page);
  return page;
}

/** Plays for so many steps more, then pauses; returns the steps. */
async function playOn(page: Page, count: number): Promise<Noted['steps']> {
  const before = (await notedBy(page)).steps.length;
  await press(page, 'Play');
  await page.waitForFunction(
    (wanted) => (globalThis as unknown as { noted: Noted }).noted.steps.length >= wanted,
    before + count,
    { timeout: 900_000 },
  );
  await press(page, 'Pause');
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  return (await notedBy(page)).steps.slice(before);
}

it('the first picture and the first step', async () => {
  const context = await watchedContext(browser, { presses: true });
  for (let load = 0; load <= LOADS; load++) {
    const page = await context.newPage();
    await page.goto(inject('isolatedPage'));
    await reached(page, 1);
    const { picture, step, longTasks } = await notedBy(page);
    const cache = load === 0 ? 'cold' : 'warm';
    say(
      `load ${load} (${cache} cache): first picture ${whole(picture)} ms, first step ${whole(step)} ms; ${tasksOf(longTasks)}`,
    );
    await forgetRun(page);
    await page.close();
  }
  await context.close();
});

it('the main thread while training', async () => {
  const page = await openWatched();
  const from = await page.evaluate(() => performance.now());
  await playOn(page, TRAINED);
  const { longTasks } = await notedBy(page);
  say(`${TRAINED} steps: ${tasksOf(longTasks.filter(({ at }) => at >= from))}`);
  await page.context().close();
});

it('beside Node, in turns', async () => {
  const page = await openWatched();
  const peer = await startPeer(
    { command: process.execPath, args: [NODE_RUN] },
    { settings: {}, threads: availableParallelism(), steps: STEPS_A_TURN },
  );
  say(`${await page.locator('.machine').textContent()} Node: ${peer.about}`);
  const rates = { page: [] as number[], looking: [] as number[], node: [] as number[] };
  const [batch, perSecond] = [64, 1000];
  for (let turn = 0; turn <= TURNS; turn++) {
    const begin = performance.now();
    const steps = await playOn(page, STEPS_A_TURN);
    const wall = performance.now() - begin;
    // A step may be under way when Pause is pressed.
    const own = sum(steps.slice(0, STEPS_A_TURN).map(({ millis }) => millis)) / STEPS_A_TURN;
    const node = (await peer.measure('')) / STEPS_A_TURN;
    if (turn === 0) continue; // the first compiles
    rates.page.push((perSecond * batch) / own);
    rates.looking.push((perSecond * batch * steps.length) / wall);
    rates.node.push((perSecond * batch) / node);
  }
  await peer.close();
  const [own, looking, node] = [rates.page, rates.looking, rates.node].map(median) as [
    number,
    number,
    number,
  ];
  say(
    `images/s, medians of ${TURNS} turns of ${STEPS_A_TURN} steps: page ${whole(own)}, Node ${whole(node)}, page / Node ${(own / node).toFixed(2)}; with its pictures, neighbours and map the page takes ${whole(looking)}`,
  );
  await page.context().close();
});

it('memory', async () => {
  const page = await openWatched(`#batch=8&steps=${MEMORY_STEPS + 10}&checkpointEvery=0`);
  for (let step = 0; step <= MEMORY_STEPS; step += MEMORY_EVERY) {
    if (step > 0) await playOn(page, MEMORY_EVERY);
    const heap = await page.evaluate(
      () =>
        (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
    );
    const { numTensors, numBytes } = await trainer(page).evaluate(() => {
      const { _tfengine } = globalThis as unknown as {
        _tfengine: { memory: () => { numTensors: number; numBytes: number } };
      };
      return _tfengine.memory();
    });
    say(
      `after about ${step} steps of 8 images: ${numTensors} tensors of ${(numBytes / 1e6).toFixed(2)} MB in the worker, ${(heap / 1e6).toFixed(1)} MB in the heap of the page`,
    );
  }
  await page.context().close();
});
