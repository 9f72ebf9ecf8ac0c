import { flag, setting, text } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { readConfigFile } from '../args/config-file.ts';
import { layOver, onlyOneLength, SETTINGS } from '../args/options.ts';
import { EXIT } from '../terminal/failure.ts';

const group = 'Run';

/** Options of a run, and its folder. */
export const runSettings = {
  ...SETTINGS,
  out: setting(text, {
    group,
    hint: 'RUN',
    usual: 'runs/DATA-PRESET-TIME',
    text: 'Run folder',
  }),
  resume: setting(flag, {
    group,
    default: false,
    text: 'Go on with the run in --out from its last checkpoint',
  }),
  overwrite: setting(flag, { group, text: 'Replace the run in --out', default: false }),
};

/** `twocan pretrain`: from a folder of images, or none, to a trained encoder in a run folder. */
export const pretrain = command(
  {
    settings: {
      ...runSettings,
      config: setting(text, {
        group,
        hint: 'FILE',
        text: "Settings as JSON (config.schema.json), or a run's config.json; flags win over it",
      }),
    },
    examples: [
      'twocan pretrain',
      'twocan pretrain --data photos --preset tiny64 --epochs 100 --out runs/photos',
      'twocan pretrain --out runs/photos --resume',
    ],
  },
  async ({ resume, overwrite }, { out, config, resume: _, overwrite: __, ...given }) => {
    onlyOneLength(given);
    const options = config === undefined ? given : layOver(readConfigFile(config), given);
    // Loaded here, so that --help and wrong usage answer at once.
    const { runPretraining } = await import('../pretrain/pretraining.ts');
    const { knnLine } = await import('../evaluation/knn.ts');
    const { interruptible } = await import('../run/interruptible.ts');
    const { baselineName } = await import('../run/knn-result.ts');
    const { asRank } = await import('../run/ranks.ts');
    const outcome = await asRank(async (ranks) => ({
      ...(await runPretraining({
        options,
        resume,
        overwrite,
        ranks,
        ...(out !== undefined && { out }),
        stoppable: interruptible,
      })),
      rank: ranks.communicator.rank,
    }));
    const { finished, folder, config: of, goOn, knn, heldOut, rank } = outcome;
    // Rank 0 speaks for all.
    if (rank > 0) return finished ? EXIT.done : EXIT.interrupted;
    if (!finished) {
      console.error(`saved; go on with: ${goOn}`);
      return EXIT.interrupted;
    }
    console.log(`run: ${folder.path}`);
    const baseline = of.init && baselineName(of);
    if (knn && heldOut !== undefined) console.log(knnLine(knn, heldOut, baseline));
    return EXIT.done;
  },
);
