import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PeerCommand } from './peer.ts';

const fileOf = (name: string): string =>
  fileURLToPath(new URL(`../torch/${name}`, import.meta.url));

/**
 * The interpreter that TORCH_PYTHON names.
 *
 * @throws Error where it names none
 */
export function torchPython(): string {
  const python = process.env.TORCH_PYTHON;
  if (!python) {
    throw new Error('TORCH_PYTHON names no interpreter that has goldens/make/requirements.txt');
  }
  return python;
}

/**
 * glibc keeps freed memory and asks for huge pages: the fastest of what was tried beside its defaults, PyTorch's
 * THP_MEM_ALLOC_ENABLE, jemalloc and tcmalloc (the last two are as fast).
 */
const ALLOCATOR = [
  'glibc.malloc.hugetlb=1',
  'glibc.malloc.mmap_threshold=4294967296',
  'glibc.malloc.trim_threshold=68719476736',
  'glibc.malloc.top_pad=268435456',
].join(':');

/** Instruction sets as PyTorch, MKL and oneDNN name them; without one each takes its best. */
const INSTRUCTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  avx2: {
    ATEN_CPU_CAPABILITY: 'avx2',
    MKL_ENABLE_INSTRUCTIONS: 'AVX2',
    ONEDNN_MAX_CPU_ISA: 'AVX2',
  },
};

/** How PyTorch is run. */
export type TorchOptions = {
  /** `avx2`, or undefined for the best. */
  readonly instructions?: string | undefined;
  /** Lets MKL take the code that it has for Intel processors. */
  readonly asOnIntel?: boolean;
};

/**
 * A script of `torch/`, to be started.
 *
 * @param script its name
 * @param options how PyTorch is run
 * @throws Error where there is no interpreter, or what is wanted cannot be had
 */
export function torchCommand(script: string, options: TorchOptions = {}): PeerCommand {
  const { instructions, asOnIntel = false } = options;
  const forced = instructions === undefined ? {} : INSTRUCTIONS[instructions];
  if (forced === undefined) throw new Error(`PyTorch has no way to force ${instructions}`);
  return {
    command: torchPython(),
    args: [fileOf(script)],
    environment: {
      GLIBC_TUNABLES: ALLOCATOR,
      ...forced,
      ...(asOnIntel ? { LD_PRELOAD: libraryAsOnIntel() } : {}),
    },
  };
}

/** Whether MKL, which PyTorch multiplies with, would not take its best code on this processor by itself. */
export const isOtherProcessor = (): boolean => !/Intel/.test(cpus()[0]?.model ?? '');

/** Compiles `as_on_intel.c`. */
function libraryAsOnIntel(): string {
  const library = join(mkdtempSync(join(tmpdir(), 'twocan-bench-')), 'as_on_intel.so');
  const args = ['-shared', '-fPIC', '-o', library, fileOf('as_on_intel.c')];
  const { status } = spawnSync('cc', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('it needs a C compiler, cc');
  return library;
}
