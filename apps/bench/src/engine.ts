import { enableProdMode, version_core } from '@tensorflow/tfjs-core';
import { type BackendName, chooseBackend } from '@twocan/backend';
import { configureNative, type Instructions } from '@twocan/backend-native';
import { simdReport } from '@twocan/backend-simd';

/** What an engine is started with. */
export type EngineOptions = {
  readonly threads: number;
  /** The instruction set that is forced on it; undefined: the best that the processor has. */
  readonly instructions?: string | undefined;
};

/**
 * Makes an engine current.
 *
 * @param name of a backend, as `chooseBackend` takes it
 * @returns the engine in a line: instruction set, threads, versions
 * @throws Error where there is none: it has the reason
 */
export async function startEngine(
  name: string,
  { threads, instructions }: EngineOptions,
): Promise<string> {
  enableProdMode();
  if (name === 'native' && instructions !== undefined) {
    configureNative({ instructions: instructions as Instructions });
  }
  const report = await chooseBackend(name as BackendName, { threads });
  const set = report.instructions ?? (report.name === 'simd' ? simdReport()?.instructions : null);
  return `${report.name}: ${report.threads ?? threads} threads${set ? `, ${set}` : ''}, tfjs-core ${version_core}, Node ${process.version}`;
}
