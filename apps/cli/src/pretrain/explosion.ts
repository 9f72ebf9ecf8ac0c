import { usesContrast, usesDecoder, usesNoise } from '@twocan/can';
import type { RunConfig } from '../run/config.ts';

/** Settings that can make numbers overflow before anything was trained. */
type Suspect = {
  readonly flag: string;
  /** Whether a value as far off as this makes numbers overflow. */
  readonly isFar: (config: RunConfig) => boolean;
  readonly value: (config: RunConfig) => number | string;
  readonly usual: string;
};

const weightsOf = ({ model: { weights } }: RunConfig): number[] => Object.values(weights);

const SUSPECTS: readonly Suspect[] = [
  {
    flag: 'temperature',
    isFar: ({ model }) => usesContrast(model) && model.temperature < 1e-3,
    value: ({ model }) => model.temperature,
    usual: '0.1',
  },
  {
    flag: 'weights',
    isFar: (config) => Math.max(...weightsOf(config)) > 1e6,
    value: (config) => weightsOf(config).join(','),
    usual: '0.03,0.67,0.3',
  },
  {
    flag: 'sigma-max',
    isFar: ({ model }) => usesNoise(model) && model.noise.max > 1e3,
    value: ({ model }) => model.noise.max,
    usual: '0.05',
  },
  {
    flag: 'noise-scale',
    isFar: ({ model }) => usesNoise(model) && usesDecoder(model) && model.noise.scale > 1e9,
    value: ({ model }) => model.noise.scale,
    usual: '1',
  },
];

/**
 * What to do about numbers that stopped being finite: it follows from when that was, since nothing
 * but settings and images can be at fault before the first update.
 *
 * @param config the run
 * @param step how many updates were done
 * @returns a sentence without its full stop
 */
export function adviceFor(config: RunConfig, step: number): string {
  const { learningRate, warmupSteps } = config.optimizer;
  const suspects = SUSPECTS.filter(({ isFar }) => isFar(config)).map(
    ({ flag, value, usual }) => `--${flag} nearer to ${usual} (it was ${value(config)})`,
  );
  if (suspects.length > 0) return `start anew with ${suspects.join(' and ')}`;
  if (step === 0) {
    return 'nothing was trained yet, so --lr is not the cause: look at the images and at the settings of the method';
  }
  const decay = decayAdvice(config.optimizer);
  if (decay !== undefined) return `start anew with ${decay}`;
  return `start anew with a lower --lr (the peak was ${brief(learningRate)} after ${warmupSteps} steps of warm-up; try ${brief(learningRate / 3)})`;
}

/**
 * What to do where the decay makes weights grow: each step takes off more than all of them.
 *
 * @param optimizer the peak rate, and the decay that it is multiplied with
 * @returns such as `a lower --weight-decay (it was 1e+30; …)`; nothing where the decay is not to blame
 */
export function decayAdvice({
  learningRate,
  weightDecay,
}: {
  readonly learningRate: number;
  readonly weightDecay: number;
}): string | undefined {
  if (weightDecay <= 1 || learningRate * weightDecay <= 1) return undefined;
  return `a lower --weight-decay (it was ${weightDecay}; times the rate of ${brief(learningRate)} it must be far below 1)`;
}

const brief = (rate: number): string => String(Number(rate.toPrecision(2)));
