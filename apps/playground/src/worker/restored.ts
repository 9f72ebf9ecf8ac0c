import type { CanParams } from '@twocan/can';
import { type Checkpoint, decodeCheckpoint } from '@twocan/checkpoint';
import {
  differences,
  type PretrainConfig,
  type PretrainState,
  type Settings,
} from '@twocan/pretrain';
import { disposeState } from '@twocan/trainer';
import type { RunImages } from './images.ts';
import type { RunConfig } from './run-config.ts';
import type { RunFolder } from './run-folder.ts';
import type { SavedRun } from './saved-run.ts';

/** What a run goes on from, and what was seen of it. */
export type Restored = {
  readonly run: Pick<SavedRun, 'lines' | 'evaluations'>;
  readonly state: PretrainState;
};

/** The config of a run that was dropped here before, while its settings are those of the page. */
export const configOf = (
  run: SavedRun | undefined,
  settings: Settings,
): PretrainConfig | undefined =>
  JSON.stringify(run?.settings) === JSON.stringify(settings) ? run?.config : undefined;

/** The state of a run that was dropped. */
export function stateOfDropped(
  { checkpoint, config, ...run }: RunFolder & { readonly trains: boolean },
  images: RunImages,
): Restored {
  const { length } = images.dataset;
  if (run.trains && config.batch > length) {
    throw new RangeError(
      `batch must be at most the ${length} images of the data, got ${config.batch}: drop the images that the run was trained on`,
    );
  }
  return { run, state: stateIn(decodeCheckpoint(checkpoint)) };
}

const stateIn = ({ step, params, optimizer = {}, ema }: Checkpoint): PretrainState => ({
  step,
  params: params as CanParams,
  optimizer,
  ...(ema && { ema: ema as CanParams }),
});

/** The state of a run that was saved; nothing where it is of another run. */
export function restored(
  { run, checkpoint }: { readonly run: SavedRun; readonly checkpoint: Uint8Array },
  now: RunConfig,
): Restored | undefined {
  try {
    const decoded = decodeCheckpoint(checkpoint);
    const state = stateIn(decoded);
    const changes = differences(decoded.config as unknown as PretrainConfig, now, {
      without: ['options'],
    });
    if (changes.length === 0) return { run, state };
    disposeState(state);
    return undefined;
  } catch {
    // What cannot be read is as good as nothing: the run begins anew.
    return undefined;
  }
}
