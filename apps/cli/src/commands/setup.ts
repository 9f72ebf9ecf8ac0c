import { command } from '../args/command.ts';
import type { Words } from '../args/options.ts';
import { usageError } from '../terminal/failure.ts';
import { hint } from '../terminal/nearest-name.ts';

const NAMES = ['node', 'node-gpu', 'webgpu'] as const;

/** A folder given by a flag. */
function folder(words: Words, flag: string): string | undefined {
  const value = words[flag];
  return typeof value === 'string' ? value : undefined;
}

/** `twocan setup`: makes a backend available that no installation brings. */
export const setup = command(
  {
    name: 'setup',
    description: 'Make a backend available that npm alone does not bring',
    flags: {
      name: { type: 'positional', description: NAMES.join('|') },
      dir: {
        type: 'string',
        valueHint: 'DIR',
        description: "Where it goes; default twocan/NAME in the user's folder of program data",
      },
      tensorflow: {
        type: 'string',
        valueHint: 'DIR',
        description:
          'A TensorFlow to build against: libtensorflow, site-packages or an environment',
      },
      classic: {
        type: 'boolean',
        description: "Take the package's own download, TensorFlow 2.9 of 2022, instead of building",
      },
      check: { type: 'boolean', description: 'Only compare one training step with cpu' },
    },
    examples: ['twocan setup node', 'twocan setup node-gpu', 'twocan setup node --check'],
  },
  async (words) => {
    const given = words.name;
    const name = NAMES.find((known) => known === given);
    if (name === undefined) {
      const word = typeof given === 'string' ? given : '';
      throw usageError(
        word === ''
          ? `setup needs the name of a backend: twocan setup ${NAMES.join('|')}`
          : `setup knows ${NAMES.join(', ')}${hint(word, NAMES, '')}, got ${word}`,
      );
    }
    const [dir, tensorflow] = [folder(words, 'dir'), folder(words, 'tensorflow')];
    const classic = words.classic === true;
    if (name === 'webgpu' && (classic || tensorflow !== undefined)) {
      throw usageError('--tensorflow and --classic are for node and node-gpu');
    }
    if (classic && tensorflow !== undefined) {
      throw usageError('--tensorflow and --classic exclude each other; give one');
    }
    if (words.check === true) {
      if (classic || dir !== undefined || tensorflow !== undefined) {
        throw usageError('--check only compares; leave out --dir, --tensorflow and --classic');
      }
      const { checkBackend } = await import('../setup/check-backend.ts');
      console.log(await checkBackend(name));
      return undefined;
    }
    const { setUpBackend } = await import('../setup/set-up-backend.ts');
    return setUpBackend({ name, dir, tensorflow, classic });
  },
);
