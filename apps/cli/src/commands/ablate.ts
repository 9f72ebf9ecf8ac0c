import { choice, setting, text, whole } from '@twocan/pretrain/settings';
import { GRIDS, type GridName, PAPER } from '../ablation/grid.ts';
import { command } from '../args/command.ts';
import { onlyOneLength, SHARED } from '../args/options.ts';

const group = 'Ablation';
const names = Object.keys(GRIDS) as readonly GridName[];

/** `twocan ablate`: which part of the method does what. */
export const ablate = command(
  {
    settings: {
      grid: setting(choice(names), {
        group,
        default: 'paper',
        text: `What to vary; paper is ${PAPER.length} of the others (${PAPER.join(', ')})`,
      }),
      seeds: setting(whole({ min: 1 }), {
        group,
        default: 3,
        text: 'Runs of each row, from --seed on',
      }),
      budget: setting(choice(['steps', 'flops', 'both']), {
        group,
        default: 'both',
        text: 'Train all rows for the same steps, for the same FLOPs, or both, a column each',
      }),
      out: setting(text, {
        group,
        hint: 'DIR',
        needed: true,
        text: 'Where runs and table go; the same command goes on where it was interrupted',
      }),
      ...SHARED,
    },
    examples: [
      'twocan ablate --grid paper --data photos --preset tiny32 --epochs 50 --out ablation',
      'twocan ablate --grid losses --data photos --steps 1000 --seeds 5 --out ablation',
    ],
  },
  async ({ grid, seeds, budget }, { grid: _, seeds: __, budget: ___, out, ...base }) => {
    const budgets = budget === 'both' ? (['steps', 'flops'] as const) : [budget];
    // Loaded here, so that --help and wrong usage answer at once.
    const { ablate: run } = await import('../ablation/ablate.ts');
    return run({ grid, rows: GRIDS[grid], base: onlyOneLength(base), seeds, budgets, out });
  },
);
