import { enableProdMode, setBackend, version_core } from '@tensorflow/tfjs-core';
import { type BackendName, backendNames, chooseBackend } from '@twocan/backend';
import { simdReport } from '@twocan/backend-simd';
import { registerGradients } from '@twocan/core';

/** What an engine is started with. */
export type EngineOptions = {
  readonly threads: number;
  /** The instruction set that is forced on it; undefined: the best that the processor has. */
  readonly instructions?: string | undefined;
};

type Native = {
  readonly configureNative: (options: { instructions: string }) => void;
  readonly nativeReport: () => { readonly instructions: string; readonly threads: number };
};

// The package may be missing, and a specifier that is not constant is not resolved when this is compiled.
const nativePackage: string = '@twocan/backend-native';

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
    const { configureNative } = (await import(nativePackage)) as Native;
    configureNative({ instructions });
  }
  if (name === 'native' && !(backendNames as readonly string[]).includes(name)) {
    const { configureNative, nativeReport } = (await import(nativePackage)) as Native;
    configureNative({ threads } as never);
    if (!(await setBackend('native'))) throw new Error('the backend does not start');
    registerGradients();
    const { instructions: set } = nativeReport();
    return `native: ${threads} threads, ${set}, tfjs-core ${version_core}, Node ${process.version}`;
  }
  const report = await chooseBackend(name as BackendName, { threads });
  const set = await instructionsOf(report.name);
  return `${report.name}: ${report.threads ?? threads} threads${set}, tfjs-core ${version_core}, Node ${process.version}`;
}

async function instructionsOf(name: string): Promise<string> {
  if (name === 'simd') return `, ${simdReport()?.instructions}`;
  if (name !== 'native') return '';
  const { nativeReport } = (await import(nativePackage)) as Native;
  return `, ${nativeReport().instructions}`;
}
