import type { Options } from '../args/options.ts';
import type { Row } from './grid.ts';
import type { Budget } from './plan.ts';

/** Options of `twocan ablate`. */
export type AblationRequest = {
  readonly grid: string;
  readonly rows: readonly Row[];
  readonly base: Options;
  readonly seeds: number;
  readonly budgets: readonly Budget[];
  readonly out: string;
  /** How many runs are trained side by side, each in a process of its own; 1 is this process. */
  readonly jobs: number;
  /** The difference that its power is planned for, in percentage points. */
  readonly points: number;
  /** Whether nothing is trained. */
  readonly planOnly: boolean;
  /** Where the config of each row goes, in place of a folder in `out`. */
  readonly configs?: string;
};
