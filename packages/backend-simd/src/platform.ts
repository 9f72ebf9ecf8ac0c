import { nodeModule } from './workers.ts';

/** What this platform lets WebAssembly do. */
export type Platform = {
  readonly simd: boolean;
  readonly relaxed: boolean;
  /** Shared memory and workers. */
  readonly threads: boolean;
  /** Why not more. */
  readonly why: readonly string[];
  readonly processors: number;
};

// The smallest modules with one instruction of each kind: (func (result v128) ...).
const SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
];
const RELAXED = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 17,
  65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 11,
];

const validates = (bytes: readonly number[]): boolean =>
  WebAssembly.validate(Uint8Array.from(bytes));

/**
 * Looks at the platform.
 *
 * @returns what it offers, and why not more
 */
export function lookAround(): Platform {
  const why: string[] = [];
  const simd = validates(SIMD);
  if (!simd) why.push('WebAssembly has no SIMD here');
  const relaxed = simd && allowRelaxed();
  if (simd && !relaxed) why.push('no relaxed SIMD: a product and its sum are two instructions');
  const inNode = nodeModule('node:worker_threads') !== undefined;
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
  const shared = typeof SharedArrayBuffer !== 'undefined' && (inNode || isolated);
  if (!shared) why.push('one thread: the page is not cross-origin isolated');
  return { simd, relaxed, threads: shared, why, processors: processors() };
}

/** Node 20 has relaxed SIMD behind a flag that still helps before the first module is compiled. */
function allowRelaxed(): boolean {
  if (validates(RELAXED)) return true;
  if (typeof process === 'undefined' || !process.versions?.node?.startsWith('20.')) return false;
  const v8 = nodeModule<typeof import('node:v8')>('node:v8');
  v8?.setFlagsFromString('--experimental-wasm-relaxed-simd');
  return validates(RELAXED);
}

function processors(): number {
  const os = nodeModule<typeof import('node:os')>('node:os');
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
