import { backend } from '@tensorflow/tfjs-core';
import { type Engine, KERNEL, type Product } from '@twocan/engine';
import type { Spans } from './spans.ts';

type Writable = { -readonly [Name in 'run' | 'product']: Engine[Name] };

const NAMES = new Map<number, string>(Object.entries(KERNEL).map(([name, at]) => [at, name]));

/** `4224 x 768 x 192 transposeB factorA`. */
function describe(product: Product): string {
  const { m, n, k, transposeA, transposeB } = product;
  const parts = (['bias', 'derivative', 'factorA', 'factorB', 'sums'] as const).filter(
    (part) => product[part] !== 0,
  );
  const transposed = [...(transposeA ? ['transposeA'] : []), ...(transposeB ? ['transposeB'] : [])];
  return [`${m} x ${n} x ${k}`, ...transposed, ...parts].join(' ');
}

/**
 * Counts what a backend of ours asks of its engine; the kernels' own time is then what lies around it.
 *
 * @param spans where the time goes
 * @returns whether the backend has an engine
 */
export function watchCalls(spans: Spans): boolean {
  const { engine } = backend() as unknown as { readonly engine?: Writable };
  if (engine === undefined) return false;
  const { run, product } = engine;
  let inProduct = false; // which may be made of runs
  engine.run = (kernel, values, tasks) => {
    if (inProduct) return run(kernel, values, tasks);
    spans.span(
      () => run(kernel, values, tasks),
      () => ({ name: `> ${NAMES.get(kernel) ?? kernel}  ${values[0]} items in ${tasks} tasks` }),
    );
  };
  engine.product = (given) => {
    inProduct = true;
    spans.span(
      () => product(given),
      () => ({ name: `> product  ${describe(given)}`, flops: 2 * given.m * given.n * given.k }),
    );
    inProduct = false;
  };
  return true;
}
