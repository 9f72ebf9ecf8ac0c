import type { BackendName } from '@twocan/backend';
import { errorText } from '../terminal/error-text.ts';
import { EXIT, exitCodeOf } from '../terminal/failure.ts';
import { checkBackend } from './check-backend.ts';

/** What the check of a backend found: its exit code, and lines for the user. */
export type CheckOutcome = { readonly code: number; readonly words: string };

// A program of its own: a library that does not fit can end the whole process.
const outcome = await checkBackend(process.argv[2] as BackendName).then(
  (words): CheckOutcome => ({ code: EXIT.done, words }),
  (error): CheckOutcome => ({ code: exitCodeOf(error), words: errorText(error, []) }),
);
process.send?.(outcome, () => process.exit(outcome.code));
