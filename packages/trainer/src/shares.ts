import { add, div, mul, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  expectNumber,
  expectOptions,
  expectType,
  type LossContext,
  type Params,
  refuse,
  solo,
} from '@twocan/core';
import { gradientNorm, gradientPart, gradientsOverRanks } from './gradients.ts';
import type { Loss } from './step.ts';

/** One of the losses whose weighted sum is minimised. */
export type LossTerm<P extends Params, B> = {
  /** Its name among the metrics. */
  readonly name: string;
  /** Its factor in the sum, above 0. */
  readonly weight: number;
  /** The loss without its weight. */
  readonly loss: Loss<P, B>;
};

/** So little that it changes no norm but 0. */
export const TINY = 1e-20;

/**
 * How large a part of a gradient each term of a loss is: |wᵢ∇Lᵢ| / Σⱼ |wⱼ∇Lⱼ|, over the parameters that they share.
 *
 * A term with a small share hardly moves these parameters, whatever its value. Directions are left out: terms of
 * equal shares may pull the same way, or against each other. Each term takes a forward and a backward pass of its own.
 *
 * @param terms the terms
 * @param shared the part of the parameters that is measured, such as `encoder`
 * @returns `(params, batch, context) → { 'share/NAME': … }`, scalars from 0 to 1 that add up to 1, or 0 where no term has
 *   a gradient; the caller disposes them
 * @throws RangeError for no terms, two of one name, or a weight that is not above 0; the function it returns throws one
 *   for parameters without that part
 * @example
 * const shares = gradientShares([{ name: 'a', weight: 1, loss: a }, { name: 'b', weight: 2, loss: b }], 'encoder');
 * shares(params, batch, { key: key(0) })['share/a'];
 */
export function gradientShares<P extends Params, B>(
  terms: readonly LossTerm<P, B>[],
  shared: string,
): (
  params: P,
  batch: B,
  context: LossContext<P>,
) => { readonly [name: `share/${string}`]: Scalar } {
  expectLossTerms('gradientShares', terms);
  expectType('gradientShares', 'shared', shared, 'string');
  const ofShared = terms.map(
    ({ loss }) =>
      (own: Params, params: P, batch: B, context: LossContext<P>) =>
        loss({ ...(params as object), [shared]: own } as P, batch, context),
  );
  return (params, batch, context) => {
    expectOptions('gradientShares', 'context', context, ['key'], ['teacher', 'communicator']);
    const own = partOf('gradientShares', params, shared);
    return tidy((): never => {
      const norms = terms.map(({ weight }, i) =>
        tidy(() => {
          const loss = ofShared[i] as (typeof ofShared)[number];
          const part = gradientPart(loss, own, params, batch, context);
          const { grads } = gradientsOverRanks([part], context.communicator ?? solo);
          return mul(gradientNorm(grads), weight) as Scalar;
        }),
      );
      const all = add(sumOf(norms), TINY);
      return Object.fromEntries(
        terms.map(({ name }, i) => [`share/${name}`, div(norms[i] as Scalar, all)]),
      ) as never;
    });
  };
}

/** The part of parameters that terms share. */
export function partOf(caller: string, params: Params, shared: string): Params {
  expectOptions(caller, 'params', params, [shared]);
  return (params as Readonly<Record<string, Params>>)[shared] as Params;
}

export const sumOf = <T extends Tensor>(values: readonly T[]): T =>
  values.reduce((total, value) => add(total, value) as T);

/** Checks a list of terms. */
export function expectLossTerms(
  caller: string,
  terms: readonly Pick<LossTerm<Params, unknown>, 'name' | 'weight'>[],
): void {
  expectType(caller, 'terms', terms, Array);
  if (terms.length === 0) refuse(caller, 'terms', 'hold a term', terms);
  for (const [i, term] of terms.entries()) {
    expectOptions(caller, `terms[${i}]`, term, ['name', 'weight', 'loss']);
    const { name, weight, loss } = term as LossTerm<Params, unknown>;
    expectType(caller, `terms[${i}].name`, name, 'string');
    if (terms.findIndex((other) => other.name === name) < i) {
      refuse(caller, `terms[${i}].name`, 'be a name of its own', name);
    }
    const fits = (x: number): boolean => x > 0 && Number.isFinite(x);
    expectNumber(caller, `terms[${i}].weight`, weight, 'be a number above 0', fits);
    expectType(caller, `terms[${i}].loss`, loss, 'function');
  }
}
