import { type BackendName, type BackendReport, chooseBackend } from '@twocan/backend';
import type { Machine } from '../messages.ts';

/** What computes where there is no GPU, fastest first. */
const AFTER_GPU: readonly BackendName[] = ['simd', 'wasm', 'cpu'];

/**
 * Starts what is fastest here: a real GPU by WebGPU, else the processor.
 *
 * @param without backends that were lost, which are not tried again
 * @returns what is computed on, and why
 * @throws Error where nothing computes here
 */
export async function startMachine(without: readonly string[]): Promise<Machine> {
  const rest = AFTER_GPU.filter((name) => !without.includes(name));
  const report = await chooseBackend(without.length === 0 ? 'auto' : rest);
  const { name, threads, device } = report;
  return { name, threads, device, why: whyOf(report) };
}

function whyOf({ name, passedOver, threads }: BackendReport): string {
  if (name === 'webgpu') return 'this browser gives the page a GPU';
  const gpu = passedOver.find((other) => other.name === 'webgpu')?.why;
  const noGpu = gpu === undefined ? '' : `not on a GPU: ${gpu}`;
  if (name !== 'simd')
    return [noGpu, 'WebAssembly has no SIMD in this browser'].filter(Boolean).join('; ');
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
  const shares = isolated && typeof SharedArrayBuffer !== 'undefined';
  const alone = shares
    ? 'there is one processor'
    : `${isolated ? 'this browser gives the page' : 'the page is not cross-origin isolated, so there is'} no memory that threads can share`;
  return [noGpu, threads === 1 ? `one thread: ${alone}` : ''].filter(Boolean).join('; ');
}
