import type { RunConfig } from '../config.ts';
import type { Environment } from '../environment.ts';
import type { Dot, FeatureMap } from '../feature-map.ts';
import type { MetricsLine } from '../metrics-file.ts';
import { percent } from '../percent.ts';
import { duration } from '../progress.ts';
import { SERIES, type Series } from '../series.ts';
import { drawChart } from './chart.ts';
import { escapeHtml, table } from './html.ts';
import { brief, type Point } from './scale.ts';
import { drawLegend, drawScatter } from './scatter.ts';
import { STYLE } from './style.ts';

/** What the report is made of. */
export type ReportData = {
  /** The name of the run folder. */
  readonly name: string;
  readonly config: RunConfig;
  readonly environment: Environment;
  /** Which images are used, and which files are left out. */
  readonly data: readonly string[];
  readonly lines: readonly MetricsLine[];
  readonly map: FeatureMap | undefined;
  /** PNG sheets, in order of the step. */
  readonly sheets: readonly { readonly step: number; readonly png: Uint8Array }[];
};

/**
 * The report of a run as one HTML file that needs nothing else.
 *
 * @param data config, environment, metrics and sheets
 * @returns a whole document
 */
export function reportPage(data: ReportData): string {
  const { name, config } = data;
  const group = (prefix: string): string =>
    SERIES.filter(({ tag }) => tag.startsWith(`${prefix}/`))
      .map((series) => chart(series, data))
      .join('');
  const evaluation = group('evaluation');
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(name)}: twocan report</title><style>${STYLE}</style></head><body>`,
    header(data),
    '<h2>What it sees and fills in</h2>',
    samples(data),
    ...(evaluation === ''
      ? []
      : ['<h2>Is it useful?</h2>', usefulness(config), `<div class="charts">${evaluation}</div>`]),
    ...(data.map === undefined ? [] : ['<h2>Where images lie</h2>', mapFigures(data.map)]),
    '<h2>What it minimises</h2>',
    `<p class="faint">${weightsInWords(config)}</p>`,
    `<div class="charts">${group('loss')}</div>`,
    '<h2>Is it collapsing?</h2>',
    '<p class="faint">A collapsed encoder gives every image nearly the same features: the contrast term exists to prevent it, and these curves would show it.</p>',
    `<div class="charts">${group('collapse')}</div>`,
    '<h2>Optimizer and machine</h2>',
    `<div class="charts">${group('optimizer')}${group('machine')}</div>`,
    ...(data.data.length === 0 ? [] : ['<h2>Data</h2>']),
    ...data.data.map((note) => `<p>${escapeHtml(note)}</p>`),
    '<h2>Settings</h2>',
    settings(config),
    `<details><summary>config.json</summary><pre>${escapeHtml(JSON.stringify(config, null, 2))}</pre></details>`,
    '<h2>Environment</h2>',
    environmentTable(data.environment),
    '</body></html>\n',
  ].join('\n');
}

function pointsOf({ of }: Series, lines: readonly MetricsLine[]): Point[] {
  return lines
    .flatMap((line): Point[] => {
      const value = of(line);
      return value === undefined ? [] : [[line.step, value]];
    })
    .sort(([a], [b]) => a - b);
}

function chart(series: Series, { lines }: ReportData): string {
  const points = pointsOf(series, lines);
  if (points.length === 0) return '';
  const { title, reading, tag } = series;
  const isAccuracy = tag === 'evaluation/knn';
  const start = lines.find(({ step, evaluation }) => step === 0 && evaluation !== undefined);
  const baselines = [
    { label: 'Raw pixels', value: start?.evaluation?.rawPixels },
    { label: 'Untrained', value: start?.evaluation?.knn },
  ].flatMap(({ label, value }) => (value === undefined ? [] : { label, value }));
  const drawn = drawChart({
    title,
    points,
    ...(isAccuracy ? { baselines, format: percent } : {}),
  });
  return `<figure class="chart"><h3>${escapeHtml(title)}</h3>${drawn}<figcaption>${escapeHtml(reading)}</figcaption></figure>`;
}

function header({ name, config, lines }: ReportData): string {
  const steps = lines.filter(({ evaluation }) => evaluation === undefined);
  const [first, last] = [steps[0], steps.at(-1)];
  const done = last?.step ?? 0;
  const judged = lines.filter(({ evaluation }) => evaluation?.knn !== undefined);
  const [start, end] = [judged.find(({ step }) => step === 0), judged.at(-1)];
  const rates = steps.map(({ machine }) => machine.imagesPerSecond ?? 0).sort((a, b) => a - b);
  const millis = steps.reduce((sum, { machine }) => sum + (machine.millis ?? 0), 0);
  const tile = (label: string, value: string, more: string): string =>
    `<div class="tile">${label}<b>${value}</b><span class="faint">${more}</span></div>`;
  const state = done >= config.steps ? 'finished' : `step ${done} of ${config.steps} so far`;
  return [
    `<h1>${escapeHtml(name)}</h1>`,
    `<p class="faint">${escapeHtml(config.method)}, preset ${escapeHtml(config.preset)}, on ${escapeHtml(config.data)}; ${state}</p>`,
    '<div class="tiles">',
    ...(start?.evaluation && end?.evaluation && end !== start
      ? [
          tile(
            'k-NN top-1',
            percent(end.evaluation.knn ?? 0),
            `raw pixels ${percent(start.evaluation.rawPixels ?? 0)}, untrained ${percent(start.evaluation.knn ?? 0)}`,
          ),
        ]
      : []),
    tile(
      'Loss',
      brief(Number(last?.loss ?? 0)),
      `${brief(Number(first?.loss ?? 0))} at the first step`,
    ),
    tile('Speed', brief(rates[Math.floor(rates.length / 2)] ?? 0), 'images per second, median'),
    tile('Trained for', duration(millis), `${done} steps of ${config.batch} images`),
    '</div>',
  ].join('');
}

function samples({ sheets }: ReportData): string {
  const latest = sheets.at(-1);
  if (latest === undefined) return '<p class="empty">No samples yet.</p>';
  const figure = ({ step, png }: ReportData['sheets'][number]): string => {
    const data = Buffer.from(png).toString('base64');
    return `<figure class="sheet"><div><img alt="Samples after ${step} steps" src="data:image/png;base64,${data}"></div><figcaption>After ${step} steps.</figcaption></figure>`;
  };
  const earlier = sheets
    .slice(0, -1)
    .toReversed()
    .map(
      (sheet) => `<details><summary>After ${sheet.step} steps</summary>${figure(sheet)}</details>`,
    );
  return [
    '<p class="faint">The same images, masks and noise at every step. The input hides part of each image; ',
    'what the model fills in sharpens as it learns, from one mean colour to shapes, and stays blurry where many things could be behind the mask. Noise is drawn around grey and amplified: the prediction should come to look like what was added.</p>',
    figure(latest),
    ...earlier,
  ].join('');
}

function mapFigures({ points, step, explained, classes, umap }: FeatureMap): string {
  const coloured = classes.length > 0 ? ', coloured by class (the training never saw one)' : '';
  const figure = (title: string, dots: readonly Dot[], reading: string): string =>
    `<figure class="chart"><h3>${title}</h3>${drawScatter(dots, classes, `${title} of the features of ${dots.length} images after ${step} steps`)}<figcaption>${reading}</figcaption></figure>`;
  return [
    `<p class="faint">Features of ${points.length} images after ${step} steps${coloured}.</p>`,
    drawLegend(classes),
    '<div class="charts wide">',
    figure(
      'Principal components',
      points,
      `The two directions of largest variance, ${percent(explained)} of all. What lies apart here is apart; what overlaps may yet differ in the other directions.`,
    ),
    ...(umap === undefined
      ? []
      : [
          figure(
            'UMAP',
            umap.map((place, i) => ({ ...points[i], ...place })),
            'Near images stay near: islands are groups of neighbours. How far islands lie from each other, and how large they are, says nothing.',
          ),
        ]),
    '</div>',
  ].join('');
}

function usefulness({ evaluation }: RunConfig): string {
  return `<p class="faint">Labels are used here and nowhere else. Images: ${escapeHtml(evaluation ?? '')}.</p>`;
}

function weightsInWords({ model }: RunConfig): string {
  const { contrastive, reconstruction, denoising } = model.weights;
  return `Loss = ${contrastive} × contrast + ${reconstruction} × reconstruction + ${denoising} × denoising.`;
}

function settings({ model, batch, steps, optimizer, seed, data }: RunConfig): string {
  const { encoder, decoder } = model;
  return table([
    ['Data', data],
    ['Images', `${encoder.image.width} × ${encoder.image.height}, patches of ${encoder.patch}`],
    ['Encoder', blocks(encoder)],
    ['Decoder', blocks(decoder)],
    ['Hidden patches', `${100 * model.maskRatio}%`],
    ['Noise', `up to ${model.noise.max} deviations of a pixel`],
    ['Batch and steps', `${batch} images, ${steps} steps`],
    [
      'Learning rate',
      `${brief(optimizer.learningRate)} after ${optimizer.warmupSteps} steps of warm-up`,
    ],
    ['Weight decay', `${optimizer.weightDecay}`],
    ['Seed', `${seed}`],
  ]);
}

type Blocks = { readonly depth: number; readonly width: number; readonly heads: number };

const blocks = ({ depth, width, heads }: Blocks): string =>
  `${depth} ${depth === 1 ? 'block' : 'blocks'} of width ${width}, ${heads} heads`;

function environmentTable(environment: Environment): string {
  const { backend, backendWhy, threads, processor, cores, memoryGigabytes } = environment;
  const { system, node, tfjs, twocan } = environment;
  return table([
    ['Backend', `${backend} (${backendWhy})${threads === null ? '' : `, ${threads} thread(s)`}`],
    ['Processor', `${processor}, ${cores} cores`],
    ['Memory', `${memoryGigabytes} GB`],
    ['System', `${system}, Node ${node}`],
    ['Versions', `twocan ${twocan}, TensorFlow.js ${tfjs}`],
  ]);
}
