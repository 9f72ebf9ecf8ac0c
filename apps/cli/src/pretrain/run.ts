import type { BackendReport } from '@twocan/backend';
import type { Communicator } from '@twocan/core';
import type { PretrainEvent } from '@twocan/pretrain';
import type { OpenedData } from '../images/datasets.ts';
import type { RunConfig } from '../run/config.ts';
import type { RunFolder } from '../run/run-folder.ts';

/** A run that is ready to go. */
export type Run = {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly data: OpenedData;
  readonly backend: BackendReport;
  readonly resume: boolean;
  /** The ranks that compute it together, of which rank 0 alone writes; one process by default. */
  readonly communicator?: Communicator;
  readonly signal: AbortSignal;
  /** Called with each event, once it is written. */
  readonly onEvent?: ((event: PretrainEvent) => unknown) | undefined;
  /** The command that goes on with it, ready to be pasted. */
  readonly goOn: string;
};
