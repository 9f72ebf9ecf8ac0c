import {
  expectInteger,
  expectKey,
  expectNumber,
  expectOptions,
  expectType,
  fold,
  type Key,
  refuse,
  uniform,
} from '@twocan/core';

/** What is done to a batch: image b takes part of image B − 1 − b. */
export type MixPlan = {
  /** Share that an image keeps, 0 to 1; 1 leaves the batch alone. */
  readonly keep: number;
  /** CutMix: the rectangle that is replaced, in pixels; absent for Mixup. */
  readonly box?: {
    readonly top: number;
    readonly left: number;
    readonly bottom: number;
    readonly right: number;
  };
};

/** How often and how much batches are mixed. */
export type Mixing = {
  /** α of Mixup's Beta(α, α), in (0, 2]; 0 for none. MAE fine-tunes with 0.8. */
  readonly mixup: number;
  /** α of CutMix, in (0, 2]; 0 for none. MAE fine-tunes with 1. */
  readonly cutmix: number;
};

/**
 * Draws how a batch is mixed: by Mixup or CutMix, each for half of the batches where both are on.
 *
 * @param key the batch's
 * @param mixing strengths
 * @param size side of the square images, in pixels
 * @returns the plan; CutMix's `keep` is the share of the image that its clipped box leaves
 * @throws RangeError for an α outside [0, 2]
 * @example
 * const plan = sampleMix(fold(key(0), step), { mixup: 0.8, cutmix: 1 }, 32);
 *
 * Zhang et al., arXiv 1710.09412; Yun et al., arXiv 1905.04899; pairs as in timm's Mixup.
 */
export function sampleMix(key: Key, mixing: Mixing, size: number): MixPlan {
  expectKey('sampleMix', 'key', key);
  expectOptions('sampleMix', 'mixing', mixing, ['mixup', 'cutmix'], []);
  expectInteger('sampleMix', 'size', size, 1, 2 ** 15);
  const { mixup, cutmix } = mixing;
  for (const [name, alpha] of Object.entries({ mixup, cutmix })) {
    expectNumber('sampleMix', name, alpha, 'lie in [0, 2]', (x) => x >= 0 && x <= 2);
  }
  if (mixup === 0 && cutmix === 0) return { keep: 1 };
  const coin = uniform(fold(key, 'kind'), 1)[0] ?? 0;
  const cuts = cutmix > 0 && (mixup === 0 || coin < 0.5);
  if (!cuts) return { keep: beta(fold(key, 'keep'), mixup) };
  const side = size * Math.sqrt(1 - beta(fold(key, 'keep'), cutmix));
  const [v = 0, u = 0] = uniform(fold(key, 'centre'), 2);
  const edge = (centre: number, sign: number): number =>
    Math.min(size, Math.max(0, Math.floor(centre * size) + sign * Math.floor(side / 2)));
  const box = { top: edge(v, -1), left: edge(u, -1), bottom: edge(v, 1), right: edge(u, 1) };
  const area = (box.bottom - box.top) * (box.right - box.left);
  return { keep: 1 - area / size ** 2, box };
}

/** Beta(α, α) by Jöhnk's method: quick for the small α of mixing. */
function beta(key: Key, alpha: number): number {
  for (let attempt = 0; ; attempt++) {
    const [u = 0, v = 0] = uniform(fold(key, attempt), 2);
    const [x, y] = [u ** (1 / alpha), v ** (1 / alpha)];
    if (x + y > 1) continue;
    if (x + y > 0) return x / (x + y);
    // Both are too small for a number, but their ratio is not.
    const share = 1 / (1 + Math.exp((Math.log(v) - Math.log(u)) / alpha));
    if (!Number.isNaN(share)) return share;
  }
}

/**
 * Mixes the images of a batch.
 *
 * @param pixels `[B, size, size, C]`; left as it is
 * @param plan of {@link sampleMix}
 * @param size side in pixels
 * @param batch B
 * @returns `[B, size, size, C]`
 * @example
 * const mixed = mixImages(views[0], plan, 32, 64);
 */
export function mixImages(
  pixels: Float32Array,
  plan: MixPlan,
  size: number,
  batch: number,
): Float32Array {
  expectType('mixImages', 'pixels', pixels, Float32Array);
  expectMix('mixImages', plan);
  expectInteger('mixImages', 'size', size, 1, 2 ** 15);
  expectInteger('mixImages', 'batch', batch);
  const { keep, box } = plan;
  if (pixels.length % (batch * size ** 2) !== 0) {
    refuse('mixImages', 'pixels', `hold ${batch} pictures of ${size}x${size}`, pixels);
  }
  const each = pixels.length / batch;
  const channels = each / size ** 2;
  const mixed = pixels.slice();
  for (let b = 0; b < batch; b++) {
    const [own, other] = [b * each, (batch - 1 - b) * each];
    if (box === undefined) {
      for (let i = 0; i < each; i++) {
        mixed[own + i] =
          keep * (pixels[own + i] as number) + (1 - keep) * (pixels[other + i] as number);
      }
      continue;
    }
    for (let y = box.top; y < box.bottom; y++) {
      const from = (y * size + box.left) * channels;
      const to = (y * size + box.right) * channels;
      mixed.set(pixels.subarray(other + from, other + to), own + from);
    }
  }
  return mixed;
}

/**
 * The targets of a mixed batch: smoothed one-hot rows, in the shares of the images.
 *
 * @param labels `[B]`
 * @param plan of {@link sampleMix}
 * @param options number of classes C; `smoothing` in [0, 1) is spread over all classes
 * @returns `[B, C]`, rows of sum 1
 * @throws RangeError for a smoothing outside [0, 1)
 * @example
 * mixTargets(Int32Array.of(0, 1), { keep: 0.75 }, { classes: 2, smoothing: 0 }); // [.75 .25 .25 .75]
 */
export function mixTargets(
  labels: Int32Array,
  plan: MixPlan,
  options: { readonly classes: number; readonly smoothing: number },
): Float32Array {
  expectType('mixTargets', 'labels', labels, Int32Array);
  expectMix('mixTargets', plan);
  expectOptions('mixTargets', 'options', options, ['classes', 'smoothing'], []);
  const { keep } = plan;
  const { classes, smoothing } = options;
  expectInteger('mixTargets', 'classes', classes);
  expectInteger('mixTargets', 'labels times classes', labels.length * classes, 0);
  const wrong = labels.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) refuse('mixTargets', 'labels', `lie in [0, ${classes})`, wrong);
  const fits = (x: number): boolean => x >= 0 && x < 1;
  expectNumber('mixTargets', 'smoothing', smoothing, 'lie in [0, 1)', fits);
  const targets = new Float32Array(labels.length * classes).fill(smoothing / classes);
  labels.forEach((label, b) => {
    const other = labels[labels.length - 1 - b] ?? 0;
    for (const [c, share] of [
      [label, keep],
      [other, 1 - keep],
    ] as const) {
      const at = b * classes + c;
      targets[at] = (targets[at] ?? 0) + share * (1 - smoothing);
    }
  });
  return targets;
}

function expectMix(caller: string, plan: MixPlan): void {
  expectOptions(caller, 'plan', plan, ['keep'], ['box']);
  expectNumber(caller, 'plan.keep', plan.keep, 'lie in [0, 1]', (x) => x >= 0 && x <= 1);
  const sides = ['top', 'left', 'bottom', 'right'] as const;
  if (plan.box === undefined) return;
  expectOptions(caller, 'plan.box', plan.box, sides, []);
  for (const side of sides) expectInteger(caller, `plan.box.${side}`, plan.box[side], 0);
}
