import { type Buffer, type Device, type Gpu, world } from './gpu.ts';

/** Dawn, as the npm package `webgpu` has it. */
type Dawn = {
  create(options: readonly string[]): Gpu;
  readonly globals: Readonly<Record<string, unknown>>;
};

type Tick = () => void;

// Dawn frees its instance with this object, and everything that hangs on it: it lives as long as the
// process.
let gpu: Gpu | undefined;
let tick: Tick | undefined;

/**
 * Whether Vulkan's library is missing. Dawn would print this itself, and its lines cannot be turned off.
 *
 * `dlopen` finds the library: if it exists, the error is that it is not an addon of Node, not that it cannot
 * be opened.
 */
export function lacksVulkan(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
    return false;
  } catch (cause) {
    return /cannot open|No such file/.test((cause as Error).message);
  }
}

/**
 * Gives Node `navigator.gpu` and the names that come with it, by Dawn.
 *
 * @param dawn the package
 */
export function provideGpu({ create, globals }: Dawn): Gpu {
  if (gpu !== undefined) return gpu;
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
  }
  watchTicks();
  // Dawn rounds the GPU's clock to a tenth of a millisecond, which most kernels do not take.
  gpu = create(['disable-dawn-features=timestamp_quantization']);
  // Node 20 has no navigator, later ones have one without gpu.
  if (world.navigator === undefined) {
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  }
  Object.defineProperty(world.navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}

/**
 * Dawn finishes what is asynchronous in a function that it hands to setImmediate: this catches the
 * first one, and leaves.
 */
function watchTicks(): void {
  const own = globalThis.setImmediate;
  const watching = (run: Tick, ...rest: unknown[]): NodeJS.Immediate => {
    if (run.name === '' && String(run).includes('[native code]')) {
      tick = run;
      globalThis.setImmediate = own;
    }
    return (own as (run: Tick, ...rest: unknown[]) => NodeJS.Immediate)(run, ...rest);
  };
  globalThis.setImmediate = watching as typeof setImmediate;
}

/**
 * The bytes of a buffer on the GPU, at once: Dawn is made to finish without Node's event loop.
 *
 * tfjs-backend-webgpu does this through a canvas, which Node has not. Whatever was recorded must have
 * been submitted.
 *
 * @param device the buffer's
 * @param buffer with usage COPY_SRC
 * @returns a copy
 * @throws Error if the device is lost
 */
export function readNow(device: Device, buffer: Buffer): ArrayBuffer {
  if (tick === undefined) throw new Error('this version of webgpu reads asynchronously only');
  const { GPUBufferUsage = {}, GPUMapMode = {} } = world;
  const usage = (GPUBufferUsage.MAP_READ ?? 0) | (GPUBufferUsage.COPY_DST ?? 0);
  const staging = device.createBuffer({ size: buffer.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  const own = globalThis.setImmediate;
  // Each round would ask for another one later.
  globalThis.setImmediate = (() => undefined) as unknown as typeof setImmediate;
  try {
    staging.mapAsync(GPUMapMode.READ ?? 1).catch(() => undefined);
    while (staging.mapState === 'pending') tick();
  } finally {
    globalThis.setImmediate = own;
    // What others wait for goes on.
    own(tick);
  }
  if (staging.mapState !== 'mapped') throw new Error('the GPU was lost while it was read');
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  return bytes;
}
