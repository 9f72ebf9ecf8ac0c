import type { Settings } from '@twocan/pretrain';
import { quickStartSettings } from '@twocan/pretrain/settings';
import type { Source } from '../messages.ts';
import { toAddress } from '../settings/address.ts';
import type { Engine } from './engine.ts';
import { rememberedSource, rememberSource } from './remembered.ts';

/** The run that is asked for: its settings and images, as a person chose them. */
export type AskedRun = {
  /** Settings of the run that is open; those that were chosen since then are not among them. */
  readonly running: () => Settings;
  /** Takes settings into the address. */
  readonly choose: (settings: Settings) => void;
  readonly takeFrom: (source: Source) => void;
  /** Begins anew, on drawings or own images. */
  readonly begin: () => void;
  /** Goes on with what was kept, where that is the same run. */
  readonly goOn: () => void;
  /** Opens the run that was dropped here. */
  readonly openDropped: () => void;
  /** Whether the open run was dropped here. */
  readonly isDropped: () => boolean;
};

/**
 * What the page asks the engine to run.
 *
 * @param engine what computes
 * @param given settings of the address
 */
export function askedRun(engine: Engine, given: Settings): AskedRun {
  let chosen = given;
  let running = given;
  let source = rememberedSource();
  let dropped = false;
  const open = (goOn: boolean, ofFolder: boolean): void => {
    running = chosen;
    dropped = ofFolder;
    const settings =
      source === 'drawings' ? quickStartSettings(chosen) : { cropMin: 0.5, ...chosen };
    engine.ask({ type: 'open', settings, source, goOn, dropped });
  };
  return {
    running: () => running,
    choose(settings) {
      chosen = settings;
      const address = toAddress(settings);
      history.replaceState(null, '', address === '' ? location.pathname : `#${address}`);
    },
    takeFrom(next) {
      source = next;
      rememberSource(next);
    },
    begin: () => open(false, false),
    goOn: () => open(true, false),
    openDropped: () => open(false, true),
    isDropped: () => dropped,
  };
}
