import { QUICK_START_DRAWINGS, quickStartSettings } from '@twocan/pretrain/settings';
import type { Options } from '../args/options.ts';

/**
 * What `twocan pretrain` does when it is given no data: a demonstration that finishes in minutes.
 *
 * @param options the flags
 * @returns the flags as they are if they name data, else with the demonstration's for what they
 *   leave open
 */
export const quickStart = (options: Options): Options =>
  options.data === undefined
    ? { data: `shapes:${QUICK_START_DRAWINGS}`, ...quickStartSettings(options) }
    : options;
