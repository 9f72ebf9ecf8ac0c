import { labelOf } from '../files/path-names.ts';
import type { RunConfig } from '../run/config.ts';
import { percent } from '../terminal/percent.ts';
import type { Cost, Measured } from './cost.ts';
import { ABOUT, type Dtype, type Target } from './targets.ts';
import { type ExportedModel, hasDecoder } from './weights.ts';

/** What a model card is made of. */
export type CardFacts = {
  readonly target: Target;
  readonly dtype: Dtype;
  /** The folder's name. */
  readonly name: string;
  readonly run: RunConfig;
  readonly exported: ExportedModel;
  readonly step: number;
  /** Whether the weights are the moving average that the run kept. */
  readonly averaged: boolean;
  /** The k-NN line of the run, where it has one. */
  readonly knn?: string | undefined;
  readonly measured?: Measured;
  readonly cost?: Cost;
};

/**
 * The README.md of an exported folder.
 *
 * @param facts what is known of weights and run
 * @returns Markdown, with the head that model hubs read
 */
export function modelCard(facts: CardFacts): string {
  const { target, name } = facts;
  const { versions, language, opening } = ABOUT[target];
  return [
    ...head(target),
    `# ${name}`,
    `An image encoder (ViT), trained without labels by \`twocan pretrain\` and exported for ${target} (${versions}).`,
    '## How to load it',
    fenced(language, opening(name)),
    `Replace \`${name}\` by the path of this folder.${target === 'transformers' ? MAE_HINT(facts) : ''}`,
    ...more(facts),
    '## Input and output',
    table(inputRows(facts)),
    '## What it was trained on',
    table(trainingRows(facts)),
    '## What it reaches',
    ...reaches(facts),
    '## License',
    'Not chosen yet. Name one in the first lines of this file (`license: apache-2.0`, for example), which has to suit the images that the weights were trained on.',
    '',
  ].join('\n\n');
}

function head(target: Target): string[] {
  const { library } = ABOUT[target];
  return [
    [
      '---',
      '# license: choose one, such as apache-2.0, and take the # away',
      ...(library === undefined ? [] : [`library_name: ${library}`]),
      'pipeline_tag: image-feature-extraction',
      'tags:',
      '  - self-supervised',
      '  - twocan',
      '---',
    ].join('\n'),
  ];
}

const MAE_HINT = ({ exported, name }: CardFacts): string =>
  hasDecoder(exported)
    ? ` The folder \`mae\` in it holds encoder and decoder: \`ViTMAEForPreTraining.from_pretrained('${name}/mae')\`.`
    : '';

/** What a target has beside the encoder. */
function more({ target, exported, dtype }: CardFacts): string[] {
  const smaller = dtype === 'fp16' ? 'model_fp16.onnx' : 'model_quantized.onnx';
  if (target === 'transformers.js') {
    return [
      `\`onnx/model.onnx\` holds fp32, \`onnx/${smaller}\` ${dtype}: transformers.js takes \`${dtype === 'fp16' ? "dtype: 'fp16'" : "dtype: 'q8'"}\` for it, which is its default in browsers without WebGPU.`,
    ];
  }
  if (target !== 'onnx' || !hasDecoder(exported)) return [];
  return [
    '`reconstruction.onnx` holds encoder and decoder. Its inputs are `pixel_values` and `mask` `[batch, patches]` (1 for each hidden patch, as many in each image), its output is `logits`, the prediction for every patch.',
  ];
}

type Row = readonly [string, string];

function inputRows({ run, exported, target }: CardFacts): Row[] {
  const { encoder, pool, normalizePixels } = run.model;
  const { image, patch, width, depth, heads } = encoder;
  const { mean, std, interpolation } = exported.images;
  const anySize = ABOUT[target].onnx ? '; any size that the patch divides' : '';
  return [
    ['Images', `${image.width} x ${image.height} pixels, RGB${anySize}`],
    ['Resizing', `shorter side, ${interpolation}, then the middle`],
    ['Normalisation', `(x / 255 - mean) / std; mean ${mean.join(', ')}; std ${std.join(', ')}`],
    ['Encoder', `${depth} blocks of ${width}, ${heads} heads, patches of ${patch} x ${patch}`],
    [
      'Positions',
      Object.hasOwn(exported.arrays, 'encoder/positions') ? 'learned' : 'fixed, sin-cos',
    ],
    [
      'Features',
      pool === 'all'
        ? `mean of all ${width}-dimensional tokens, the class token included`
        : `mean of the ${width}-dimensional patch tokens, without the class token`,
    ],
    ...(hasDecoder(exported)
      ? [
          [
            'Decoder predicts',
            normalizePixels ? 'patches of mean 0 and variance 1' : 'pixels',
          ] as const,
        ]
      : []),
  ];
}

function trainingRows({ run, step, averaged, target, dtype }: CardFacts): Row[] {
  const { data, images, method, preset, batch, seed, backend, options, model } = run;
  const given = Object.entries(options).filter(([name]) => name !== 'data' && name !== 'out');
  const weights = Object.entries(model.weights).map(([term, weight]) => `${term} ${weight}`);
  return [
    // The place itself is no matter of those who get the weights.
    ['Images', `${labelOf(data)}${images === undefined ? '' : `, ${images.files} files`}`],
    ['Method', `${method}: ${weights.join(', ')}`],
    ['Masking and noise', `${100 * model.maskRatio}% hidden, noise up to ${model.noise.max}`],
    ['Steps', `${step} of ${run.steps}, ${batch} images each`],
    ['Preset', preset],
    ['Seed', `${seed}`],
    ['Backend', backend],
    [
      'Settings given',
      given.map(([name, value]) => `${name} ${String(value)}`).join(', ') || 'none',
    ],
    [
      'Weights',
      `${averaged ? 'the moving average' : 'those of the last step'}, ${target === 'transformers.js' ? `fp32 and ${dtype}` : dtype}`,
    ],
  ];
}

function reaches({ run, averaged, knn, measured, cost }: CardFacts): string[] {
  // A run that kept an average was evaluated by it.
  const of = averaged || run.ema === undefined ? '' : ', of its moving average';
  const lines = [
    ...(knn === undefined ? [] : [`- k-NN of the run${of}: ${knn}`]),
    ...(measured === undefined ? [] : [`- ${measuredLine(measured)}`]),
    ...(cost === undefined ? [] : [`- ${costLine(cost)}`]),
  ];
  return [
    lines.length === 0 ? 'Not measured: the images of the run have no classes.' : lines.join('\n'),
  ];
}

/** Accuracies as one line. */
export const measuredLine = ({ knn, probe, ...of }: Measured): string =>
  `k-NN ${percent(knn)}, linear probe ${percent(probe)} (${of.testImages} held-out images, ${of.classes} classes, ${of.trainImages} to learn from)`;

/** What smaller numbers cost, as one line. */
export function costLine({ dtype, images, cosine, leastCosine, knn }: Cost): string {
  const accuracies = knn && `; k-NN ${percent(knn.rounded)}, with fp32 ${percent(knn.fp32)}`;
  return `${dtype} against fp32: cosine of the features ${cosine.toFixed(5)} on average, ${leastCosine.toFixed(5)} at least (${images} images)${accuracies ?? ''}`;
}

const fenced = (language: string, lines: readonly string[]): string =>
  [`\`\`\`${language}`, ...lines, '```'].join('\n');

const table = (rows: readonly Row[]): string =>
  [
    '| | |',
    '| --- | --- |',
    ...rows.map(([name, value]) => `| ${name} | ${value.replaceAll('|', '\\|')} |`),
  ].join('\n');
