import {
  add,
  concat,
  div,
  mean,
  mul,
  relu,
  reshape,
  type Scalar,
  slice,
  sqrt,
  square,
  sub,
  type Tensor,
  tensor2d,
  tensor3d,
} from '@tensorflow/tfjs-core';
import type { CanBatch, CanConfig, CanParams, Draws } from '@twocan/can';
import { encodeLevel } from '@twocan/noise';
import { sincosPositions } from '@twocan/patches';
import {
  type Block,
  plainBatchNorm,
  plainBlock,
  plainDense,
  plainInfoNCE,
  plainNorm,
  plainPatches,
  plainPatchLoss,
  plainPick,
  plainRestore,
} from './plain-model.ts';

/**
 * The loss of CAN with plain tfjs ops, for the config of a preset with its default options.
 *
 * @param config the method
 * @param params twocan's parameters
 * @param batch two views
 * @param draws twocan's masks, levels and noise
 * @returns the scalar that `canLossWith(config)` gives
 */
export function plainCanLoss(
  config: CanConfig,
  params: CanParams,
  { views }: CanBatch,
  draws: Required<Draws>,
): Scalar {
  const { encoder: vit, weights } = config;
  const { encoder, decoder, projector, level } = params as Required<CanParams>;
  const { mask, levels, noise } = draws;
  const clean = concat([...views], 0);
  const patches = plainPatches(add(clean, noise), vit.patch);
  const tokens = add(plainDense(patches, encoder.patch), positions(config, vit.width));
  const visible = withClass(encoder.cls, plainPick(tokens, mask.keep, mask.kept));
  const blocks = encoder.blocks as readonly Block[];
  const hidden = blocks.reduce((x, b) => plainBlock(x, b, vit.heads, vit.epsilon), visible);
  const encoded = plainNorm(hidden, encoder.norm, vit.epsilon);

  const pooled = mean(tail(encoded), 1);
  const projected = projector.layers.reduce<Tensor>((x, { kernel, bias, norm }, i) => {
    const y = plainDense(x, bias ? { kernel, bias } : { kernel });
    if (i === projector.layers.length - 1) return y;
    return relu(norm ? plainBatchNorm(y, norm, 1e-5) : y);
  }, pooled);
  const half = (projected.shape[0] ?? 0) / 2;
  const [a, b] = [0, 1].map((v) => slice(projected, [v * half, 0], [half, -1])) as [Tensor, Tensor];

  const code = plainDense(
    relu(
      plainDense(
        encodeLevel(levels, { width: vit.width, scale: config.noise.scale }),
        level.hidden,
      ),
    ),
    level.out,
  );
  const shift = reshape(plainDense(code, { kernel: decoder.embed.kernel }), [mask.batch, 1, -1]);
  const embedded = plainDense(encoded, decoder.embed);
  const restored = add(plainRestore(tail(embedded), decoder.mask as Tensor, mask.restore), shift);
  const placed = add(restored, positions(config, config.decoder.width));
  const sequence = concat([slice(embedded, [0, 0, 0], [-1, 1, -1]), placed], 1);
  const decoded = (decoder.blocks as readonly Block[]).reduce(
    (x, block) => plainBlock(x, block, config.decoder.heads, vit.epsilon),
    sequence,
  );
  const predictions = plainDense(plainNorm(tail(decoded), decoder.norm, vit.epsilon), decoder.head);

  const hiddenPatches = tensor2d(
    Float32Array.from(mask.restore, (rank) => (rank >= mask.kept ? 1 : 0)),
    [mask.batch, mask.patches],
  );
  return [
    mul(plainInfoNCE(a, b, config.temperature), weights.contrastive),
    mul(
      plainPatchLoss(predictions, normalized(plainPatches(clean, vit.patch)), hiddenPatches),
      weights.reconstruction,
    ),
    mul(
      plainPatchLoss(predictions, plainPatches(noise, vit.patch), sub(1, hiddenPatches)),
      weights.denoising,
    ),
  ].reduce((sum, term) => add(sum, term)) as Scalar;
}

/** All tokens but the first. */
const tail = (x: Tensor): Tensor => slice(x, [0, 1, 0], [-1, -1, -1]);

const withClass = (cls: Tensor, x: Tensor): Tensor =>
  concat(
    [mul(cls, tensor3d(new Float32Array(x.shape[0] ?? 0).fill(1), [x.shape[0] ?? 0, 1, 1])), x],
    1,
  );

function positions({ encoder: { image, patch } }: CanConfig, width: number): Tensor {
  const [rows, columns] = [image.height / patch, image.width / patch];
  return tensor3d(sincosPositions({ rows, columns, width }), [1, rows * columns, width]);
}

/** Patches of mean 0 and unbiased variance 1. */
function normalized(patches: Tensor): Tensor {
  const centred = sub(patches, mean(patches, -1, true));
  const pixels = patches.shape[2] ?? 0;
  const variance = mul(mean(square(centred), -1, true), pixels / (pixels - 1));
  return div(centred, sqrt(add(variance, 1e-6)));
}
