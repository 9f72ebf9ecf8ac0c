import {
  type Communicator,
  expectNumber,
  expectOptions,
  expectType,
  type Key,
  type LossOutput,
  refuse,
} from '@twocan/core';
import type { CanBatch, CanParams } from './params.ts';
import type { Draws, Need, Parts } from './parts.ts';

/** What a term gets in addition to the forward pass and the batch. */
export type TermContext<P extends CanParams = CanParams> = {
  readonly params: P;
  readonly draws: Draws;
  /** The step's key folded by the term's name, where the loss was given a key. */
  readonly key?: Key;
  /** The averaged parameters, where the loss was given them. */
  readonly teacher?: P;
  /** The ranks, where there are several: the term's loss is the mean of what they return. */
  readonly communicator?: Communicator;
};

/** One term of the method's loss, which is the sum of weight · loss over its terms. */
export type Term<N extends Need = Need, P extends CanParams = CanParams> = {
  /** Its name among the metrics. */
  readonly name: string;
  /** At least 0; a term of weight 0 is not computed. */
  readonly weight: number;
  /** The parts that it reads: the forward pass computes no others. */
  readonly needs: readonly N[];
  /** A mean over images (or pairs of them), with metrics of its own to log. */
  readonly loss: (parts: Parts<N>, batch: CanBatch, context: TermContext<P>) => LossOutput;
};

const NEEDS: readonly Need[] = [
  'embeddings',
  'predictions',
  'noisePredictions',
  'mask',
  'noise',
  'teacher',
];
/** What a training step reports under these names is not a term. */
const RESERVED = ['loss', 'gradNorm'];

/** Checks a list of terms; gives those of positive weight. */
export function expectTerms<P extends CanParams>(
  caller: string,
  terms: readonly Term<Need, P>[],
): readonly Term<Need, P>[] {
  expectType(caller, 'terms', terms, Array);
  for (const [i, term] of terms.entries()) {
    const at = `terms[${i}]`;
    expectOptions(caller, at, term, ['name', 'weight', 'needs', 'loss'], []);
    const { name, weight, needs, loss } = term;
    expectType(caller, `${at}.name`, name, 'string');
    const taken = RESERVED.includes(name) || terms.findIndex((other) => other.name === name) < i;
    if (taken) refuse(caller, `${at}.name`, 'be a name of its own', name);
    const fits = (x: number): boolean => x >= 0 && Number.isFinite(x);
    expectNumber(caller, `${at}.weight`, weight, 'be a number of at least 0', fits);
    expectType(caller, `${at}.needs`, needs, Array);
    const unknown = needs.find((need) => !NEEDS.includes(need));
    if (unknown !== undefined) {
      refuse(caller, `${at}.needs`, `hold only ${NEEDS.join(', ')}`, unknown);
    }
    expectType(caller, `${at}.loss`, loss, 'function');
  }
  const active = terms.filter(({ weight }) => weight > 0);
  if (active.length === 0) refuse(caller, 'terms', 'hold a term of positive weight', terms);
  return active;
}

/** All that some terms need. */
export const needsOf = (terms: readonly { readonly needs: readonly Need[] }[]): ReadonlySet<Need> =>
  new Set(terms.flatMap(({ needs }) => needs));
