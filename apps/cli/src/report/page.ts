import {
  type Band,
  compareKnn,
  curveOf,
  type Dot,
  type FeatureMap,
  imagesOfStep,
  type Recipe,
  type Reference,
  referenceOf,
} from '@twocan/pretrain';
import type { RunConfig } from '../run/config.ts';
import type { Environment } from '../run/environment.ts';
import { baselineName } from '../run/knn-result.ts';
import { evaluationsIn, type MetricsLine } from '../run/metrics-file.ts';
import { SERIES, type Series } from '../run/series.ts';
import { percent } from '../terminal/percent.ts';
import { duration } from '../terminal/progress.ts';
import { aboutReference, departuresFrom } from './beside-recipe.ts';
import { type Finding, findingsOf, type Seen } from './cases.ts';
import { drawChart, type Span } from './chart.ts';
import { documentOf, type Html, html, table } from './html.ts';
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
  /** To compare the curves with; by default all that were measured. */
  readonly recipes?: readonly Recipe[];
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
  const reference = referenceOf(config, data.recipes);
  const group = (prefix: string): Html[] =>
    SERIES.filter(({ tag }) => tag.startsWith(`${prefix}/`)).flatMap(
      (series) => chart(series, data, reference) ?? [],
    );
  const shares = group('share');
  const evaluation = group('evaluation');
  const charts = (figures: readonly Html[]): Html => html`<div class="charts">${figures}</div>`;
  return documentOf(`${name}: twocan report`, STYLE, [
    header(data),
    html`<h2>Are the curves right?</h2>`,
    verdict(data, reference),
    html`<h2>What it sees and fills in</h2>`,
    samples(data),
    ...(evaluation.length === 0
      ? []
      : [html`<h2>Is it useful?</h2>`, usefulness(config), charts(evaluation)]),
    ...(data.map === undefined ? [] : [html`<h2>Where images lie</h2>`, mapFigures(data.map)]),
    html`<h2>What it minimises</h2>`,
    html`<p class="faint">${weightsInWords(config)}</p>`,
    charts(group('loss')),
    ...(shares.length === 0
      ? []
      : [html`<h2>Which term teaches the encoder?</h2>`, charts(shares)]),
    html`<h2>Is it collapsing?</h2>`,
    html`<p class="faint">A collapsed encoder gives every image nearly the same features: the contrast term exists to prevent it, and these curves would show it.</p>`,
    charts(group('collapse')),
    html`<h2>Optimizer and machine</h2>`,
    charts([...group('optimizer'), ...group('machine')]),
    ...(data.data.length === 0 ? [] : [html`<h2>Data</h2>`]),
    ...data.data.map((note) => html`<p>${note}</p>`),
    html`<h2>Settings</h2>`,
    settings(config),
    html`<details><summary>config.json</summary><pre>${JSON.stringify(config, null, 2)}</pre></details>`,
    html`<h2>Environment</h2>`,
    environmentTable(data.environment),
  ]);
}

function pointsOf({ of }: Series, lines: readonly MetricsLine[]): Point[] {
  return lines
    .flatMap((line): Point[] => {
      const value = of(line);
      return value === undefined ? [] : [[line.step, value]];
    })
    .sort(([a], [b]) => a - b);
}

/** A band over shares of a run, over the steps of this one. */
const behind = ({ recipe }: Reference, band: Band, steps: number) => ({
  label: `Runs of ${recipe}`,
  band: band.map(([share, low, high]): Span => [share * steps, low, high]),
});

/** What the curves say, in words. */
function verdict({ config, lines }: ReportData, reference: Reference | undefined): Html {
  const seen: Seen = { config, curve: (metric) => curveOf(lines, metric, config.steps) };
  const found = [...findingsOf(seen), ...(reference ? departuresFrom(seen, reference) : [])];
  const about =
    reference === undefined ? '' : html`<p class="faint">${aboutReference(reference)}</p>`;
  return html`${found.length === 0 ? quiet(reference) : list(found)}${about}`;
}

const list = (found: readonly Finding[]): Html =>
  html`<ul class="findings">${found.map(({ what, means }) => html`<li><b>${what}</b>${means}</li>`)}</ul>`;

const quiet = (reference: Reference | undefined): Html =>
  reference === undefined || Object.keys(reference.bands).length === 0
    ? html`<p>Nothing stands out: no sign of collapse, and no term that does not learn.</p>`
    : html`<p>Nothing stands out: the curves lie in the bands of the recipe.</p>`;

/** Nothing for a curve without values. */
function chart(
  series: Series,
  { lines, config }: ReportData,
  reference: Reference | undefined,
): Html | undefined {
  const points = pointsOf(series, lines);
  if (points.length === 0) return undefined;
  const { title, reading, tag, metric } = series;
  const band = metric === undefined ? undefined : reference?.bands[metric];
  const isAccuracy = tag === 'evaluation/knn';
  const start = lines.find(({ step, evaluation }) => step === 0 && evaluation !== undefined);
  const begun = baselineName(config);
  const baselines = [
    { label: 'Raw pixels', value: start?.evaluation?.rawPixels },
    { label: begun.charAt(0).toUpperCase() + begun.slice(1), value: start?.evaluation?.knn },
  ].flatMap(({ label, value }) => (value === undefined ? [] : { label, value }));
  const drawn = drawChart({
    title,
    points,
    ...(isAccuracy ? { baselines, format: percent } : {}),
    ...(tag.startsWith('share/') ? { shown: [0, 1] } : {}),
    ...(reference && band ? { reference: behind(reference, band, config.steps) } : {}),
  });
  return html`<figure class="chart"><h3>${title}</h3>${drawn}<figcaption>${reading}</figcaption></figure>`;
}

function header({ name, config, lines }: ReportData): Html {
  const steps = lines.filter(({ evaluation }) => evaluation === undefined);
  const [first, last] = [steps[0], steps.at(-1)];
  const done = last?.step ?? 0;
  const compared = compareKnn(evaluationsIn(lines));
  const rates = steps.flatMap(({ machine }) => machine.imagesPerSecond ?? []).sort((a, b) => a - b);
  const millis = steps.reduce((sum, { machine }) => sum + (machine.millis ?? 0), 0);
  const lossOf = (line: MetricsLine | undefined): string =>
    brief(typeof line?.loss === 'number' ? line.loss : undefined);
  const tile = (label: string, value: string, more: string): Html =>
    html`<div class="tile">${label}<b>${value}</b><span class="faint">${more}</span></div>`;
  const state = done >= config.steps ? 'finished' : `step ${done} of ${config.steps} so far`;
  const tiles = [
    ...(compared === undefined
      ? []
      : [
          tile(
            'k-NN top-1',
            percent(compared.trained),
            `raw pixels ${percent(compared.rawPixels)}, ${baselineName(config)} ${percent(compared.untrained)}`,
          ),
        ]),
    tile('Loss', lossOf(last), `${lossOf(first)} at the first step`),
    tile('Speed', brief(rates[Math.floor(rates.length / 2)]), 'images per second, median'),
    tile('Trained for', duration(millis), `${done} steps of ${imagesOfStep(config)} images`),
  ];
  return html`<h1>${name}</h1><p class="faint">${config.method}, preset ${config.preset}, on ${config.data}; ${state}</p><div class="tiles">${tiles}</div>`;
}

function samples({ sheets }: ReportData): Html {
  const latest = sheets.at(-1);
  if (latest === undefined) return html`<p class="empty">No samples yet.</p>`;
  const figure = ({ step, png }: ReportData['sheets'][number]): Html => {
    const data = Buffer.from(png).toString('base64');
    return html`<figure class="sheet"><div><img alt="Samples after ${step} steps" src="data:image/png;base64,${data}"></div><figcaption>After ${step} steps.</figcaption></figure>`;
  };
  const earlier = sheets
    .slice(0, -1)
    .toReversed()
    .map(
      (sheet) =>
        html`<details><summary>After ${sheet.step} steps</summary>${figure(sheet)}</details>`,
    );
  return html`<p class="faint">The same images, masks and noise at every step. The input hides part of each image; what the model fills in sharpens as it learns, from one mean colour to shapes, and stays blurry where many things could be behind the mask. Noise is drawn around grey and amplified: the prediction should come to look like what was added.</p>${figure(latest)}${earlier}`;
}

function mapFigures({ points, step, explained, classes, umap }: FeatureMap): Html {
  const coloured = classes.length > 0 ? ', coloured by class (the training never saw one)' : '';
  const figure = (title: string, dots: readonly Dot[], reading: string): Html => {
    const label = `${title} of the features of ${dots.length} images after ${step} steps`;
    const drawn = drawScatter(dots, classes, label);
    return html`<figure class="chart"><h3>${title}</h3>${drawn}<figcaption>${reading}</figcaption></figure>`;
  };
  const components = figure(
    'Principal components',
    points,
    `The two directions of largest variance, ${percent(explained)} of all. What lies apart here is apart; what overlaps may yet differ in the other directions.`,
  );
  const neighbours = umap?.map((place, i) => ({ ...points[i], ...place }));
  const islands =
    neighbours === undefined
      ? ''
      : figure(
          'UMAP',
          neighbours,
          'Near images stay near: islands are groups of neighbours. The distance between islands and their size mean nothing.',
        );
  return html`<p class="faint">Features of ${points.length} images after ${step} steps${coloured}.</p>${drawLegend(classes)}<div class="charts wide">${components}${islands}</div>`;
}

function usefulness({ evaluation }: RunConfig): Html {
  return html`<p class="faint">Labels are used here and nowhere else. Images: ${evaluation ?? ''}.</p>`;
}

function weightsInWords({ model }: RunConfig): string {
  const terms = Object.entries(model.weights).map(([term, weight]) => `${weight} × ${term}`);
  return `Loss = ${terms.join(' + ')}.`;
}

function settings(config: RunConfig): Html {
  const { model, steps, optimizer, seed, data, ema } = config;
  const { encoder, decoder } = model;
  return table([
    ['Data', data],
    ['Images', `${encoder.image.width} × ${encoder.image.height}, patches of ${encoder.patch}`],
    ['Encoder', blocks(encoder)],
    ['Decoder', blocks(decoder)],
    ['Hidden patches', `${100 * model.maskRatio}%`],
    ['Noise', `up to ${model.noise.max} deviations of a pixel`],
    ['Batch and steps', `${imagesOfStep(config)} images, ${steps} steps`],
    [
      'Learning rate',
      `${brief(optimizer.learningRate)} after ${optimizer.warmupSteps} steps of warm-up`,
    ],
    ['Weight decay', `${optimizer.weightDecay}`],
    ...given('Largest gradient norm', optimizer.clip),
    ...given('Decay of the average', ema),
    ['Seed', `${seed}`],
  ]);
}

/** A row of a setting that a run may be without. */
const given = (name: string, value: number | undefined): [string, string][] =>
  value === undefined ? [] : [[name, String(value)]];

type Blocks = { readonly depth: number; readonly width: number; readonly heads: number };

const blocks = ({ depth, width, heads }: Blocks): string =>
  `${depth} ${depth === 1 ? 'block' : 'blocks'} of width ${width}, ${heads} heads`;

function environmentTable(environment: Environment): Html {
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
