import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '@twocan/checkpoint/node';
import type { Options } from '../args/options.ts';
import { withEffect } from '../pretrain/without-effect.ts';
import type { RunConfig } from '../run/config.ts';
import type { Cell } from './plan.ts';

/** What the file of a row is made of. */
type RowRun = { readonly cell: Cell; readonly config: RunConfig };

/**
 * The name of a row's file.
 *
 * @param cell the row and its budget
 * @returns letters, digits, dots and dashes, such as `losses-C-A-N-CAN-steps.json`
 */
export const configName = ({ row, budget }: Cell): string =>
  `${[row.group, row.name, budget]
    .join('-')
    .replaceAll('σ', 'sigma')
    .replaceAll('×', 'x')
    .replace(/[^\w.-]+/g, '-')
    .replace(/-+/g, '-')}.json`;

/**
 * Writes a small file for each row, with which `twocan pretrain --config` trains it again.
 *
 * It is the config.json of the row's first seed, with images by the paths that were given: those
 * that a run keeps hold on one machine alone.
 *
 * @param folder where the files go; made where it is missing
 * @param rows the rows and the configs of their first seeds
 * @param base what all rows share, as it was given
 */
export async function writeConfigs(
  folder: string,
  rows: readonly RowRun[],
  base: Options,
): Promise<void> {
  makeFolder(folder);
  for (const { cell, config } of rows) {
    const { data = config.data, evalData } = base;
    const given = { ...config.options, data, ...(evalData && { evalData }) };
    const options = withEffect({ given, config });
    const { group, name } = cell.row;
    const row = { group, name, budget: cell.budget, seeds: cell.runs.length };
    const { evaluation: _, ...rest } = config;
    const content = { ...rest, data, row, options };
    await writeFileAtomic(join(folder, configName(cell)), `${JSON.stringify(content, null, 2)}\n`);
  }
}
