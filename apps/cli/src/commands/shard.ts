import { number, setting, text, whole } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { JSON_RESULT, SEED } from '../args/model.ts';

/** Options of `twocan shard`. */
export const shardSettings = {
  data: setting(text, {
    positional: true,
    hint: 'DIR',
    needed: true,
    text: 'Folder of images, any nesting, or shards',
  }),
  out: setting(text, { hint: 'DIR', needed: true, text: 'The folder of shards; new, or empty' }),
  shardSize: setting(number({ above: 0 }), {
    hint: 'MB',
    default: 256,
    text: 'Largest size of a shard',
  }),
  shardImages: setting(whole({ min: 1 }), {
    usual: 'as many as fit',
    text: 'Largest number of images in a shard',
  }),
  ...SEED,
};

/** `twocan shard`: a folder of images as tar files. */
export const shard = command(
  {
    settings: { ...shardSettings, ...JSON_RESULT },
    examples: ['twocan shard photos --out shards'],
  },
  async ({ json, ...values }) => {
    const { shardFolder } = await import('../sharding/sharding.ts');
    const result = await shardFolder(values);
    const { shards, images, bytes, classes } = result;
    const of = classes > 0 ? ` of ${classes} classes` : '';
    const line = `${images} images${of} in ${shards} shards, ${(bytes / 1e6).toFixed(1)} MB: ${values.out}`;
    console.log(json ? JSON.stringify(result) : line);
    return undefined;
  },
);
