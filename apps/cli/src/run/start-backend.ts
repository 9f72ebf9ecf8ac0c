import { enableProdMode } from '@tensorflow/tfjs-core';
import { type BackendReport, chooseBackend } from '@twocan/backend';
import type { Machine } from '../args/machine.ts';
import { hasCode, reasonOf, usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';

/**
 * Names the backend, the reason, and the backends that were passed over; `twocan doctor` has the remedies.
 *
 * @param report what was chosen
 * @returns one line
 */
export function backendLine({ name, why, passedOver }: BackendReport): string {
  const over = passedOver.map((other) => `${other.name} (${other.why})`).join(', ');
  return `backend ${name}: ${why}${over === '' ? '' : `; passed over: ${over}`}`;
}

/**
 * Makes the wanted backend tfjs's current one, and prints its name on standard error.
 *
 * @param machine a backend or `auto`, which it is unless given, and its threads; `quiet` where nothing
 *   is computed that a backend matters for; `share`, the threads where no number is asked for
 * @returns what was chosen
 * @throws Failure (exit code 2) saying what to install when it is missing
 */
export async function startBackend({
  backend = 'auto',
  threads,
  quiet = false,
  share,
}: Pick<Machine, 'backend' | 'threads'> & {
  readonly quiet?: boolean;
  readonly share?: number | undefined;
}): Promise<BackendReport> {
  enableProdMode(); // else tfjs's cpu backend prints an advertisement
  try {
    const report = await withoutAborts(() => chooseBackend(backend, threadsOf(threads ?? share)));
    if (threads !== undefined && report.threads !== threads) {
      message(
        `--threads ${threads} changes nothing: the backend ${report.name} takes the number that it likes; only native and simd are given one`,
      );
    }
    if (!quiet) message(backendLine(report));
    return report;
  } catch (error) {
    throw hasCode(error, 'BACKEND_MISSING') ? usageError(reasonOf(error), error) : error;
  }
}

/** Nothing leaves the choice to the backend, which heeds TWOCAN_THREADS; so does a share. */
function threadsOf(threads: number | undefined): { readonly threads?: number } {
  return threads === undefined ? {} : { threads };
}

/** Does some work without the lines that a WebAssembly module prints when it cannot start. */
async function withoutAborts<T>(work: () => Promise<T>): Promise<T> {
  const { warn, error } = console;
  const quiet =
    (print: typeof warn) =>
    (...parts: readonly unknown[]): void => {
      if (!/^Aborted\(|^failed to asynchronously prepare wasm/.test(String(parts[0]))) {
        print(...parts);
      }
    };
  Object.assign(console, { warn: quiet(warn), error: quiet(error) });
  try {
    return await work();
  } finally {
    Object.assign(console, { warn, error });
  }
}
