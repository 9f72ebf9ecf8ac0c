import { setUpNames } from '@twocan/backend';
import { choice, flag, setting, text } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { usageError } from '../terminal/failure.ts';

/** `twocan setup`: makes a backend available that no installation brings. */
export const setup = command(
  {
    settings: {
      backend: setting(choice(setUpNames), {
        positional: true,
        needed: true,
        hint: setUpNames.join('|'),
        text: `One of ${setUpNames.join(', ')}`,
      }),
      dir: setting(text, {
        hint: 'DIR',
        usual: "twocan/NAME in the user's folder of program data",
        text: 'Where it goes',
      }),
      tensorflow: setting(text, {
        hint: 'DIR',
        text: 'A TensorFlow to build against: libtensorflow, site-packages or an environment',
      }),
      classic: setting(flag, {
        default: false,
        text: "Take the package's own download, TensorFlow 2.9 of 2022, instead of building",
      }),
      check: setting(flag, { text: 'Only compare one training step with cpu', default: false }),
    },
    examples: ['twocan setup node', 'twocan setup node-gpu', 'twocan setup node --check'],
  },
  async (values) => {
    const { backend: name, dir, tensorflow, classic, check } = values;
    if (name === 'webgpu' && (classic || tensorflow !== undefined)) {
      throw usageError('--tensorflow and --classic are for node and node-gpu');
    }
    if (classic && tensorflow !== undefined) {
      throw usageError('--tensorflow and --classic exclude each other; give one');
    }
    if (check) {
      if (classic || dir !== undefined || tensorflow !== undefined) {
        throw usageError('--check only compares; leave out --dir, --tensorflow and --classic');
      }
      const { checkBackend } = await import('../setup/check-backend.ts');
      console.log(await checkBackend(name));
      return undefined;
    }
    const { setUpBackend } = await import('../setup/set-up-backend.ts');
    return setUpBackend({ ...values, name });
  },
);
