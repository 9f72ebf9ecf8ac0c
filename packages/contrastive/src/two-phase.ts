import { mul, type Scalar, sum, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { expectRank, expectShape, valueAndGrad } from '@twocan/core';
import { floatOf } from '@twocan/ops';
import { infoNCE } from './info-nce.ts';

/** The contrastive loss with its gradient by each embedding. */
export type EmbeddingGradients = {
  readonly loss: Scalar;
  /** ∂loss/∂zA, `[B, Z]`. */
  readonly gradA: Tensor2D;
  /** ∂loss/∂zB, `[B, Z]`. */
  readonly gradB: Tensor2D;
};

/**
 * The first half of the exact loss over a batch that does not fit into memory (or one machine).
 *
 * Embed every shard without gradients, gather all embeddings, call this once: it sees all 2B − 2
 * negatives. Then each shard minimises {@link surrogateLoss} of its own rows; the shards' gradients
 * add up to the gradient of `infoNCE` over the whole batch. Averaging the losses of shards instead
 * (plain gradient accumulation) would not: it has fewer negatives.
 *
 * @param zA embeddings of the first view of the whole batch, `[B, Z]`
 * @param zB embeddings of the second view, `[B, Z]`
 * @param options.temperature τ > 0
 * @returns the loss and its gradients; the caller disposes them
 * @example
 * const { loss, gradA, gradB } = contrastiveEmbeddingGradients(zA, zB, { temperature: 0.1 });
 *
 * Gao et al., "Scaling deep contrastive learning batch size under memory limited setup", 2021.
 */
export function contrastiveEmbeddingGradients(
  zA: Tensor2D,
  zB: Tensor2D,
  options: { readonly temperature: number },
): EmbeddingGradients {
  expectRank('contrastiveEmbeddingGradients', 'zA', zA, 2);
  expectShape('contrastiveEmbeddingGradients', 'zB', zB, zA.shape);
  return tidy(() => {
    const { loss, grads } = valueAndGrad((z: { a: Tensor2D; b: Tensor2D }) => ({
      loss: infoNCE(z.a, z.b, options),
    }))({ a: zA, b: zB });
    return { loss, gradA: grads.a, gradB: grads.b };
  });
}

/**
 * The second half: a scalar whose gradient by `z` is `gradient`, `Σ z · gradient`.
 *
 * Its value means nothing; only its gradient does.
 *
 * @param z embeddings of one shard, computed again with gradients, `[M, Z]`
 * @param gradient the shard's rows of {@link contrastiveEmbeddingGradients}, a constant, `[M, Z]`
 * @returns a scalar
 * @throws RangeError if the shapes differ
 * @example
 * surrogateLoss(z, gradient); // minimise it in the shard
 */
export function surrogateLoss(z: Tensor2D, gradient: Tensor2D): Scalar {
  expectRank('surrogateLoss', 'z', z, 2);
  expectShape('surrogateLoss', 'gradient', gradient, z.shape);
  return tidy(() => {
    const [rows, slope] = [
      floatOf('surrogateLoss', 'z', z),
      floatOf('surrogateLoss', 'gradient', gradient),
    ];
    return sum(mul(rows, slope)) as Scalar;
  });
}
