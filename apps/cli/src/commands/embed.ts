import { flag, setting, text } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { IMAGES, MODEL } from '../args/model.ts';
import { checkOutput } from '../files/outputs.ts';
import { namesBeside, rowEndings } from '../files/rows/write-rows.ts';
import { usageError } from '../terminal/failure.ts';

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
        text: '.npy or .safetensors (with a text file of names, one a line), .jsonl or .parquet',
      }),
      tokens: setting(flag, {
        text: 'Each patch of an image instead of their mean',
        default: false,
      }),
      attention: setting(flag, {
        text: 'How much each patch is looked at, by each head of the last block',
        default: false,
      }),
    },
    examples: ['twocan embed --model runs/photos --data photos --out photos.npy'],
  },
  async ({ out, tokens, attention, ...values }) => {
    if (tokens && attention) throw usageError('--tokens and --attention exclude each other');
    checkOutput({ out, ...values }, { flag: 'out', endings: rowEndings, beside: namesBeside });
    const { embedToFile } = await import('../search/embedding.ts');
    const kind = tokens ? 'tokens' : attention ? 'attention' : 'features';
    const { images, shape } = await embedToFile(values, out, kind);
    console.log(
      `${images} images, ${shape.join(' x ')} numbers each: ${[out, ...namesBeside(out)].join(', ')}`,
    );
    return undefined;
  },
);
