import { findBackendFactory, type KernelBackend, registerBackend } from '@tensorflow/tfjs-core';
import { builtin } from './builtin.ts';
import { restoreUtil } from './missing-in-node.ts';
import { findPackage } from './set-up-folders.ts';
import { shareCore } from './share-core.ts';

type Binding = { readonly TF_Version: string; isUsingGpuDevice(): boolean };
type Backend = new (binding: Binding, name: string) => KernelBackend;

let loaded: string | undefined;

/** The name under which tfjs-node's kernels are registered. */
export const TENSORFLOW = 'tensorflow';

/**
 * Registers TensorFlow's own library as a tfjs backend, by the addon of `@tensorflow/tfjs-node`.
 *
 * Its kernels and its addon alone are loaded. Its index would bring the union package, and with it a
 * second cpu backend, webgl, and gradients that would take the place of those registered here.
 *
 * @param name `node` or `node-gpu`; the second refuses to work without a CUDA device
 * @throws Error if the package or its addon is missing or does not load, or TensorFlow sees no device
 */
export async function loadTensorFlow(name: 'node' | 'node-gpu'): Promise<void> {
  const [module, fs, path] = [
    builtin<typeof import('node:module')>('node:module'),
    builtin<typeof import('node:fs')>('node:fs'),
    builtin<typeof import('node:path')>('node:path'),
  ];
  if (module === undefined || fs === undefined || path === undefined) {
    throw new Error('TensorFlow needs Node');
  }
  const packageName = `@tensorflow/tfjs-${name}`;
  const manifest = findPackage(name, `${packageName}/package.json`);
  if (manifest === undefined) throw new Error('it is not set up here');
  const folder = path.dirname(manifest);
  // 0 all, 1 no chatter about the processor, 2 no warnings.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const bring = module.createRequire(manifest);
  const binding = loadAddon(bring, newestAddon(fs, path, path.join(folder, 'lib')));
  if (name === 'node-gpu' && !binding.isUsingGpuDevice()) {
    throw Object.assign(new Error(`TensorFlow ${binding.TF_Version} sees no CUDA device here`), {
      remedy: 'it needs an NVIDIA GPU and its driver (`nvidia-smi` shows both)',
    });
  }
  // tfjs knows both by one name.
  if (loaded !== undefined && loaded !== name) {
    throw Object.assign(new Error(`this process computes on ${loaded} already`), {
      remedy: 'each needs a process of its own',
    });
  }
  loaded = name;
  if (findBackendFactory(TENSORFLOW) !== null) return;
  restoreUtil();
  shareCore(module, bring, ['@tensorflow/tfjs', '@tensorflow/tfjs-core']);
  bring(path.join(folder, 'dist/register_all_kernels.js'));
  const { NodeJSKernelBackend } = bring(path.join(folder, 'dist/nodejs_kernel_backend.js')) as {
    NodeJSKernelBackend: Backend;
  };
  registerBackend(TENSORFLOW, () => new NodeJSKernelBackend(binding, packageName));
}

/** Addons lie in one folder per version of Node's binary interface: `lib/napi-v8`. */
function newestAddon(
  fs: typeof import('node:fs'),
  path: typeof import('node:path'),
  lib: string,
): string {
  const versions = (fs.existsSync(lib) ? fs.readdirSync(lib) : [])
    .map((name) => Number(/^napi-v(\d+)$/.exec(name)?.[1]))
    .filter((version) => version <= Number(process.versions.napi));
  const addon = path.join(lib, `napi-v${Math.max(...versions)}`, 'tfjs_binding.node');
  if (!fs.existsSync(addon)) throw new Error(`there is no addon in ${lib}`);
  return addon;
}

function loadAddon(bring: NodeJS.Require, addon: string): Binding {
  try {
    return bring(addon) as Binding;
  } catch (cause) {
    throw new Error(`its addon does not load: ${(cause as Error).message.split('\n')[0]}`, {
      cause,
    });
  }
}
