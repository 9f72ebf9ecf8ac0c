import { defineEngine, THREADS } from '@twocan/engine';
import { type NativeOptions, type NativeReport, startEngine } from './engine.ts';
import { INSTRUCTIONS, type Instructions, lookOnce } from './support.ts';

export type { NativeOptions, NativeReport } from './engine.ts';
export { type Instructions, type NativeSupport, nativeSupport } from './support.ts';

const native = defineEngine<NativeOptions, NativeReport>({
  name: 'native',
  priority: 3, // above simd
  options: {
    threads: THREADS,
    instructions: {
      rule: INSTRUCTIONS.join(', '),
      holds: (value) => INSTRUCTIONS.includes(value as Instructions),
      optional: true,
    },
  },
  start: (options) => {
    const { addon, support } = lookOnce();
    if (addon === undefined) throw new Error(`native: ${support.why}; ${support.remedy}`);
    return startEngine(addon, options);
  },
});

/**
 * Sets the options of the backend, before it is first used.
 *
 * @param options threads and instructions
 * @throws RangeError for other options; Error once the backend has started
 * @example
 * configureNative({ threads: 4 });
 * await setBackend('native');
 */
export function configureNative(options: NativeOptions): void {
  native.configure('configureNative', options);
}

/**
 * What the backend computes with.
 *
 * @param name of a backend of {@link registerNative}; by default `native`
 * @returns the report; undefined before the backend has started, and after it was removed
 * @example
 * await setBackend('native');
 * console.log(nativeReport()?.instructions);
 */
export function nativeReport(name = 'native'): NativeReport | undefined {
  return native.report('nativeReport', name);
}

/**
 * Registers one more backend of this kind under a name of its own, with memory and threads of its own.
 * Importing the package has registered `native` already, where its addon loads.
 *
 * @param name the name for `setBackend`
 * @param options threads and instructions
 * @example
 * registerNative('native-one', { threads: 1 });
 * await setBackend('native-one');
 */
export function registerNative(name: string, options: NativeOptions): void {
  native.register('registerNative', name, options);
}

if (lookOnce().support.available) native.offer();

export { measurePeak } from '@twocan/engine';
