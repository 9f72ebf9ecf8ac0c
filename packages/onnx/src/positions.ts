import { sincosPositions } from '@twocan/patches';
import type { Graph } from './graph.ts';
import type { Part } from './transformer.ts';

/** The patches of an image: the config's grid, and that of the images given, as values of the graph. */
export type Grid = {
  readonly rows: number;
  readonly columns: number;
  /** One integer each, of the graph. */
  readonly of: { readonly rows: string; readonly columns: string };
};

/** Whether the positions of a part are fixed, hence those of images of any size. */
export function hasFixedPositions(
  { params }: Pick<Part, 'params'>,
  path: string,
  { rows, columns }: Pick<Grid, 'rows' | 'columns'>,
  width: number,
): boolean {
  const learned = params[path]?.data;
  if (learned === undefined) return true;
  const fixed = sincosPositions({ rows, columns, width });
  // A table may begin with a row for the class token.
  const first = learned.length - fixed.length;
  return fixed.every((x, i) => Math.abs(x - Number(learned[first + i])) < 1e-6);
}

/**
 * Positions of the patches, `[1, N, D]`: computed for the grid of the images where they are fixed, a
 * constant where they are learned.
 */
export function patchPositions(part: Part, path: string, grid: Grid, width: number): string {
  const { graph, params } = part;
  if (hasFixedPositions(part, path, grid, width)) return sincos(graph, grid, width);
  const table = params[path]?.data as Float32Array;
  const count = grid.rows * grid.columns;
  const data = table.slice(table.length - count * width);
  return graph.array(`${path}/patches`, { dtype: 'F32', shape: [1, count, width], data });
}

/** The row of a table for the class token, `[1, 1, D]`; nothing where it has none. */
export function classPosition(
  part: Part,
  path: string,
  grid: Grid,
  width: number,
): string | undefined {
  const table = part.params[path]?.data as Float32Array | undefined;
  if (table === undefined || table.length === grid.rows * grid.columns * width) return undefined;
  const data = table.slice(0, width);
  return part.graph.array(`${path}/class`, { dtype: 'F32', shape: [1, 1, width], data });
}

/** [sin xω, cos xω, sin yω, cos yω] of every patch, as `sincosPositions` of `@twocan/patches`. */
function sincos(graph: Graph, { of }: Grid, width: number): string {
  const quarter = width / 4;
  const omega = Float32Array.from({ length: quarter }, (_, k) => 10000 ** (-k / quarter));
  const frequencies = graph.array(`frequencies_${width}`, {
    dtype: 'F32',
    shape: [1, quarter],
    data: omega,
  });
  const code = (count: string): string => {
    const steps = graph.op('Range', [graph.integers(0), count, graph.integers(1)]);
    const column = graph.op('Unsqueeze', [
      graph.op('Cast', [steps], { to: 1 }),
      graph.integers([1]),
    ]);
    const angles = graph.op('Mul', [column, frequencies]);
    return graph.op('Concat', [graph.op('Sin', [angles]), graph.op('Cos', [angles])], { axis: 1 });
  };
  const axes = graph.integers([0]);
  const list = (count: string): string => graph.op('Unsqueeze', [count, axes]);
  const whole = graph.op('Concat', [list(of.rows), list(of.columns), graph.integers([width / 2])], {
    axis: 0,
  });
  const spread = (count: string, axis: number): string =>
    graph.op('Expand', [graph.op('Unsqueeze', [code(count), graph.integers([axis])]), whole]);
  const table = graph.op('Concat', [spread(of.columns, 0), spread(of.rows, 1)], { axis: 2 });
  return graph.op('Reshape', [table, graph.integers([1, -1, width])]);
}
