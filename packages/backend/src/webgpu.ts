/// <reference path="./tfjs-backend-webgpu.d.ts" />
import { findBackendFactory, registerBackend, removeBackend, util } from '@tensorflow/tfjs-core';
import { builtin } from './builtin.ts';
import {
  type Adapter,
  type Device,
  describeAdapter,
  type Gpu,
  type WebgpuBackend,
  type WebgpuReport,
  world,
} from './gpu.ts';
import { lacksVulkan, provideGpu, readNow } from './gpu-in-node.ts';
import { findPackage } from './set-up-folders.ts';
import { shareCore } from './share-core.ts';
import { registerWebgpuKernels } from './webgpu-fused/register.ts';

type Package = { WebGPUBackend: new (device: Device, info?: object) => WebgpuBackend };

/** The name under which tfjs knows it. */
export const WEBGPU = 'webgpu';

const PACKAGE = '@tensorflow/tfjs-backend-webgpu';

let report: WebgpuReport | undefined;

/**
 * What WebGPU computes on.
 *
 * @returns adapter, driver and limits; nothing before the backend was loaded
 * @example
 * webgpuReport()?.adapter; // after chooseBackend('webgpu')
 */
export const webgpuReport = (): WebgpuReport | undefined => report;

/**
 * Registers tfjs's WebGPU backend: on the browser's own WebGPU, in Node on Dawn.
 *
 * @param options.software whether a processor that plays the GPU will do
 * @throws Error if a package is missing or there is no adapter, with what would help
 */
export async function loadWebgpu({ software }: { readonly software: boolean }): Promise<void> {
  const had = findBackendFactory(WEBGPU) !== null;
  // In Node the packages bring the GPU; a page fetches its package only where there is one.
  const early = isNode() ? await bringPackage() : undefined;
  const gpu = world.navigator?.gpu;
  if (gpu === undefined) throw remedied('this browser has no WebGPU', 'it needs another browser');
  const adapter = await bestAdapter(gpu);
  report = describeAdapter(adapter);
  if (report.software && !software) {
    throw remedied(
      `the only adapter is software (${report.adapter}), which is slower than simd`,
      driver(),
    );
  }
  const { WebGPUBackend } = early ?? (await bringPackage());
  if (had) return;
  // Its own registration leaves most limits at WebGPU's least.
  if (findBackendFactory(WEBGPU) !== null) removeBackend(WEBGPU);
  registerBackend(WEBGPU, () => start(WebGPUBackend, gpu));
  registerWebgpuKernels(WEBGPU);
}

const isNode = (): boolean => builtin('node:module') !== undefined;

const driver = (): string =>
  isNode() && builtin<typeof import('node:os')>('node:os')?.platform() === 'linux'
    ? 'it needs a GPU with a Vulkan driver (`vulkaninfo --summary` shows both)'
    : 'it needs a GPU and its driver';

const remedied = (message: string, remedy: string): Error =>
  Object.assign(new Error(message), { remedy });

async function bestAdapter(gpu: Gpu): Promise<Adapter> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw remedied('no GPU is offered here', driver());
  return adapter;
}

async function bringPackage(): Promise<Package> {
  const [module, url] = [
    builtin<typeof import('node:module')>('node:module'),
    builtin<typeof import('node:url')>('node:url'),
  ];
  if (module === undefined || url === undefined) {
    try {
      return (await import('@tensorflow/tfjs-backend-webgpu')) as unknown as Package;
    } catch (cause) {
      throw Object.assign(new Error(`${PACKAGE} is not installed`, { cause }), {
        remedy: `npm install ${PACKAGE}`,
      });
    }
  }
  const [file, dawn] = [findPackage(WEBGPU, PACKAGE), findPackage(WEBGPU, 'webgpu')];
  if (file === undefined || dawn === undefined) throw new Error('it is not set up here');
  if (lacksVulkan()) throw remedied("Vulkan's library is not here", driver());
  const bring = module.createRequire(file);
  shareCore(module, bring, ['@tensorflow/tfjs-core']);
  const found = bring(file) as Package;
  provideGpu(await import(/* @vite-ignore */ url.pathToFileURL(dawn).href));
  return found;
}

/** A device with all that the adapter has: large tensors need it. */
async function start(WebGPUBackend: Package['WebGPUBackend'], gpu: Gpu): Promise<WebgpuBackend> {
  // An adapter gives one device only.
  const adapter = await bestAdapter(gpu);
  const device = await adapter.requestDevice({
    requiredFeatures: ['timestamp-query'].filter((feature) => adapter.features.has(feature)),
    requiredLimits: describeAdapter(adapter).limits,
  });
  const backend = failingLoudly(new WebGPUBackend(device, adapter.info));
  return isNode() ? readingNow(backend) : backend;
}

/** Lets reading throw what the device refused to compute: tfjs would return zeros. */
function failingLoudly(backend: WebgpuBackend): WebgpuBackend {
  let refused: string | undefined;
  backend.device.onuncapturederror = ({ error }) => {
    refused ??= error.message.split('\n').slice(0, 2).join(' ');
  };
  const check = <T>(values: T): T => {
    if (refused === undefined) return values;
    const message = refused;
    refused = undefined;
    throw new Error(`webgpu: the GPU refused a kernel, its results are not there: ${message}`);
  };
  const [read, readSync] = [backend.read.bind(backend), backend.readSync.bind(backend)];
  backend.read = async (dataId) => {
    // Held while it is read: tfjs forgets to, and fails where the tensor is disposed meanwhile.
    backend.incRef(dataId);
    try {
      return check(await read(dataId));
    } finally {
      backend.disposeData(dataId);
    }
  };
  backend.readSync = (dataId) => check(readSync(dataId));
  return backend;
}

/** `dataSync` for Node: tfjs's own needs a canvas. */
function readingNow(backend: WebgpuBackend): WebgpuBackend {
  const own = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    const stored = backend.tensorMap.get(dataId);
    if (stored.values == null && stored.resource !== undefined) {
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.submitQueue();
      const bytes = readNow(backend.device, stored.resource);
      stored.values = util.convertBackendValuesAndArrayBuffer(bytes, stored.dtype);
    }
    return own(dataId);
  };
  return backend;
}
