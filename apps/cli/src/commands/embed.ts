import { setting, text } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { IMAGES, MODEL } from '../args/model.ts';
import { namesBeside } from '../files/npy.ts';
import { checkOutput } from '../files/outputs.ts';

/** `twocan embed`: one row of numbers for each image of a folder. */
export const embed = command(
  {
    name: 'embed',
    description: 'Write the features of a folder of images',
    settings: {
      ...MODEL,
      ...IMAGES,
      out: setting(text, {
        ...{ hint: 'FILE', default: 'embeddings.npy' },
        text: '.npy (with a text file of names, one a line) or .jsonl',
      }),
    },
    examples: ['twocan embed --model runs/photos --data photos --out photos.npy'],
  },
  async (values) => {
    checkOutput(values, { flag: 'out', endings: ['.npy', '.jsonl'], beside: namesBeside });
    const { embedFolder } = await import('../search/embedding.ts');
    await embedFolder(values);
    return undefined;
  },
);
