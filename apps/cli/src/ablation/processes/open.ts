import type { BackendReport } from '@twocan/backend';
import type { FileMark } from '@twocan/data/node';
import type { Options } from '../../args/options.ts';
import { type LabelledData, openLabelled } from '../../images/datasets.ts';
import { EVERY } from '../../images/evaluation-sets.ts';
import { resolveModel } from '../../run/config.ts';
import { knowImages } from '../../run/data-identity.ts';
import { startBackend } from '../../run/start-backend.ts';

/** Labelled data whose files are known again. */
export type KnownData = LabelledData & { readonly marks?: readonly FileMark[] };

/** What all runs of an ablation compute with, and on. */
export type Common = { readonly backend: BackendReport; readonly data: KnownData };

/**
 * Starts the backend and opens the images of an ablation.
 *
 * @param base settings that all rows share
 * @param options.quiet whether the backend is not named
 * @returns both; the caller closes the data
 * @throws Failure (exit code 2) for a backend that does not load, or data without classes
 */
export async function openCommon(
  base: Options,
  { quiet = false }: { readonly quiet?: boolean } = {},
): Promise<Common> {
  const { image } = resolveModel(base).encoder;
  const backend = await startBackend({ ...base, quiet });
  const opened = await openLabelled({ ...base, most: EVERY, seen: () => true }, image);
  try {
    const known = await knowImages(opened);
    const identity = known && { images: known.identity, marks: known.marks };
    return { backend, data: { ...opened, ...identity } };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
