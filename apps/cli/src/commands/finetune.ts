import { command } from '../args/command.ts';
import { FINETUNE } from '../finetuning/settings.ts';
import { EXIT } from '../terminal/failure.ts';

/** `twocan finetune`: encoder and head, trained on labels. */
export const finetune = command(
  {
    settings: FINETUNE,
    examples: [
      'twocan finetune --model runs/photos --data photos --epochs 50 --out finetuned',
      'twocan finetune --resume --out finetuned',
      'twocan finetune --preset tiny32 --data photos --layer-decay 1',
    ],
  },
  async ({ perClass, json, ...values }, { perClass: _, json: __, ...given }) => {
    const { interruptible } = await import('../run/interruptible.ts');
    const { runFinetuning } = await import('../finetuning/finetuning.ts');
    const { finetuneLine } = await import('../finetuning/finetune.ts');
    const { classLines } = await import('../evaluation/probing.ts');
    const outcome = await runFinetuning(values, given, interruptible);
    if (!outcome.finished) {
      const { goOn } = outcome;
      console.error(
        goOn === undefined
          ? 'interrupted; without --out nothing is kept'
          : `saved; go on with: ${goOn}`,
      );
      return EXIT.interrupted;
    }
    const { result, evaluation } = outcome;
    if (json) {
      console.log(JSON.stringify(result));
      return EXIT.done;
    }
    console.log(finetuneLine(result, evaluation));
    if (perClass) console.log(classLines(result.perClass).join('\n'));
    return EXIT.done;
  },
);
