import { methods } from '@twocan/can';
import { presetNames } from '@twocan/vit';
import { type ArgsDef, defineCommand } from 'citty';
import { usageError } from '../failure.ts';
import { refuseUnknown } from '../known-options.ts';
import { parseOptions, type Words } from '../options.ts';

const args: ArgsDef = {
  data: {
    type: 'string',
    valueHint: 'DIR|shapes[:count]',
    description: 'Folder of images (any nesting), or built-in drawings; without it, a quick start',
  },
  out: {
    type: 'string',
    valueHint: 'RUN',
    description: 'Run folder; default runs/DATA-PRESET-TIME',
  },
  preset: {
    type: 'string',
    valueHint: 'NAME',
    description: `${presetNames.join(', ')}; default micro32`,
  },
  method: {
    type: 'string',
    valueHint: 'NAME',
    description: `${Object.keys(methods).join(', ')}; default can`,
  },
  epochs: { type: 'string', valueHint: 'N', description: 'Passes over the data; default 100' },
  steps: { type: 'string', valueHint: 'N', description: 'Optimizer steps, instead of --epochs' },
  batch: { type: 'string', valueHint: 'N', description: 'Images a step; default 64' },
  'mask-ratio': {
    type: 'string',
    valueHint: '0..1',
    description: 'Share of patches hidden; default 0.5, mae 0.75',
  },
  temperature: {
    type: 'string',
    valueHint: 'T',
    description: 'Of the contrastive loss; default 0.1',
  },
  'sigma-max': {
    type: 'string',
    valueHint: 'S',
    description: 'Largest noise level, in units of normalised pixels; default 0.05',
  },
  weights: {
    type: 'string',
    valueHint: 'C,R,D',
    description: 'Of contrast, reconstruction and denoising; default 0.03,0.67,0.3',
  },
  'crop-min': {
    type: 'string',
    valueHint: '0..1',
    description: "Smallest crop, a share of the image's area; default 0.2",
  },
  lr: {
    type: 'string',
    valueHint: 'LR',
    description: 'Peak learning rate; default in proportion to the batch',
  },
  'weight-decay': {
    type: 'string',
    valueHint: 'W',
    description: 'Decoupled, on kernels; default 0.05',
  },
  backend: {
    type: 'string',
    valueHint: 'auto|cpu|wasm|node|node-gpu',
    description: 'What computes; default auto',
  },
  seed: { type: 'string', valueHint: 'N', description: 'Of everything random; default 0' },
  'checkpoint-every': {
    type: 'string',
    valueHint: 'STEPS',
    description: 'Saves and draws samples; 0 for the end only; default a fifth of the run',
  },
  resume: { type: 'boolean', description: 'Go on with the run in --out from its last checkpoint' },
  overwrite: { type: 'boolean', description: 'Replace the run in --out' },
  debug: { type: 'boolean', description: 'Print stack traces' },
};

/** `twocan pretrain`: from a folder of images, or none, to a trained encoder in a run folder. */
export const pretrain = defineCommand({
  meta: {
    name: 'pretrain',
    description: 'Train an image encoder without labels (CAN, MAE, SimCLR and what lies between)',
  },
  args,
  async run({ args: parsed }) {
    const words = parsed as Words;
    refuseUnknown(args, words);
    const options = parseOptions(words);
    const out = words.out;
    if (out === '') throw usageError('--out needs a value');
    // Loaded here, so that --help and wrong usage answer at once.
    const { runPretraining } = await import('../pretraining.ts');
    process.exitCode = await runPretraining({
      options,
      resume: words.resume === true,
      overwrite: words.overwrite === true,
      ...(typeof out === 'string' ? { out } : {}),
    });
  },
});
