import { command } from '../args/command.ts';
import { readConfigFile } from '../args/config-file.ts';
import { type Flags, flagsOf } from '../args/help.ts';
import { layOver, parseOptions } from '../args/options.ts';
import { SETTINGS } from '../args/settings.ts';

const RUN = 'Run';

const flags: Flags = {
  ...flagsOf(SETTINGS),
  out: {
    ...{ type: 'string', group: RUN, valueHint: 'RUN' },
    description: 'Run folder; default runs/DATA-PRESET-TIME',
  },
  config: {
    ...{ type: 'string', group: RUN, valueHint: 'FILE' },
    description: "Settings as JSON (config.schema.json), or a run's config.json; flags win over it",
  },
  resume: {
    ...{ type: 'boolean', group: RUN },
    description: 'Go on with the run in --out from its last checkpoint',
  },
  overwrite: { type: 'boolean', group: RUN, description: 'Replace the run in --out' },
};

/** `twocan pretrain`: from a folder of images, or none, to a trained encoder in a run folder. */
export const pretrain = command(
  {
    name: 'pretrain',
    description: 'Train an image encoder without labels (CAN, MAE, SimCLR and what lies between)',
    flags,
    examples: [
      'twocan pretrain',
      'twocan pretrain --data photos --preset tiny64 --epochs 100 --out runs/photos',
      'twocan pretrain --out runs/photos --resume',
    ],
  },
  async (words) => {
    const given = parseOptions(words);
    const { out, config } = words;
    const options = typeof config === 'string' ? layOver(readConfigFile(config), given) : given;
    // Loaded here, so that --help and wrong usage answer at once.
    const { runPretraining } = await import('../pretrain/pretraining.ts');
    return runPretraining({
      options,
      resume: words.resume === true,
      overwrite: words.overwrite === true,
      ...(typeof out === 'string' ? { out } : {}),
    });
  },
);
