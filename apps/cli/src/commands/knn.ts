import { type ArgsDef, defineCommand } from 'citty';
import { refuseUnknown } from '../known-options.ts';
import type { Words } from '../options.ts';
import { MODEL_ARGS, numberOr, required } from '../words.ts';

const args: ArgsDef = {
  ...MODEL_ARGS,
  data: {
    type: 'string',
    valueHint: 'DIR',
    description: 'Images in one folder a class; beside DIR/train, DIR/test is held out',
  },
  k: { type: 'string', valueHint: 'N', description: 'Neighbours that vote; default 20' },
  temperature: { type: 'string', valueHint: 'T', description: 'Of their votes; default 0.07' },
  json: { type: 'boolean', description: 'Print numbers as JSON' },
};

/** `twocan knn`: how well the nearest neighbours of a labelled folder know its classes. */
export const knn = defineCommand({
  meta: { name: 'knn', description: 'Judge features by nearest neighbours, beside two baselines' },
  args,
  async run({ args: parsed }) {
    const words = parsed as Words;
    refuseUnknown(args, words);
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
  },
});
