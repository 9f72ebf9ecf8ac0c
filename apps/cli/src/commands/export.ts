import { choice, setting, text } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { MACHINE } from '../args/machine.ts';
import { LABELLED_IMAGES } from '../args/model.ts';
import { DTYPES, TARGETS } from '../export/targets.ts';
import { KEPT } from '../run/kept-weights.ts';

/** Options of an export. */
export const exportSettings = {
  model: setting(text, {
    positional: true,
    hint: 'RUN|FILE',
    needed: true,
    text: 'A run folder (its newest checkpoint), or a checkpoint file',
  }),
  to: setting(choice(TARGETS), { needed: true, text: 'Who opens the folder' }),
  out: setting(text, { hint: 'DIR', needed: true, text: 'A folder that is new or empty' }),
  dtype: setting(choice(DTYPES), {
    usual: 'fp32, and for transformers.js int8 beside it',
    text: 'Numbers of the weights',
  }),
  weights: setting(choice(KEPT), {
    usual: 'average, where the run kept one',
    text: 'The moving average (pretrain --ema), or the weights of the last step',
  }),
  data: setting(text, {
    ...LABELLED_IMAGES,
    text: 'Images to measure k-NN, probe and the cost of smaller numbers on, in one folder a class',
  }),
  ...MACHINE,
};

/** `twocan export`: a folder that another program opens. */
export const exportCommand = command(
  {
    settings: exportSettings,
    examples: [
      'twocan export runs/photos --to timm --out photos-timm',
      'twocan export runs/photos --to transformers.js --out photos-js --data labelled',
    ],
  },
  async (values) => {
    const { exportFolder } = await import('../export/exporting.ts');
    const { costLine, measuredLine } = await import('../export/card.ts');
    const { ABOUT } = await import('../export/targets.ts');
    const { files, bytes, measured, cost } = await exportFolder(values);
    const { versions } = ABOUT[values.to];
    console.log(
      `${values.out}: ${files.join(', ')} (${(bytes / 1e6).toFixed(1)} MB), for ${versions}`,
    );
    if (measured) console.log(measuredLine(measured));
    if (cost) console.log(costLine(cost));
    return undefined;
  },
);
