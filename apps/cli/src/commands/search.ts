import { command } from '../args/command.ts';
import { machineOf } from '../args/machine.ts';
import { MODEL_FLAGS, numberOr, required } from '../args/words.ts';
import { outputFile } from '../files/outputs.ts';
import { usageError } from '../terminal/failure.ts';

/** `twocan search`: the nearest images of a folder, or its near-duplicates. */
export const search = command(
  {
    name: 'search',
    description: 'Find images like a given one, or near-duplicates',
    flags: {
      ...MODEL_FLAGS,
      data: {
        type: 'string',
        valueHint: 'DIR',
        description: 'Folder of images to search, any nesting',
      },
      query: {
        type: 'string',
        valueHint: 'IMAGE',
        description: 'Find the images nearest to this one',
      },
      duplicates: {
        type: 'string',
        valueHint: '-1..1',
        description: 'Instead: all pairs whose cosine is at least this',
      },
      top: { type: 'string', valueHint: 'N', description: 'Images to find; default 8' },
      index: {
        type: 'string',
        valueHint: 'FILE',
        description: 'Keep the features of --data in this file, and use them the next time',
      },
      out: {
        type: 'string',
        valueHint: 'FILE',
        description: 'A .png sheet or .json; default none',
      },
    },
    examples: [
      'twocan search --model runs/photos --data photos --query cat.jpg --out nearest.png',
      'twocan search --model runs/photos --data photos --duplicates 0.98',
    ],
  },
  async (words) => {
    const least = numberOr(words, 'duplicates', undefined, { min: -1, max: 1 });
    const query = words.query;
    if (least !== undefined && words.top !== undefined && words.out === undefined) {
      throw usageError(
        '--top has no effect on --duplicates without --out: all pairs are printed, and the sheet shows the first',
      );
    }
    if ((least === undefined) === (query === undefined)) {
      throw usageError('give one of --query IMAGE and --duplicates COSINE');
    }
    const file = (flag: string, endings: readonly string[], kept = false): string | undefined =>
      words[flag] === undefined ? undefined : outputFile(words, { flag, endings, kept });
    const request = {
      model: required(words, 'model', 'a run folder or a checkpoint'),
      data: required(words, 'data', 'the folder of images to search'),
      top: numberOr(words, 'top', 8, { min: 1, whole: true }),
      index: file('index', ['', '.index', '.safetensors'], true),
      out: file('out', ['.png', '.json']),
      machine: machineOf(words),
      wanted: least === undefined ? { query: required(words, 'query', 'an image') } : { least },
    };
    const { searchFolder } = await import('../search/searching.ts');
    await searchFolder(request);
    return undefined;
  },
);
