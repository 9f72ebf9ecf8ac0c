import type { PretrainConfig, Settings } from '@twocan/pretrain';
import type { Machine, Source } from '../messages.ts';
import type { RunImages } from './images.ts';

/** What config.json of a run folder holds. */
export type RunConfig = PretrainConfig & {
  readonly version: 1;
  readonly data: string;
  readonly evaluation: string | null;
  readonly backend: Machine['name'];
  readonly options: Settings & { readonly data: string };
};

/** The config of a run as `twocan pretrain` writes it, so that it goes on there. */
export function runConfigOf(
  config: PretrainConfig,
  settings: Settings,
  images: RunImages,
  machine: Machine,
): RunConfig {
  const { data, evaluated } = images;
  return {
    version: 1,
    data,
    evaluation: evaluated,
    ...config,
    backend: machine.name,
    options: { data, ...settings },
  };
}

/** The command that goes on with the downloaded run. */
export const commandOf = (source: Source): string =>
  source === 'drawings'
    ? 'npx twocan pretrain --resume --out twocan-run'
    : 'npx twocan pretrain --resume --out twocan-run --data FOLDER';
