import { setting, text } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { IMAGES, MODEL } from '../args/model.ts';
import { namesBeside } from '../files/npy.ts';
import { checkOutput } from '../files/outputs.ts';

/** What an embedding is made of. */
export const embedSettings = { ...MODEL, ...IMAGES };

/** `twocan embed`: one row of numbers for each image of a folder. */
export const embed = command(
  {
    settings: {
      ...embedSettings,
      out: setting(text, {
        hint: 'FILE',
        default: 'embeddings.npy',
        text: '.npy (with a text file of names, one a line) or .jsonl',
      }),
    },
    examples: ['twocan embed --model runs/photos --data photos --out photos.npy'],
  },
  async ({ out, ...values }) => {
    checkOutput(
      { out, ...values },
      { flag: 'out', endings: ['.npy', '.jsonl'], beside: namesBeside },
    );
    const { embedImages, writeEmbedding } = await import('../search/embedding.ts');
    const embedding = await embedImages(values);
    await writeEmbedding(out, embedding);
    const { names, width } = embedding;
    console.log(
      `${names.length} images, ${width} numbers each: ${[out, ...namesBeside(out)].join(', ')}`,
    );
    return undefined;
  },
);
