import { extname } from 'node:path';
import { type ArgsDef, defineCommand } from 'citty';
import { usageError } from '../failure.ts';
import { refuseUnknown } from '../known-options.ts';
import type { Words } from '../options.ts';
import { MODEL_ARGS, outputFile, required } from '../words.ts';

const args: ArgsDef = {
  ...MODEL_ARGS,
  data: { type: 'string', valueHint: 'DIR', description: 'Folder of images, any nesting' },
  out: {
    type: 'string',
    valueHint: 'FILE',
    description: '.npy (names beside it, one a line) or .jsonl; default embeddings.npy',
  },
};

/** `twocan embed`: one row of numbers for each image of a folder. */
export const embed = defineCommand({
  meta: { name: 'embed', description: 'Write the features of a folder of images' },
  args,
  async run({ args: parsed }) {
    const words = parsed as Words;
    refuseUnknown(args, words);
    const model = required(words, 'model', 'a run folder or a checkpoint');
    const data = required(words, 'data', 'a folder of images');
    const out = outputFile(words, 'embeddings.npy');
    const format = extname(out);
    if (format !== '.npy' && format !== '.jsonl') {
      throw usageError(`--out must end in .npy or .jsonl, got ${out}`);
    }
    const { embedFolder } = await import('../embedding.ts');
    await embedFolder({ model, data, out, backend: words.backend as string | undefined });
  },
});
