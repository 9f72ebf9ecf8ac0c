import type { EngineBackend } from '../backend.ts';
import type { Product } from '../calls.ts';

type Sides = 'lda' | 'ldb' | 'ldc';
type Extras = 'bias' | 'derivative' | 'factorA' | 'factorB' | 'sums';

/** A product of matrices whose rows follow each other, and of the rest what is wanted. */
type PlainProduct = Omit<Product, Sides | Extras> & Partial<Pick<Product, Extras>>;

/** C = A·B by all threads. */
export function multiply({ engine }: EngineBackend, product: PlainProduct): void {
  const { transposeA, transposeB, m, n, k, a, b, c } = product;
  const { bias = 0, derivative = 0, factorA = 0, factorB = 0, sums = 0 } = product;
  if (m * n === 0) return;
  const [lda, ldb, ldc] = [transposeA ? m : k, transposeB ? k : n, n];
  engine.product({
    transposeA,
    transposeB,
    m,
    n,
    k,
    a,
    lda,
    b,
    ldb,
    c,
    ldc,
    bias,
    derivative,
    factorA,
    factorB,
    sums,
  });
}
