import { readBytes } from '@twocan/testkit';
import type { WeightFiles } from '../src/index.ts';

const CONFIG = ['config.json', 'model.safetensors'];
const SHARDS = [1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`);

/** The folders under goldens/foreign, and what is in each. */
export const FOLDERS = {
  timm: CONFIG,
  vit: ['config.json', 'preprocessor_config.json', 'model.safetensors.index.json', ...SHARDS],
  'vit-mae': CONFIG,
  mae: CONFIG,
} as const;

export type FolderName = keyof typeof FOLDERS;

/** The bytes of the files of a folder. */
export const bytesOf = (folder: FolderName): Record<string, Uint8Array> =>
  Object.fromEntries(
    FOLDERS[folder].map((name) => [
      name,
      readBytes(new URL(`../../../goldens/foreign/${folder}/${name}`, import.meta.url)),
    ]),
  );

/** Files in memory. */
export const filesOf = (files: Readonly<Record<string, Uint8Array>>): WeightFiles => ({
  place: 'memory',
  names: Object.keys(files),
  read: async (name) => files[name],
});

export const folder = (name: FolderName): WeightFiles => filesOf(bytesOf(name));

/** The bytes of settings. */
export const json = (settings: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(settings));

/** A file of settings, changed. */
export const changed = (bytes: Uint8Array | undefined, more: object): Uint8Array =>
  json({ ...JSON.parse(new TextDecoder().decode(bytes)), ...more });
