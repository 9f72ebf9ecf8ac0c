import { cpus } from 'node:os';
import { enableProdMode, version_core } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { simdReport } from '@twocan/backend-simd';
import { startTorch, type TorchProcess } from './torch.ts';

/**
 * Makes simd current, and starts PyTorch with as many threads where TORCH_PYTHON names an interpreter;
 * prints what is measured with what.
 *
 * @param what what is measured, in words
 * @param threadsWord how many threads; undefined: as many as there are processors
 * @param script of `torch/`
 * @param settings its first line, given the threads
 * @returns PyTorch's process, or undefined
 */
export async function simdBesideTorch(
  what: string,
  threadsWord: string | undefined,
  script: string,
  settings: (threads: number) => unknown,
): Promise<TorchProcess | undefined> {
  enableProdMode();
  await chooseBackend('simd', threadsWord === undefined ? {} : { threads: Number(threadsWord) });
  const report = simdReport();
  const threads = report?.threads ?? 1;
  console.log(
    `${what}; ${cpus()[0]?.model}, simd with ${threads} threads (${report?.instructions}), ` +
      `tfjs-core ${version_core}, Node ${process.version}`,
  );
  const python = process.env.TORCH_PYTHON;
  const torch =
    python === undefined ? undefined : await startTorch(python, script, settings(threads));
  console.log(
    torch?.about ?? 'without PyTorch: TORCH_PYTHON names no interpreter that has torch and timm',
  );
  return torch;
}
