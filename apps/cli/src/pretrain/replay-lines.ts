import type { TensorFacts } from '@twocan/core';
import type { ReplayResult } from './replaying.ts';

const WIDTH = 24;
const SHOWN = 8;

/** Numbers as they are where they are not finite. */
const number = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);

const line = (name: string, value: string): string => `${name.padEnd(WIDTH)}${value}`;

const tensor = ({ shape, largest, notFinite }: TensorFacts): string => {
  const wrong = notFinite === 0 ? '' : `, ${notFinite} of them not finite`;
  return `[${shape.join(', ')}] of up to ${number(largest)}${wrong}`;
};

/**
 * A step that was taken again, as text.
 *
 * @param found of `replayRun`
 * @returns a line for each number, last what was not finite first
 */
export function replayLines(found: ReplayResult): string[] {
  const { step, learningRate, images, metrics, gradients, what } = found;
  const some = images.slice(0, SHOWN).join(', ');
  const more = images.length > SHOWN ? `, … (${images.length})` : '';
  return [
    line('step', `${step + 1}, after ${step} whole ones`),
    line('the run said', what),
    line('learning rate', number(learningRate)),
    line('images', `${some}${more}`),
    ...Object.entries(metrics).map(([name, value]) => line(name, number(value))),
    ...Object.entries(gradients).map(([part, length]) =>
      line(`gradient of ${part}`, number(length)),
    ),
    ...firstLines(found),
  ];
}

function firstLines({ first, gradient, after }: ReplayResult): string[] {
  const lines = [
    ...(first === undefined
      ? []
      : [
          line('first not finite', `kernel ${first.kernel}, call ${first.call} of the step`),
          line('  it gave', tensor(first.output)),
          ...first.inputs.map((input) => line('  it was given', tensor(input))),
        ]),
    ...(gradient === undefined ? [] : [line('first gradient', `${gradient} is not finite`)]),
    ...(after === undefined ? [] : [line('after the step', `${after} is not finite`)]),
  ];
  return lines.length > 0 ? lines : ['every number of the step is finite'];
}
