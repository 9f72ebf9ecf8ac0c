import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { enableProdMode, version_core } from '@tensorflow/tfjs-core';
import {
  type BackendName,
  type BackendReport,
  chooseBackend,
  type PassedOver,
  PREFERENCE,
  webgpuReport,
} from '@twocan/backend';
import { mostMemory } from '../run/enough-memory.ts';
import { NO_SHARP } from '../terminal/error-text.ts';
import { progressOf } from '../terminal/progress.ts';
import { nvidiaDevices } from './nvidia-devices.ts';

/** The limits of a GPU that decide how large a model and a batch it takes. */
const LIMITS: readonly (readonly [name: string, words: string, bytes: boolean])[] = [
  ['maxBufferSize', 'a buffer', true],
  ['maxStorageBufferBindingSize', 'a tensor', true],
  ['maxComputeWorkgroupStorageSize', 'shared by a workgroup', true],
  ['maxComputeInvocationsPerWorkgroup', 'threads of a workgroup', false],
  ['maxComputeWorkgroupsPerDimension', 'workgroups', false],
];

/** What WebGPU computes on, in lines under its own. */
function webgpuLines(): string[] {
  const report = webgpuReport();
  if (report === undefined) return [];
  const { adapter, driver, software, limits } = report;
  const most = LIMITS.map(([name, words, bytes]) => {
    const limit = limits[name];
    if (limit === undefined) return `${words} –`;
    if (!bytes) return `${words} ${limit}`;
    return `${words} ${limit < 2 ** 20 ? `${limit / 2 ** 10} KB` : `${limit / 2 ** 20} MB`}`;
  });
  return [
    `  adapter    ${adapter}${software ? ', played by the processor: auto passes it over' : ''}`,
    ...(driver === '' ? [] : [`  driver     ${driver}`]),
    `  at most    ${most.join(', ')}`,
  ];
}

const INSTRUCTIONS: Readonly<Record<string, string>> = {
  avx512: 'AVX-512',
  avx2: 'AVX2',
  neon: 'NEON',
  plain: 'plain code',
};

const gigabytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);

/** What a backend that loads computes with. */
function meansOf({ name, device, threads, instructions, memory: limit }: BackendReport): string {
  if (device !== null) return `loads; on ${device}`;
  const own = instructions === null ? '' : `${INSTRUCTIONS[instructions] ?? instructions}, `;
  const most = limit ?? mostMemory(name);
  const memory = Number.isFinite(most) ? `, at most ${gigabytes(most)} GB of memory` : '';
  return `loads; ${own}${threads ?? 'its own number of'} thread(s)${memory}`;
}

/** Everything else can be looked at without it. */
const sharpVersions = (): Promise<string> =>
  import('sharp').then(
    ({ default: { versions } }) => `${versions.sharp ?? '?'}, libvips ${versions.vips}`,
    () => NO_SHARP,
  );

/**
 * Tries every backend and describes the machine.
 *
 * @returns lines of text
 */
export async function examine(): Promise<string[]> {
  enableProdMode(); // else tfjs's cpu backend prints an advertisement
  const lines = [
    `node         ${process.version} on ${process.platform} ${process.arch}`,
    `processor    ${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} threads available`,
    `memory       ${gigabytes(freemem())} of ${gigabytes(totalmem())} GB free`,
    `tfjs-core    ${version_core}`,
    `sharp        ${await sharpVersions()}`,
  ];
  const loaded: BackendName[] = [];
  const progress = progressOf('trying backends');
  for (const [i, name] of PREFERENCE.entries()) {
    progress.count(i, PREFERENCE.length);
    const words = await chooseBackend(name).then(
      (report) => {
        loaded.push(name);
        return meansOf(report);
      },
      ({ passedOver: [own] = [] }: Error & { passedOver?: readonly PassedOver[] }) =>
        own === undefined ? 'does not load' : `${own.why}; ${own.remedy}`,
    );
    lines.push(`${name.padEnd(12)} ${words}`);
    if (name === 'webgpu') lines.push(...webgpuLines());
    if (name === 'node-gpu') lines.push(...nvidiaDevices().map((line) => `  device     ${line}`));
  }
  progress.count(PREFERENCE.length, PREFERENCE.length);
  const best = loaded.find((name) => name !== 'webgpu' || webgpuReport()?.software === false);
  lines.push(`auto takes   ${best}`);
  if (best !== 'node-gpu' && best !== 'webgpu') {
    lines.push(
      'faster       twocan setup node-gpu, where there is an NVIDIA GPU; setup webgpu, for others',
    );
  }
  return lines;
}
