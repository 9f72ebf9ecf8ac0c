import { number, setting, text, whole } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { IMAGES, MODEL } from '../args/model.ts';
import { checkOutput } from '../files/outputs.ts';
import { usageError } from '../terminal/failure.ts';

/** Options of a search. */
export const searchSettings = {
  ...MODEL,
  ...IMAGES,
  query: setting(text, { hint: 'IMAGE', text: 'Find the images nearest to this one' }),
  duplicates: setting(number({ min: -1, max: 1 }), {
    text: 'Instead: all pairs whose cosine is at least this',
  }),
  top: setting(whole({ min: 1 }), { text: 'Images to find', default: 8 }),
  index: setting(text, {
    hint: 'FILE',
    text: 'Keep the features of --data in this file, and use them the next time',
  }),
};

/** `twocan search`: the nearest images of a folder, or its near-duplicates. */
export const search = command(
  {
    settings: {
      ...searchSettings,
      out: setting(text, { hint: 'FILE', text: 'A .png sheet or .json', usual: 'none' }),
    },
    examples: [
      'twocan search --model runs/photos --data photos --query cat.jpg --out nearest.png',
      'twocan search --model runs/photos --data photos --duplicates 0.98',
    ],
  },
  async (values, given) => {
    const { query, duplicates, out } = values;
    if (duplicates !== undefined && given.top !== undefined && given.out === undefined) {
      throw usageError(
        '--top has no effect on --duplicates without --out: all pairs are printed, and the sheet shows the first',
      );
    }
    if ((query === undefined) === (duplicates === undefined)) {
      throw usageError('give one of --query IMAGE and --duplicates COSINE');
    }
    checkOutput(values, { flag: 'out', endings: ['.png', '.json'] });
    const { searchFolder, writeFound } = await import('../search/searching.ts');
    const found = await searchFolder(values);
    console.log(found.lines.join('\n'));
    if (out !== undefined) await writeFound(out, found);
    return undefined;
  },
);
