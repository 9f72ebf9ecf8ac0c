import type { CanParams } from '@twocan/can';
import type { Communicator } from '@twocan/core';
import type { Dataset } from '@twocan/data';
import type { PretrainConfig } from '../config.ts';
import type { Compared } from '../features/comparison.ts';
import type { LabelledSets } from '../features/sides.ts';
import type { FeatureMap } from '../map/feature-map.ts';
import type { PictureRow } from '../pictures/draw.ts';
import type { Progress } from '../progress.ts';
import type { Evaluation } from './evaluate.ts';
import type { PretrainState } from './state.ts';

/** One thing that happens in a run. */
export type PretrainEvent =
  /** First: the run, resolved, and after which step it goes on; 0 for a new one. */
  | { readonly type: 'begin'; readonly config: PretrainConfig; readonly step: number }
  | {
      readonly type: 'step';
      /** How many steps are done, this one included. */
      readonly step: number;
      /** `loss`, the terms of the method, `gradNorm` and more. */
      readonly metrics: { readonly [name: string]: number };
      /** The rate that this step used. */
      readonly learningRate: number;
      /** Wall time of the step, waiting for its batch included. */
      readonly millis: number;
      /** Lent until the next event, to look at: whether all its numbers are finite is looked at before a checkpoint. */
      readonly state: PretrainState;
    }
  /** `state` is lent, and all its numbers are finite: save it before asking for the next event. */
  | { readonly type: 'checkpoint'; readonly state: PretrainState }
  /** Where the features lie; with UMAP at the end of the run. */
  | { readonly type: 'map'; readonly step: number; readonly map: FeatureMap }
  | { readonly type: 'pictures'; readonly step: number; readonly rows: readonly PictureRow[] }
  /** After map and pictures: all that belongs to the checkpoint of its step was handed out. */
  | (Evaluation & {
      readonly type: 'evaluation';
      /** Wall time of the evaluation. */
      readonly millis: number;
    })
  | {
      readonly type: 'done';
      /** The caller's, to keep or to dispose. */
      readonly state: PretrainState;
      /** Whether the signal ended the run. */
      readonly aborted: boolean;
      /** Top-1 accuracies of nearest neighbours in [0, 1], where classes are known. */
      readonly knn?: Compared<number>;
    };

/** What a run needs besides its settings. */
export type PretrainOptions = {
  /** The images to train on. */
  readonly dataset: Dataset;
  /** Labelled images for k-NN; without them features are measured by their effective rank alone. */
  readonly evaluation?: LabelledSets | undefined;
  /** The parameters that the run begins with, borrowed until it ends; drawn by default. */
  readonly initial?: CanParams | undefined;
  /** Where to go on: of a checkpoint of the same run. It is taken over and disposed. */
  readonly state?: PretrainState | undefined;
  /** Evaluations that were handed out before: they are not made again. */
  readonly evaluations?: readonly Evaluation[];
  /** Stops between two steps, after a checkpoint. An `AbortSignal` fits. */
  readonly signal?: { readonly aborted: boolean } | undefined;
  /**
   * The ranks that compute the run together, each of them with these settings and images; one process by default.
   * `batch` and `microBatch` are those of all ranks. Rank 0 alone evaluates.
   */
  readonly communicator?: Communicator;
  /** Called with the progress of work that can take more than a moment. */
  readonly progress?: Progress;
};
