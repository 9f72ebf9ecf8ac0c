import { type Module, wasm } from './wasm.ts';

/** What the user may ask for; unset: the fastest that the platform allows. */
export type SimdOptions = {
  /** Threads to compute with, the calling one included. */
  readonly threads?: number;
  /** `relaxed`: fused multiply-add where the machine has it; `simd`: the same bits on every machine. */
  readonly variant?: 'relaxed' | 'simd';
  /** Print a line for each fall-back to a cpu kernel that touches more than 65,536 elements. */
  readonly debug?: boolean;
};

/** A compiled variant of the kernels. */
export type Variant = {
  readonly name: 'relaxed' | 'simd';
  readonly shared: boolean;
  readonly module: Module;
  /** Threads to start, the calling one included. */
  readonly threads: number;
  /** Why there are no more threads and no faster variant. */
  readonly why: string;
};

const LOADERS = {
  'relaxed-shared': () => import('./generated/relaxed-shared.ts'),
  'simd-shared': () => import('./generated/simd-shared.ts'),
  'relaxed-alone': () => import('./generated/relaxed-alone.ts'),
  'simd-alone': () => import('./generated/simd-alone.ts'),
} as const;

type Builtins = { getBuiltinModule?: (name: string) => unknown; versions?: { node?: string } };

/** A module of Node, or undefined in a browser; no bundler sees an import. */
export function builtin<T>(name: string): T | undefined {
  const { process } = globalThis as { process?: Builtins };
  return process?.getBuiltinModule?.(name) as T | undefined;
}

const isNode20 = (): boolean => {
  const { process } = globalThis as { process?: Builtins };
  return process?.versions?.node?.startsWith('20.') === true;
};

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

/** Why threads cannot share memory here, or undefined if they can. */
function whyAlone(): string | undefined {
  if (typeof SharedArrayBuffer === 'undefined') {
    return 'no SharedArrayBuffer: a browser gives it to cross-origin isolated pages only';
  }
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  if (crossOriginIsolated === false) return 'the page is not cross-origin isolated';
  return undefined;
}

function availableThreads(): number {
  const os = builtin<{ availableParallelism: () => number }>('node:os');
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return os?.availableParallelism() ?? navigator?.hardwareConcurrency ?? 1;
}

function wantedThreads(options: SimdOptions): number {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const asked = options.threads ?? Number(process?.env?.TWOCAN_THREADS || availableThreads());
  if (!Number.isInteger(asked) || asked < 1 || asked > 256) {
    throw new RangeError(`backend simd: threads must be an integer in [1, 256], got ${asked}`);
  }
  return asked;
}

/**
 * Chooses and compiles the kernels: relaxed before plain SIMD, shared before one thread.
 *
 * @param options what the user asked for
 * @returns the variant, and why not a faster one
 * @throws Error if the platform has no WebAssembly SIMD
 */
export async function chooseVariant(options: SimdOptions): Promise<Variant> {
  const threads = wantedThreads(options);
  const alone = threads === 1 ? 'one thread was asked for or is there' : whyAlone();
  const reasons: string[] = alone === undefined ? [] : [alone];
  // Node 20 knows relaxed SIMD, but behind a flag that may be set until the first compilation.
  if (isNode20() && options.variant !== 'simd') {
    builtin<{ setFlagsFromString: (flag: string) => void }>('node:v8')?.setFlagsFromString(
      '--experimental-wasm-relaxed-simd',
    );
  }
  for (const name of [options.variant ?? 'relaxed', 'simd'] as const) {
    const shared = alone === undefined;
    const { WASM } = await LOADERS[`${name}-${shared ? 'shared' : 'alone'}`]();
    const bytes = decode(WASM);
    if (!wasm.validate(bytes)) {
      reasons.push(`no ${name === 'relaxed' ? 'relaxed ' : ''}SIMD on this platform`);
      continue;
    }
    const module = await wasm.compile(bytes);
    return { name, shared, module, threads: shared ? threads : 1, why: reasons.join('; ') };
  }
  throw new Error(`backend simd: ${reasons.join('; ')}; use the cpu backend`);
}
