import { type BackendReport, chooseBackend } from '@twocan/backend';
import type { Machine } from '../messages.ts';

/**
 * Starts what is fastest here: a real GPU by WebGPU, else the processor.
 *
 * @returns what is computed on, and why
 * @throws Error where nothing computes here
 */
export async function startMachine(): Promise<Machine> {
  const report = await chooseBackend('auto');
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
  const alone = isolated
    ? 'there is one processor'
    : 'the page is not cross-origin isolated, so there is no memory that threads can share';
  return [noGpu, threads === 1 ? `one thread: ${alone}` : ''].filter(Boolean).join('; ');
}
