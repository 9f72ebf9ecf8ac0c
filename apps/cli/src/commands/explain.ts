import { command } from '../args/command.ts';
import { machineOf } from '../args/machine.ts';
import { MODEL_FLAGS, numberOr, required } from '../args/words.ts';
import { SEED } from '../evaluation/judged-words.ts';
import { outputFile } from '../files/outputs.ts';

/** `twocan explain`: what features and decoder are like, without labels. */
export const explain = command(
  {
    name: 'explain',
    description: 'Measure features and decoder without labels, and draw where the encoder looks',
    flags: {
      ...MODEL_FLAGS,
      data: { type: 'string', valueHint: 'DIR', description: 'Folder of images, any nesting' },
      attention: {
        type: 'string',
        valueHint: 'FILE',
        description: "Draw each head's attention over some images, as PNG",
      },
      ...SEED,
      json: { type: 'boolean', description: 'Print numbers as JSON' },
    },
    examples: ['twocan explain --model runs/photos --data photos --attention attention.png'],
  },
  async (words) => {
    const request = {
      model: required(words, 'model', 'a run folder or a checkpoint'),
      data: required(words, 'data', 'a folder of images'),
      ...(words.attention === undefined
        ? {}
        : { attention: outputFile(words, { flag: 'attention', endings: ['.png'] }) }),
      seed: numberOr(words, 'seed', 0, { min: 0, whole: true }),
      json: words.json === true,
      machine: machineOf(words),
    };
    const { explain: run } = await import('../evaluation/explaining.ts');
    await run(request);
    return undefined;
  },
);
