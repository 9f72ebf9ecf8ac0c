import { termNames } from '@twocan/can';
import { pretrainSettings } from '@twocan/pretrain/settings';
import { flagOf } from '../args/flag-name.ts';
import { reasonOf } from '../terminal/failure.ts';

/** The flag that sets what the method's config calls by this path. */
const FLAGS: Readonly<Record<string, string>> = {
  'encoder.image.height': '--image-size',
  'encoder.image.width': '--image-size',
  'encoder.patch': '--patch',
  maskRatio: '--mask-ratio',
  temperature: '--temperature',
  'noise.max': '--sigma-max',
  'noise.embed': '--noise-embed',
  'noise.scale': '--noise-scale',
  projector: '--head',
  weights: '--weights',
  ...Object.fromEntries(termNames.map((name) => [`weights.${name}`, '--weights'])),
};

/** Conditions as the method writes them, and as the command line has them. */
const CONDITIONS: readonly (readonly [RegExp, string])[] = [
  [/where weights\.(\w+) > 0/, 'while the weight of $1 is above 0 (--weights, --method)'],
  [
    new RegExp(`got \\{${termNames.map((name) => `"${name}":(\\S+?)`).join(',')}\\}`),
    `got ${termNames.map((_, i) => `$${i + 1}`).join(',')}`,
  ],
];

/**
 * What is wrong with a run's config, by the flags that set it.
 *
 * @param error what resolving the config threw: `setting must …`, or of the method a line for each problem,
 *   `- path: rule, got value`
 * @returns a line for each problem, such as `--image-size must be divisible by the patch of 8, got 33`
 */
export function modelProblems(error: unknown): string {
  const [first = '', ...problems] = reasonOf(error).split('\n');
  if (problems.length === 0) {
    return first.replace(/^\w+(?= must )/, (name) =>
      Object.hasOwn(pretrainSettings, name) ? `--${flagOf(name)}` : name,
    );
  }
  const lines = problems.map((line) => {
    const [, path = '', rest = line] = /^- ([\w.]+): (.*)$/.exec(line) ?? [];
    const problem = CONDITIONS.reduce((text, [from, to]) => text.replace(from, to), rest);
    return path === '' ? problem : `${FLAGS[path] ?? path} ${problem}`;
  });
  // Height and width are one flag.
  return [...new Set(lines)].join('\n');
}
