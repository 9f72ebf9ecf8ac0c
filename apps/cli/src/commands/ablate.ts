import { GRIDS } from '../ablation/grid.ts';
import { command } from '../args/command.ts';
import { flagsOf } from '../args/help.ts';
import { parseOptions } from '../args/options.ts';
import { SETTINGS } from '../args/settings.ts';
import { choiceOr, numberOr, required } from '../args/words.ts';
import { usageError } from '../terminal/failure.ts';

const GRID = 'Ablation';

// The rows say which losses there are; what else they vary they lay over the rest.
const { data, method: _, ...settings } = flagsOf(SETTINGS);

const names = Object.keys(GRIDS);

/** `twocan ablate`: which part of the method does what. */
export const ablate = command(
  {
    name: 'ablate',
    description: 'Train the method without some of its parts, and compare',
    flags: {
      grid: {
        ...{ type: 'string', group: GRID, valueHint: 'NAME' },
        description: `What to vary: ${names.join(', ')}; default paper, which is all of the others without ${names.at(-1)}`,
      },
      seeds: {
        ...{ type: 'string', group: GRID, valueHint: 'N' },
        description: 'Runs of each row, from --seed on; default 3',
      },
      budget: {
        ...{ type: 'string', group: GRID, valueHint: 'steps|flops|both' },
        description: 'What rows have in common; default both, a column each',
      },
      out: {
        ...{ type: 'string', group: GRID, valueHint: 'DIR' },
        description: 'Where runs and table go; the same command goes on where it was interrupted',
      },
      data: {
        ...{ type: 'string', valueHint: 'DIR|shapes[:N]', group: data?.group ?? GRID },
        description: 'Folder of images, one folder a class, or built-in drawings; needed',
      },
      ...settings,
    },
    examples: [
      'twocan ablate --grid paper --data photos --preset tiny32 --epochs 50 --out ablation',
      'twocan ablate --grid losses --data photos --steps 1000 --seeds 5 --out ablation',
    ],
  },
  async (words) => {
    const grid = choiceOr(words, 'grid', names, 'paper');
    const budget = choiceOr(words, 'budget', ['steps', 'flops', 'both'] as const, 'both');
    const base = parseOptions(words);
    if (base.data === undefined)
      throw usageError('--data is needed: a folder with one folder a class, or shapes');
    const request = {
      ...{ grid, base, rows: GRIDS[grid] ?? [] },
      seeds: numberOr(words, 'seeds', 3, { min: 1, whole: true }),
      budgets: budget === 'both' ? (['steps', 'flops'] as const) : [budget],
      out: required(words, 'out', 'a folder for runs and table'),
    };
    // Loaded here, so that --help and wrong usage answer at once.
    const { ablate: run } = await import('../ablation/ablate.ts');
    return run(request);
  },
);
