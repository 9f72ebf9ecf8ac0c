import { add, mul, type Scalar } from '@tensorflow/tfjs-core';
import { expectOptions, expectShape, fold, type LossContext, type LossOutput } from '@twocan/core';
import type { CanConfig } from '../config.ts';
import { expectCanConfig } from '../expect.ts';
import { forwardTensors, teacherTensors } from '../forward.ts';
import type { CanBatch, CanParams } from '../params.ts';
import type { Draws, Need, Parts } from '../parts.ts';
import { problemsOfNeeds } from '../problems.ts';
import { expectTerms, type Term, type TermContext } from '../term.ts';
import { termsOf } from './kinds.ts';

/** The terms to compute, which the config can serve. */
export function activeTerms<P extends CanParams>(
  caller: string,
  config: CanConfig,
  given?: readonly Term<Need, P>[],
): readonly Term<Need, P>[] {
  expectCanConfig(caller, config);
  if (given === undefined) return termsOf(config);
  const terms = expectTerms(caller, given);
  for (const { name, needs } of terms) {
    const [problem] = problemsOfNeeds(config, needs, `the term '${name}' is used`);
    if (problem !== undefined) throw new RangeError(`${caller}: config must fit, got ${problem}`);
  }
  return terms;
}

/** The forward pass as far as it is needed; runs inside the caller's tidy. */
export function partsFor<P extends CanParams>(
  caller: string,
  config: CanConfig,
  needs: ReadonlySet<Need>,
  params: P,
  batch: CanBatch,
  draws: Draws,
  { teacher, communicator }: Partial<LossContext<P>>,
): Parts<Need> {
  for (const [need, part] of [
    ['embeddings', 'projector'],
    ['predictions', 'decoder'],
    ['noisePredictions', 'denoiser'],
  ] as const) {
    if (!needs.has(need) || params[part] !== undefined) continue;
    throw new RangeError(
      `${caller}: params.${part} is missing; make params with initCan(key, config)`,
    );
  }
  if (needs.has('teacher') && teacher === undefined) {
    throw new RangeError(
      `${caller}: context.teacher is missing; keep an average with initState(params, optimizer, { ema: true })`,
    );
  }
  const { mask, levels } = draws;
  return {
    ...forwardTensors(config, params, batch, draws, needs, communicator),
    ...(mask && { mask }),
    ...(levels && { levels }),
    ...(needs.has('teacher') &&
      teacher && { teacher: teacherTensors(config, teacher, batch, communicator) }),
  } as Parts<Need>;
}

/** Σ weight · term, with the terms and their own metrics. */
export function weightedSum<P extends CanParams>(
  caller: string,
  terms: readonly Term<Need, P>[],
  parts: Parts<Need>,
  batch: CanBatch,
  context: TermContext<P>,
): LossOutput {
  const outputs = terms.map(({ name, loss }) => {
    const { key } = context;
    const output = loss(parts, batch, key ? { ...context, key: fold(key, name) } : context);
    expectOptions(caller, `what the term '${name}' returns`, output, ['loss'], ['metrics']);
    expectShape(caller, `the loss of the term '${name}'`, output.loss, []);
    return output;
  });
  const weighted = outputs.map(({ loss }, i) => mul(loss, terms[i]?.weight ?? 0));
  return {
    loss: weighted.reduce((sum, term) => add(sum, term)) as Scalar,
    metrics: {
      ...Object.fromEntries(outputs.map(({ loss }, i) => [terms[i]?.name ?? '', loss])),
      ...Object.assign({}, ...outputs.map(({ metrics }) => metrics)),
    },
  };
}
