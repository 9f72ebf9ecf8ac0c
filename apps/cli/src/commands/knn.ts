import { command } from '../command.ts';
import { MODEL_FLAGS, numberOr, required } from '../words.ts';

/** `twocan knn`: how well the nearest neighbours of a labelled folder know its classes. */
export const knn = command(
  {
    name: 'knn',
    description: 'Judge features by nearest neighbours, beside two baselines',
    flags: {
      ...MODEL_FLAGS,
      data: {
        type: 'string',
        valueHint: 'DIR',
        description: 'Images in one folder a class; beside DIR/train, DIR/test is held out',
      },
      k: { type: 'string', valueHint: 'N', description: 'Neighbours that vote; default 20' },
      temperature: {
        type: 'string',
        valueHint: 'T',
        description: 'Of their votes; default 0.07',
      },
      json: { type: 'boolean', description: 'Print numbers as JSON' },
    },
    examples: ['twocan knn --model runs/photos --data photos'],
  },
  async (words) => {
    const request = {
      model: required(words, 'model', 'a run folder or a checkpoint'),
      data: required(words, 'data', 'a folder with one folder a class'),
      k: numberOr(words, 'k', 20, { min: 1, whole: true }),
      temperature: numberOr(words, 'temperature', 0.07, { min: 0, open: true }),
      json: words.json === true,
      backend: words.backend as string | undefined,
    };
    const { judgeByKnn } = await import('../judging.ts');
    await judgeByKnn(request);
    return undefined;
  },
);
