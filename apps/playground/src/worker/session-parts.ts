import type { Settings } from '@twocan/pretrain';
import type { Machine, Report, Source, Wanted } from '../messages.ts';
import type { RunImages } from './images.ts';
import type { RunFolder } from './run-folder.ts';
import type { SavedRun } from './saved-run.ts';
import type { Taken } from './take-away.ts';

/** What a run begins with. */
export type Beginning = {
  readonly settings: Settings;
  readonly source: Source;
  readonly images: RunImages;
  readonly machine: Machine;
  /** A run with the same settings that was saved before. */
  readonly saved?: { readonly run: SavedRun; readonly checkpoint: Uint8Array } | undefined;
  /** A run that was dropped; its images may not be here. */
  readonly dropped?: (RunFolder & { readonly trains: boolean }) | undefined;
  readonly report: (report: Report) => void;
};

/** A run that is looked at while it goes, step by step. */
export type Session = {
  /** Takes one step, with all that is due then; false at the end of the run. */
  readonly advance: (options: { readonly look: boolean }) => Promise<boolean>;
  /** Shows what takes a moment and is not needed for a step; nothing where that is done. */
  readonly settle: () => Promise<void>;
  readonly search: (wanted: Wanted) => Promise<void>;
  /** Takes one step as {@link Session.advance} does, and shows what happens in it. */
  readonly phases: () => Promise<boolean>;
  readonly otherCrops: () => Promise<void>;
  readonly pick: (image: number) => void;
  readonly umap: () => void;
  /** Everything to save or to take away; nothing before the first step. */
  readonly taken: () => Taken | undefined;
  readonly save: () => Promise<
    { readonly run: SavedRun; readonly checkpoint: Uint8Array<ArrayBuffer> } | undefined
  >;
  readonly close: () => Promise<void>;
};
