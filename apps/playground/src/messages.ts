import type { BackendReport } from '@twocan/backend';
import type { NamedFile } from '@twocan/data/web';
import type {
  Dot,
  Picture,
  PictureRow,
  Point,
  PretrainConfig,
  Scores,
  Settings,
} from '@twocan/pretrain';

/** What a person can take away. */
export type Download = 'run' | 'npy' | 'jsonl' | 'onnx';

/** Where images come from: files, or else drawings. */
export type Source = 'drawings' | 'files';

/** What is seen in one step: of the crops that are shown, and of the batch that is trained on. */
export type Phases = {
  readonly images: number;
  readonly rows: readonly PictureRow[];
  /** The crops with their hidden patches left out, before noise; nothing where none are hidden. */
  readonly hidden?: readonly Picture[];
  /** Patches of a crop: how many there are, and how many the encoder gets. */
  readonly patches: { readonly all: number; readonly visible: number };
  /** Numbers of a token, and of what the projector makes of an image. */
  readonly widths: { readonly encoder: number; readonly projector?: number };
  /** Cosines of first crops (rows) with second crops (columns); nothing without a contrast. */
  readonly alike?: readonly (readonly number[])[];
  readonly line: StepLine;
};

/** What is looked for among all images. */
export type Wanted =
  | { readonly find: 'page'; readonly first: number }
  | { readonly find: 'near'; readonly image: number }
  | { readonly find: 'pairs'; readonly least: number };

/** An image among all. */
export type FoundPicture = {
  readonly image: number;
  readonly name: string;
  readonly picture: Picture;
};

/** What was found; `cosines` are of all pictures but the first of `near`, and of each two of `pairs`. */
export type SearchReport = { readonly pictures: readonly FoundPicture[] } & (
  | { readonly kind: 'page'; readonly first: number; readonly total: number }
  | { readonly kind: 'near'; readonly cosines: readonly number[] }
  | {
      readonly kind: 'pairs';
      readonly least: number;
      readonly total: number;
      readonly cosines: readonly number[];
    }
);

/** What the page asks of the worker. */
export type Request =
  /** Begins anew; with `goOn`, a run with the same settings that was saved here is gone on with. */
  | {
      readonly type: 'open';
      readonly settings: Settings;
      readonly source: Source;
      readonly goOn: boolean;
      /** The run that was dropped, in place of a new one. */
      readonly dropped: boolean;
    }
  /** Reads images for the next run. */
  | { readonly type: 'images'; readonly files: readonly NamedFile[] }
  | { readonly type: 'play' | 'pause' | 'step' | 'umap' | 'crops' | 'save' }
  | { readonly type: 'pick'; readonly image: number }
  | ({ readonly type: 'search' } & Wanted)
  /** Takes one step, and shows what happens in it. */
  | { readonly type: 'phases' }
  /** Computes on none of these backends, which were lost; the first request. */
  | { readonly type: 'start'; readonly without: readonly string[] }
  | { readonly type: 'download'; readonly what: Download };

/** One step of training, as it is kept and drawn. */
export type StepLine = {
  readonly step: number;
  readonly learningRate: number;
  readonly millis: number;
  readonly metrics: Readonly<Record<string, number>>;
};

/** The scores of an evaluation, on the same images as those of `twocan pretrain`. */
export type EvaluationLine = {
  readonly step: number;
  readonly scores: Scores;
  readonly millis: number;
};

/** Images that are looked at again and again, the same through a run. */
export type Gallery = {
  readonly pictures: readonly Picture[];
  readonly names: readonly string[];
  readonly classes: readonly string[];
  /** Empty where classes are not known. */
  readonly labels: readonly number[];
};

/** Something of three kinds of features. */
export type Beside<T> = { readonly trained: T; readonly untrained: T; readonly pixels: T };

/** What the features of the gallery are like after a step. */
export type FeaturesLook = {
  readonly step: number;
  readonly points: readonly Dot[];
  /** Share of the variance that the map shows. */
  readonly explained: number;
  /** How many directions features use. */
  readonly rank: number;
  /** How far features of different images are apart: their variance as a share of their mean square. */
  readonly spread: number;
  readonly width: number;
  /** Share of the five nearest neighbours that are of the same class; absent where classes are not known. */
  readonly purity?: Beside<number>;
};

/** The neighbours of a picture of the gallery, nearest first. */
export type Neighbours = { readonly image: number; readonly near: Beside<readonly number[]> };

/** What is computed on, and why. */
export type Machine = Pick<BackendReport, 'name' | 'threads' | 'device'> & { readonly why: string };

/** What the worker has to say. */
export type Report =
  | { readonly type: 'machine'; readonly machine: Machine }
  | {
      readonly type: 'begun';
      readonly config: PretrainConfig;
      readonly settings: Settings;
      readonly step: number;
      readonly lines: readonly StepLine[];
      readonly evaluations: readonly EvaluationLine[];
      /** Whether the classes of the images are known. */
      readonly labelled: boolean;
      /** What is trained on. */
      readonly about: string;
      readonly source: Source;
      /** Whether it was read from what this browser keeps. */
      readonly resumed: boolean;
      /** Whether it can be trained on: its images are here. */
      readonly trains: boolean;
      /** The command that goes on outside of the tab. */
      readonly command: string;
    }
  | { readonly type: 'gallery'; readonly gallery: Gallery }
  | { readonly type: 'playing'; readonly playing: boolean; readonly finished: boolean }
  | { readonly type: 'line'; readonly line: StepLine; readonly imagesPerSecond: number }
  | { readonly type: 'evaluation'; readonly line: EvaluationLine }
  | {
      readonly type: 'pictures';
      readonly step: number;
      readonly images: number;
      readonly rows: readonly PictureRow[];
    }
  | { readonly type: 'features'; readonly look: FeaturesLook }
  | { readonly type: 'neighbours'; readonly neighbours: Neighbours }
  | { readonly type: 'umap'; readonly step: number; readonly points: readonly Point[] }
  | {
      readonly type: 'working';
      readonly what: string;
      readonly done?: number;
      readonly total?: number;
    }
  | { readonly type: 'saved'; readonly step: number; readonly why?: string }
  | { readonly type: 'file'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly type: 'images'; readonly text: string; readonly usable: boolean }
  | { readonly type: 'phases'; readonly phases: Phases }
  | { readonly type: 'search'; readonly found: SearchReport }
  /** A run was dropped, which had these settings. */
  | { readonly type: 'run'; readonly settings: Settings; readonly source: Source }
  /** What computed is gone: another worker goes on with the run that was kept. */
  | { readonly type: 'lost'; readonly backend: string; readonly why: 'gpu' | 'memory' }
  | { readonly type: 'problem'; readonly text: string };
