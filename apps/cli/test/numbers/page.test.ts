import { describe, expect, test } from 'vitest';
import { ablationPage } from '../../src/ablation/page.ts';
import { documentOf, html, table } from '../../src/report/html.ts';
import { type ReportData, reportPage } from '../../src/report/page.ts';
import { resolveRun } from '../../src/run/config.ts';
import type { Environment } from '../../src/run/environment.ts';

/** What breaks out of an element, of an attribute and of a style. */
const HOSTILE = `a<b>&"c'</style><script>alert(1)</script>`;
const ESCAPED = 'a&lt;b&gt;&amp;&quot;c&#39;&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;';

const environment: Environment = {
  twocan: '1.2.3',
  tfjs: '4.5.6',
  node: 'v20.1',
  system: 'an OS',
  processor: 'a CPU',
  cores: 17,
  memoryGigabytes: 31.9,
  backend: 'simd',
  backendWhy: 'the fastest',
  threads: 13,
  instructions: null,
};

const options = {
  data: 'shapes:40',
  preset: 'micro32' as const,
  method: 'can' as const,
  batch: 21,
  steps: 4,
  lr: 0.0123,
  weightDecay: 0.0456,
  maskRatio: 0.625,
  sigmaMax: 0.07,
  seed: 19,
};
const facts = { source: 'shapes:40', length: 40, evaluation: { source: 'ten classes of shapes' } };
const config = resolveRun(options, facts, 'simd');

const stepLine = (step: number) => ({
  step,
  loss: 5.5 - step,
  gradNorm: 0.7,
  learningRate: 0.01,
  contrastive: 2.2,
  machine: { millis: 30_000 + step, imagesPerSecond: 60 + 10 * step, rssMegabytes: 444 },
});
const lines: ReportData['lines'] = [
  { step: 0, evaluation: { knn: 0.433, rawPixels: 0.322, effectiveRank: 5 }, machine: {} },
  ...[1, 2, 3, 4].map(stepLine),
  { step: 4, evaluation: { knn: 0.611, effectiveRank: 6 }, machine: {} },
];
const data: ReportData = {
  name: 'a run',
  config,
  environment,
  data: ['40 images'],
  lines,
  map: undefined,
  sheets: [],
};
const page = (changes: Partial<ReportData> = {}): string => reportPage({ ...data, ...changes });
const tiles = (text: string): string[] =>
  [...text.matchAll(/<div class="tile">(.*?)<\/div>/g)].map(([, tile = '']) =>
    tile
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/ +/g, ' ')
      .trim(),
  );

describe('the numbers of a report', () => {
  test('at the head', () => {
    expect(tiles(page())).toEqual([
      'k-NN top-1 61.1% raw pixels 32.2%, untrained 43.3%',
      'Loss 1.5 4.5 at the first step',
      'Speed 90 images per second, median',
      'Trained for 2m00s 4 steps of 21 images',
    ]);
    expect(page()).toContain('can, preset micro32, on shapes:40; finished</p>');
    expect(page({ lines: lines.slice(0, 3) })).toContain('; step 2 of 4 so far</p>');
  });

  test('that are missing are dashes, never zeros', () => {
    expect(tiles(page({ lines: lines.slice(0, 1) }))).toEqual([
      'Loss – – at the first step',
      'Speed – images per second, median',
      'Trained for 0s 0 steps of 21 images',
    ]);
    const { imagesPerSecond: _, ...slow } = stepLine(1).machine;
    const partial = [{ ...stepLine(1), loss: undefined, machine: slow }, stepLine(2)];
    expect(tiles(page({ lines: partial }))).toEqual([
      'Loss 3.5 – at the first step',
      'Speed 80 images per second, median',
      'Trained for 1m00s 2 steps of 21 images',
    ]);
  });

  test('in the settings and the environment', () => {
    const rows = [...page().matchAll(/<th scope="row">(.*?)<\/th><td>(.*?)<\/td>/g)];
    const { encoder, decoder } = config.model;
    expect(Object.fromEntries(rows.map(([, name, value]) => [name, value]))).toEqual({
      Data: 'shapes:40',
      Images: `32 × 32, patches of ${encoder.patch}`,
      Encoder: `${encoder.depth} blocks of width ${encoder.width}, ${encoder.heads} heads`,
      Decoder: `${decoder.depth} block of width ${decoder.width}, ${decoder.heads} heads`,
      'Hidden patches': '62.5%',
      Noise: 'up to 0.07 deviations of a pixel',
      'Batch and steps': '21 images, 4 steps',
      'Learning rate': `0.0123 after ${config.optimizer.warmupSteps} steps of warm-up`,
      'Weight decay': '0.0456',
      Seed: '19',
      Backend: 'simd (the fastest), 13 thread(s)',
      Processor: 'a CPU, 17 cores',
      Memory: '31.9 GB',
      System: 'an OS, Node v20.1',
      Versions: 'twocan 1.2.3, TensorFlow.js 4.5.6',
    });
    const { contrastive, reconstruction, denoising } = config.model.weights;
    expect(page()).toContain(
      `Loss = ${contrastive} × contrastive + ${reconstruction} × reconstruction + ${denoising} × denoising.`,
    );
    expect(page({ environment: { ...environment, threads: null } })).toContain(
      '<td>simd (the fastest)</td>',
    );
  });

  test('of curves: each under its own title, baselines beside k-NN alone', () => {
    const figures = [...page().matchAll(/<h3>(.*?)<\/h3>(.*?)<\/figure>/g)];
    const labels = figures.map(([, , body = '']) => /aria-label="(.*?)"/.exec(body)?.[1]);
    expect(labels).toEqual([
      'k-NN top-1: 61.1% at step 4',
      'Loss: 1.5 at step 4',
      'Contrastive loss: 2.2 at step 4',
      'Effective rank: 6 at step 4',
      'Gradient norm: 0.7 at step 4',
      'Learning rate: 0.01 at step 4',
      'Images per second: 100 at step 4',
      'Memory, MB: 444 at step 4',
    ]);
    const keys = figures.map(([, , body = '']) =>
      [...body.matchAll(/class="key [^"]*">(.*?)</g)].map(([, key]) => key),
    );
    expect(keys[0]).toEqual(['k-NN top-1', 'Raw pixels 32.2%', 'Untrained 43.3%']);
    expect(keys.slice(1).flat()).toEqual([]);
    expect(page({ lines: lines.slice(1, 3) })).not.toContain('Is it useful?');
    expect(page()).toContain('Images: ten classes of shapes.');
  });

  test('of the map and the sheets', () => {
    const map = {
      step: 3,
      explained: 0.472,
      classes: ['x', 'y'],
      points: [
        { x: 0, y: 1, class: 0 },
        { x: 2, y: 3, class: 1 },
      ],
    };
    expect(page()).not.toContain('Where images lie');
    const flat = page({ map });
    expect(flat).toContain('Features of 2 images after 3 steps, coloured by class');
    expect(flat).toContain(
      'aria-label="Principal components of the features of 2 images after 3 steps"',
    );
    expect(flat).toContain('largest variance, 47.2% of all');
    expect(flat).not.toContain('UMAP');
    const umap = [
      { x: 5, y: 6 },
      { x: 7, y: 8 },
    ];
    expect(page({ map: { ...map, umap } })).toContain('<h3>UMAP</h3>');
    expect(page({ map: { ...map, classes: [] } })).toContain('after 3 steps.</p>');
    const sheets = [1, 2, 3].map((step) => ({ step, png: Uint8Array.of(step) }));
    expect(page()).toContain('No samples yet.');
    const shown = [
      ...page({ sheets }).matchAll(
        /alt="Samples after (\d) steps" src="data:image\/png;base64,(.*?)"/g,
      ),
    ];
    expect(shown.map(([, step, png]) => [step, png])).toEqual([
      ['3', 'Aw=='],
      ['2', 'Ag=='],
      ['1', 'AQ=='],
    ]);
  });
});

describe('the parts of a report', () => {
  const heads = (text: string) => [...text.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, head]) => head);
  const map = { step: 3, explained: 0.5, classes: [], points: [{ x: 0, y: 1 }] };

  test('stand in order, and those that have nothing to show are left out', () => {
    const always = ['What it minimises', 'Is it collapsing?', 'Optimizer and machine'];
    expect(heads(page({ map }))).toEqual([
      ...['Are the curves right?', 'What it sees and fills in'],
      ...['Is it useful?', 'Where images lie', ...always],
      ...['Data', 'Settings', 'Environment'],
    ]);
    expect(heads(page({ lines: lines.slice(1, 2), data: [] }))).toEqual([
      ...['Are the curves right?', 'What it sees and fills in'],
      ...[...always, 'Settings', 'Environment'],
    ]);
  });

  test('are told about: the data, the settings as JSON, how to read a curve', () => {
    const text = page({
      data: ['40 images', '2 left out'],
      map: { ...map, umap: [{ x: 5, y: 6 }] },
    });
    expect(text).toContain('<p>40 images</p>\n<p>2 left out</p>');
    expect(text).toContain('<summary>config.json</summary><pre>{\n  &quot;version&quot;: 1,');
    expect(text).toContain('A collapsed encoder gives every image nearly the same features');
    expect(text).toContain('Near images stay near');
    // The single place of each of both maps lies in their middle.
    expect(text.match(/class="dot" cx="280.0" cy="240.0" r="3.5"/g)).toHaveLength(2);
  });

  test('do not depend on the order of lines', () => {
    const [start, ...rest] = lines;
    if (start === undefined) throw new Error('a line expected');
    const moved = [lines[3], lines[1], lines[4], lines[2]].flatMap((line) => line ?? []);
    const speeds = tiles(page({ lines: moved })).find((tile) => tile.startsWith('Speed'));
    expect(speeds).toBe('Speed 90 images per second, median');
    const labels = (text: string) => text.match(/Loss: [\d.]+ at step \d/g)?.[0];
    expect(labels(page({ lines: [...rest.toReversed(), start] }))).toBe('Loss: 1.5 at step 4');
    // Baselines are those of the start alone.
    expect(page({ lines: rest })).not.toContain('class="baseline');
  });
});

describe('what is put into a page', () => {
  test('is escaped, unless it is markup', () => {
    expect(html`<p title="${HOSTILE}">${HOSTILE}</p>`.markup).toBe(
      `<p title="${ESCAPED}">${ESCAPED}</p>`,
    );
    expect(html`${1.5}${html`<b>`}${[html`<i>`, html`<u>`]}${[]}`.markup).toBe('1.5<b><i><u>');
    expect(table([[HOSTILE, HOSTILE]]).markup).toBe(
      `<table><tr><th scope="row">${ESCAPED}</th><td>${ESCAPED}</td></tr></table>`,
    );
    expect(documentOf(HOSTILE, 'p > b { }', [html`<p>`])).toContain(
      `<title>${ESCAPED}</title><style>p > b { }</style></head><body>\n<p>\n</body></html>\n`,
    );
  });

  test('of a run is escaped wherever it stands', () => {
    // Every text of the page's data is hostile: names of folders, classes, machines, settings.
    const hostile = <T>(value: T): T =>
      (typeof value === 'string'
        ? HOSTILE
        : Array.isArray(value)
          ? value.map(hostile)
          : value !== null && typeof value === 'object' && !(value instanceof Uint8Array)
            ? Object.fromEntries(Object.entries(value).map(([name, own]) => [name, hostile(own)]))
            : value) as T;
    const map = {
      step: 3,
      explained: 0.5,
      classes: ['x', 'y'],
      umap: [{ x: 5, y: 6 }],
      points: [{ x: 0, y: 1, class: 1 }],
    };
    const sheets = [{ step: 1, png: Uint8Array.of(1) }];
    const text = reportPage(hostile({ ...data, map, sheets }));
    expect(text).not.toContain('<script');
    expect(text).not.toContain('a<b>');
    expect(text).not.toContain(`"c'`);
    expect(text.match(/<\/style>/g)).toHaveLength(1);
    // Title, head (name, method, preset, data), evaluation, data's note, legend, dots, tables, config.
    expect(text.split(ESCAPED).length - 1).toBeGreaterThan(15);
    expect(text).toContain(`<h1>${ESCAPED}</h1>`);
    expect(text).toContain(`<title>${ESCAPED}: twocan report</title>`);
  });

  test('of an ablation is escaped wherever it stands', () => {
    const statistic = { values: [0.5, 0.7], mean: 0.6, deviation: 0.1 };
    const line = {
      group: HOSTILE,
      row: HOSTILE,
      budget: 'steps' as const,
      steps: 5,
      flops: 1,
      seeds: 2,
      runs: ['a', 'b'],
      done: 2,
      which: [0, 1],
      courses: [],
      knn: statistic,
      probe: statistic,
    };
    const baselines = {
      rawPixels: { knn: 0.2, probe: 0.3 },
      untrained: { knn: 0.25, probe: 0.35, effectiveRank: 3 },
    };
    const text = ablationPage([line], baselines, HOSTILE);
    expect(text).not.toContain('<script');
    expect(text.split(ESCAPED).length - 1).toBe(1 + 1 + 2);
    expect(text).toContain('<title>50.0%</title>');
  });
});
