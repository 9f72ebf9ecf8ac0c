import { command } from '../args/command.ts';
import { flagOf } from '../args/flag-name.ts';
import { checkOutput } from '../files/outputs.ts';
import { FINETUNE, recipeOf } from '../finetuning/settings.ts';
import { usageError } from '../terminal/failure.ts';

/** `twocan finetune`: encoder and head, trained on labels. */
export const finetune = command(
  {
    name: 'finetune',
    description: 'Train a classifier, encoder and all, from a checkpoint or from scratch',
    settings: FINETUNE,
    examples: [
      'twocan finetune --model runs/photos --data photos --epochs 50 --out finetuned',
      'twocan finetune --resume --out finetuned',
      'twocan finetune --preset tiny32 --data photos --layer-decay 1',
    ],
  },
  async (values, given) => {
    const { model, preset, data, out } = values;
    const { out: _, ...others } = values;
    checkOutput(others, { flag: 'confusion', endings: ['.png'] });
    if (values.resume) {
      checkResume(Object.keys(given));
      if (out === undefined)
        throw usageError('--resume needs --out DIR, the classifier to go on with');
      const { resumeFinetune } = await import('../finetuning/finetune.ts');
      return resumeFinetune({ ...values, out });
    }
    if ((model === undefined) === (preset === undefined)) {
      throw usageError('give one of --model RUN and --preset NAME (from scratch)');
    }
    if (data === undefined) throw usageError('--data is needed: images in one folder a class');
    const { finetune: run } = await import('../finetuning/finetune.ts');
    const recipeFor = (images: number) => recipeOf(values, images);
    return run({ ...values, data, sizes: values, recipeFor });
  },
);

const WITH_RESUME = 'resume out data confusion perClass json threads cache'.split(' ');

/** What a run is does not change while it goes on. */
function checkResume(names: readonly string[]): void {
  const others = names.filter((name) => !WITH_RESUME.includes(name));
  if (others.length === 0) return;
  throw usageError(
    `--resume takes all settings from the folder's finetune.json; leave out ${others.map((name) => `--${flagOf(name)}`).join(', ')}`,
  );
}
