import type { PretrainConfig } from '@twocan/pretrain';
import type { EvaluationLine, FeaturesLook, StepLine } from '../messages.ts';
import { makeChart } from './chart.ts';
import { hasCollapsed } from './collapse.ts';
import { h, percent } from './dom.ts';
import { explained, part } from './explain.ts';
import { PARTS } from './texts.ts';

/** Colours of the terms of a loss, in their order. */
const COLOURS = ['first', 'second', 'third', 'fourth', 'fifth'];

/** The losses, and how good features are. */
export function curvesPart(): {
  readonly element: HTMLElement;
  readonly begin: (config: PretrainConfig, labelled: boolean) => void;
  readonly line: (line: StepLine) => void;
  readonly look: (look: FeaturesLook) => void;
  readonly evaluation: (line: EvaluationLine) => void;
} {
  const losses = makeChart(
    'Curves of the losses over the steps; the list below has their newest values',
  );
  const shares = makeChart(
    'Share of neighbours of the same class over the steps; newest values below',
  );
  const ranks = makeChart('Effective rank of the features over the steps; newest value below');
  const collapse = h('p', { class: 'warning', role: 'status', hidden: true });
  const rankLine = h('p', { class: 'caption' });
  const knn = h('p', { class: 'caption' });
  // Without classes, how many directions are used is all that can be said of features.
  const ofShares = part('progress', PARTS.progress, shares.element, knn);
  const ofRanks = part('rank', PARTS.rank, ranks.element);
  const ofLosses = part('losses', PARTS.losses, losses.element, collapse);
  ofShares.append(h('div', { class: 'rank-line' }, rankLine, explained(PARTS.rank, 'span')));
  let terms: readonly string[] = [];
  let before = '';
  return {
    element: h('div', { class: 'curves' }, ofLosses, ofShares, ofRanks),
    begin({ model }, labelled) {
      const weights = Object.entries(model.weights).filter(([, weight]) => weight > 0);
      terms = weights.map(([name]) => name);
      losses.begin([
        { label: 'sum', colour: 'ink', dashed: true },
        ...weights.map(([name, weight], i) => ({
          label: `${name} × ${Number(weight.toPrecision(3))}`,
          colour: COLOURS[i % COLOURS.length] as string,
        })),
      ]);
      ofShares.hidden = !labelled;
      ofRanks.hidden = labelled;
      shares.begin([
        { label: 'trained', colour: 'first' },
        { label: 'untrained', colour: 'second', dashed: true },
        { label: 'raw pixels', colour: 'third', dashed: true },
      ]);
      ranks.begin([{ label: `of ${model.encoder.width}`, colour: 'first' }]);
      collapse.hidden = true;
      knn.textContent = '';
      before = '';
    },
    line: ({ step, metrics }) =>
      losses.add(step, [metrics.loss, ...terms.map((name) => metrics[name])]),
    look(look) {
      const { step, rank, spread, width, purity } = look;
      if (purity) shares.add(step, [purity.trained, purity.untrained, purity.pixels]);
      ranks.add(step, [rank]);
      rankLine.textContent = `Features use ${rank.toFixed(1)} of ${width} directions.`;
      collapse.hidden = !hasCollapsed(look);
      if (collapse.hidden) return;
      collapse.textContent = `The features have collapsed: those of different images are ${percentOfSame(spread)} the same, so all images look alike to the model. Try a lower learning rate, and Reset.`;
    },
    evaluation({ step, scores: { knn: accuracy, rawPixels } }) {
      if (accuracy === undefined) return;
      if (step === 0)
        before = ` (untrained ${percent(accuracy)}, raw pixels ${percent(rawPixels ?? 0)})`;
      else
        knn.textContent = `k-NN on held-out images after step ${step}: ${percent(accuracy)}${before}.`;
    },
  };
}

/** In as many digits as show that it is not all. */
const percentOfSame = (spread: number): string => `${(100 * (1 - spread)).toPrecision(4)}%`;
