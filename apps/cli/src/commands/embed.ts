import { command } from '../args/command.ts';
import { machineOf } from '../args/machine.ts';
import { MODEL_FLAGS, required } from '../args/words.ts';
import { namesBeside } from '../files/npy.ts';
import { outputFile } from '../files/outputs.ts';

/** `twocan embed`: one row of numbers for each image of a folder. */
export const embed = command(
  {
    name: 'embed',
    description: 'Write the features of a folder of images',
    flags: {
      ...MODEL_FLAGS,
      data: { type: 'string', valueHint: 'DIR', description: 'Folder of images, any nesting' },
      out: {
        type: 'string',
        valueHint: 'FILE',
        description: '.npy (names beside it, one a line) or .jsonl; default embeddings.npy',
      },
    },
    examples: ['twocan embed --model runs/photos --data photos --out photos.npy'],
  },
  async (words) => {
    const model = required(words, 'model', 'a run folder or a checkpoint');
    const data = required(words, 'data', 'a folder of images');
    const out = outputFile(words, {
      flag: 'out',
      endings: ['.npy', '.jsonl'],
      fallback: 'embeddings.npy',
      beside: namesBeside,
    });
    const { embedFolder } = await import('../search/embedding.ts');
    await embedFolder({ model, data, out, machine: machineOf(words) });
    return undefined;
  },
);
