import { choice, flag, number, setting, text, whole } from '@twocan/pretrain/settings';
import { GRIDS, type GridName, PAPER } from '../ablation/grid.ts';
import { command } from '../args/command.ts';
import { type Options, onlyOneLength, SHARED } from '../args/options.ts';

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
      jobs: setting(whole({ min: 1 }), {
        group,
        default: 1,
        text: 'Runs side by side, each a process of its own with --threads (its share of the processors unless given)',
      }),
      points: setting(number({ above: 0, max: 100 }), {
        group,
        default: 1,
        text: 'Percentage points between two rows that the table says the needed seeds for',
      }),
      plan: setting(flag, {
        group,
        default: false,
        text: 'Train nothing: say what a claim needs by the runs that are done, such as --seeds 3 of them',
      }),
      configs: setting(text, {
        group,
        hint: 'DIR',
        usual: 'configs in --out',
        text: 'Where a file for each row goes, for twocan pretrain --config',
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
  async ({ grid, seeds, budget, jobs, points, plan }, given) => {
    const shared = Object.entries(given).filter(([name]) => Object.hasOwn(SHARED, name));
    const base: Options = onlyOneLength(Object.fromEntries(shared));
    const { out, configs } = given;
    const budgets = budget === 'both' ? (['steps', 'flops'] as const) : [budget];
    // Loaded here, so that --help and wrong usage answer at once.
    const { ablate: run } = await import('../ablation/ablate.ts');
    return run({
      ...{ grid, rows: GRIDS[grid], base, seeds, budgets, out, jobs, points },
      planOnly: plan,
      ...(configs !== undefined && { configs }),
    });
  },
);
