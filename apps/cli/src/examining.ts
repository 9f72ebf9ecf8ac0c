import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { enableProdMode, version_core } from '@tensorflow/tfjs-core';
import { type BackendName, chooseBackend } from '@twocan/backend';
import sharp from 'sharp';

const BACKENDS: readonly BackendName[] = ['node-gpu', 'simd', 'node', 'wasm', 'cpu'];

/**
 * Tries every backend and describes the machine.
 *
 * @returns lines of text
 */
export async function examine(): Promise<string[]> {
  enableProdMode(); // else tfjs's cpu backend prints an advertisement
  const gigabytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);
  const lines = [
    `node         ${process.version} on ${process.platform} ${process.arch}`,
    `processor    ${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} threads available`,
    `memory       ${gigabytes(freemem())} of ${gigabytes(totalmem())} GB free`,
    `tfjs-core    ${version_core}`,
    `sharp        ${sharp.versions.sharp ?? '?'}, libvips ${sharp.versions.vips}`,
  ];
  const loaded: BackendName[] = [];
  for (const name of BACKENDS) {
    const words = await chooseBackend(name).then(
      (report) => {
        loaded.push(name);
        return `loads; ${report.threads ?? 'its own number of'} thread(s)`;
      },
      (error: Error) => error.message.split(`${name}: `).at(-1)?.split('\n')[0] ?? 'does not load',
    );
    lines.push(`${name.padEnd(12)} ${words}`);
  }
  const best = loaded[0];
  lines.push(`auto takes   ${best}`);
  if (best === 'simd' || best === 'wasm' || best === 'cpu') {
    lines.push('faster       twocan setup node-gpu, where there is an NVIDIA GPU');
  }
  return lines;
}
