import { env, findBackendFactory, getBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import { expectOptions, expectType, registerGradients } from '@twocan/core';
import {
  type BackendName,
  type BackendOptions,
  backendNames,
  LOADERS,
  PREFERENCE,
} from './loaders.ts';
import { checkParity } from './parity.ts';

/** A backend that was tried first, why it was not taken, and what to do about that. */
export type PassedOver = {
  readonly name: BackendName;
  readonly why: string;
  readonly remedy: string;
};

/** What was chosen, why, and what was passed over. */
export type BackendReport = {
  readonly name: BackendName;
  /** The backend's name inside tfjs, e.g. `tensorflow` for `node`. */
  readonly tfjsName: string;
  readonly why: string;
  readonly passedOver: readonly PassedOver[];
  /** Threads that the backend computes with; `null` where it does not say. */
  readonly threads: number | null;
  readonly simd: boolean;
  /** Name of the GPU; `null` where the backend does not give it. */
  readonly device: string | null;
  /** The processor's instructions that `native` computes with, e.g. `avx512`; `null` for the others. */
  readonly instructions: string | null;
  /** Bytes that the backend's memory may have, where it sets a limit of its own; else `null`. */
  readonly memory: number | null;
};

/** The backends that were compared with cpu in this process. */
const checked = new Set<BackendName>();

/**
 * Picks a backend, makes it tfjs's current one and registers the gradients that training needs.
 *
 * @param preference a name, an ordered list of names, or `auto` (node-gpu, webgpu, native, simd, node,
 *   wasm, cpu); `auto` passes over a WebGPU adapter that is software
 * @param options options of the backend; a backend ignores those that it does not have
 * @returns what was chosen and why the earlier ones in the list were passed over
 * @throws Error with code `BACKEND_MISSING` if none of the list loads; it says what to install, and its
 *   `passedOver` has each one's reason and remedy
 * @example
 * const { name, why } = await chooseBackend('wasm');
 */
export async function chooseBackend(
  preference: 'auto' | BackendName | readonly BackendName[] = 'auto',
  options: BackendOptions = {},
): Promise<BackendReport> {
  expectOptions('chooseBackend', 'options', options, []);
  if (typeof preference !== 'string') expectType('chooseBackend', 'preference', preference, Array);
  const wanted =
    preference === 'auto' ? PREFERENCE : typeof preference === 'string' ? [preference] : preference;
  const passedOver: PassedOver[] = [];
  for (const name of wanted) {
    const loader = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
    if (loader === undefined) {
      throw missing(
        `chooseBackend: no backend is called '${name}'; choose ${backendNames.join(', ')}`,
      );
    }
    try {
      await loader.load({ ...options, auto: preference === 'auto' });
      if (!(await setBackend(loader.tfjsName))) throw await whyNotStarted(loader.tfjsName);
      await ready();
      if (loader.isChecked && !checked.has(name)) {
        await checkParity(loader.tfjsName);
        checked.add(name);
      }
    } catch (cause) {
      passedOver.push({ name, why: reason(cause), remedy: remedyOf(cause) ?? loader.remedy });
      if (isWrong(cause)) console.warn(`twocan: ${name} is passed over: ${reason(cause)}`);
      continue;
    }
    registerGradients();
    return {
      name,
      tfjsName: getBackend(),
      why: explain(preference, name, loader.about),
      passedOver,
      threads: await loader.threads(),
      device: loader.device?.() ?? null,
      instructions: (await loader.instructions?.()) ?? null,
      memory: (await loader.memory?.()) ?? null,
      simd:
        name === 'simd' ||
        (name === 'wasm' && (await env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true),
    };
  }
  const [only, ...others] = passedOver;
  if (only !== undefined && others.length === 0) {
    throw missing(
      `chooseBackend: cannot use ${only.name}: ${only.why}; ${only.remedy}`,
      passedOver,
    );
  }
  const tried = passedOver
    .map(({ name, why, remedy }) => `  ${name}: ${why}; ${remedy}`)
    .join('\n');
  throw missing(`chooseBackend: none of the wanted backends could be loaded\n${tried}`, passedOver);
}

function explain(preference: unknown, name: BackendName, about: string): string {
  return preference === name ? `${about}, as requested` : `${about}, the first that loads here`;
}

/** tfjs keeps to itself why a backend did not start: starting it once more has the reason. */
async function whyNotStarted(tfjsName: string): Promise<Error> {
  try {
    await findBackendFactory(tfjsName)?.();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    if (!/memory|allocat/i.test(why)) {
      const error = new Error(`it does not start: ${why}`, { cause });
      return Object.assign(error, { remedy: remedyOf(cause) });
    }
    const error = new Error('the memory that this process may use is not enough', { cause });
    return Object.assign(error, { remedy: 'give it more, or take the cpu backend' });
  }
  return new Error('tfjs could not start it');
}

/** An error may carry its own advice, which is better than that of the loader. */
function remedyOf(cause: unknown): string | undefined {
  return (cause as { readonly remedy?: string } | null)?.remedy;
}

/** Wrong numbers are worth a word even where another backend takes over. */
function isWrong(cause: unknown): boolean {
  return (cause as { readonly wrong?: boolean } | null)?.wrong === true;
}

/** The first line of what went wrong: module loaders print a page. */
function reason(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const missingPackage = /Cannot find (?:package|module) '([^']+)'/.exec(message)?.[1];
  if (missingPackage?.startsWith('@tensorflow/')) return `${missingPackage} is not installed`;
  return message.split('\n')[0] ?? message;
}

function missing(message: string, passedOver: readonly PassedOver[] = []): Error {
  return Object.assign(new Error(message), { code: 'BACKEND_MISSING', passedOver });
}
