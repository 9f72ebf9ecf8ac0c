import { backendNames } from '@twocan/backend';
import { imageFolderDefaults } from '@twocan/data/node';
import { choice, number, setting, text, type Values, whole } from '@twocan/pretrain/settings';

const group = 'Machine';

/** What computes: the settings of a command that reads no images. */
export const BACKEND = {
  backend: setting(choice(['auto', ...backendNames]), {
    group,
    hint: 'NAME',
    default: 'auto',
    text: 'What computes, or auto for the first that loads',
  }),
  threads: setting(whole({ min: 1 }), {
    group,
    usual: 'one for each processor',
    text: 'Threads of the native and simd backends',
  }),
};

/** The settings of every command that computes on images. */
export const MACHINE = {
  cache: setting(number({ min: 0 }), {
    group,
    hint: 'MB',
    default: imageFolderDefaults.cacheBytes / 1e6,
    text: 'Memory for decoded images; those of larger folders are read when needed',
  }),
  cacheDir: setting(text, {
    group,
    hint: 'DIR',
    usual: 'none',
    text: 'Folder where decoded images are kept for all processes of this machine',
  }),
  cacheDirSize: setting(number({ above: 0 }), {
    group,
    hint: 'MB',
    default: imageFolderDefaults.cacheDirBytes / 1e6,
    text: 'How much that folder may hold',
  }),
  ...BACKEND,
};

/** What computes, with how many threads, and the memory for decoded images in megabytes. */
export type Machine = Partial<Values<typeof MACHINE>>;
