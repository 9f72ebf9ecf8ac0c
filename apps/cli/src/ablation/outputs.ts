import { join } from 'node:path';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import { testClaims } from './claims.ts';
import { type Baselines, linesOf, type Result } from './lines.ts';
import { ablationPage } from './page.ts';
import type { Plan } from './plan.ts';
import { millisOfSeed, type PowerPlan, planPower } from './power/needs.ts';
import { needsMarkdown } from './power/needs-table.ts';
import type { AblationRequest } from './request.ts';
import { markdownOf } from './table.ts';

/** What the files of an ablation are made of, beside the results. */
type About = Pick<AblationRequest, 'grid' | 'base' | 'points' | 'jobs' | 'seeds'> & {
  readonly baselines: Baselines;
  readonly about: string;
  readonly plan: Plan;
};

/** Results by name of the run. */
type Results = Readonly<Record<string, Result>>;

/**
 * What a difference needs, by the results so far.
 *
 * @param results of the runs that are done
 * @param of the plan, the difference in points, and how many seeds and jobs there are
 * @returns numbers and parts of a document; nothing while no claim has two seeds
 */
export function needsOfResults(
  results: Results,
  { plan, points, jobs, seeds }: Pick<About, 'plan' | 'points' | 'jobs' | 'seeds'>,
): { readonly power: PowerPlan | undefined; readonly text: readonly string[] } {
  const lines = linesOf(plan.cells, results);
  const power = planPower(lines, testClaims(lines), points / 100);
  const millis = millisOfSeed(plan.runs, results, seeds);
  return { power, text: needsMarkdown(power, { millis, jobs }) };
}

/**
 * Makes what writes the table, the plots and the numbers of an ablation.
 *
 * @param out its folder
 * @param of what all rows share
 * @returns writes `ablation.json`, `.md` and `.html` of the results so far, and gives the table
 */
export function outputsOf(out: string, of: About): (results: Results) => Promise<string> {
  const { grid, base, plan, baselines, about } = of;
  return async (results) => {
    const lines = linesOf(plan.cells, results);
    const claims = testClaims(lines);
    const { power, text } = needsOfResults(results, of);
    const all = { grid, about, base, baselines, lines, claims, ...(power && { power }) };
    const table = markdownOf(lines, baselines, about, text);
    await writeFileAtomic(join(out, 'ablation.json'), JSON.stringify(all, null, 2));
    await writeFileAtomic(join(out, 'ablation.md'), table);
    await writeFileAtomic(join(out, 'ablation.html'), ablationPage(lines, baselines, about));
    return table;
  };
}
