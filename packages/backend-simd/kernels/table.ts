// The one table of kernels: a job is a number, a count of items, how many a ticket takes, and plain
// numbers (byte offsets, sizes, bits of floats). Another engine over the same memory can offer the
// same table.
import { attentionBackward, attentionForward } from './attention';
import { binaryFlat, binaryRows, select } from './binary';
import { copyBlock, fill, gatherRows, segmentSum, transposePlanes } from './copy';
import { gemm } from './gemm';
import { reduceBlocks, reduceColumns, reduceRows, reduceRuns } from './reduce';
import { layerNormGradientRows, layerNormRows, softmaxGradientRows, softmaxRows } from './rows';
import { geluWithSlope, unary } from './unary';
import { adamw, slopeRows } from './update';

// @ts-ignore: decorator
@inline
function u(job: usize, i: usize): usize {
  return load<u32>(job + 12 + (i << 2));
}

// @ts-ignore: decorator
@inline
function f(job: usize, i: usize): f32 {
  return load<f32>(job + 12 + (i << 2));
}

/**
 * One tile of C: 0 ta, 1 tb, 2 M, 3 N, 4 K, 5 A, 6 lda, 7 B, 8 ldb, 9 C, 10 ldc, 11 bias, 12 tile
 * height, 13 tile width, 14 GELU's value (0: none; then C becomes its slope).
 */
function gemmTile(job: usize, item: usize, scratch: usize): void {
  const ta = <i32>u(job, 0), tb = <i32>u(job, 1), M = u(job, 2), N = u(job, 3), K = u(job, 4);
  const A = u(job, 5), lda = u(job, 6), B = u(job, 7), ldb = u(job, 8), ldc = u(job, 10);
  const bias = u(job, 11), height = u(job, 12), width = u(job, 13), value = u(job, 14);
  const across = (N + width - 1) / width;
  const i = (item / across) * height, j = (item % across) * width;
  const m = min(height, M - i), n = min(width, N - j);
  const C = u(job, 9) + ((i * ldc + j) << 2);
  gemm(
    ta, tb, m, n, K,
    ta ? A + (i << 2) : A + ((i * lda) << 2), lda,
    tb ? B + ((j * ldb) << 2) : B + (j << 2), ldb,
    C, ldc, 0, bias ? bias + (j << 2) : 0, scratch,
  );
  if (value) {
    const V = value + ((i * ldc + j) << 2);
    for (let r: usize = 0; r < m; ++r) {
      const o = (r * ldc) << 2;
      geluWithSlope(C + o, V + o, C + o, n);
    }
  }
}

/** Products of a batch: 0 ta, 1 tb, 2 M, 3 N, 4 K, 5 A, 6 B, 7 C, 8 table of pairs of offsets in bytes. */
function gemmBatch(job: usize, first: usize, last: usize, scratch: usize): void {
  const ta = <i32>u(job, 0), tb = <i32>u(job, 1), M = u(job, 2), N = u(job, 3), K = u(job, 4);
  const stepA = u(job, 8), stepB = u(job, 9), pairs = u(job, 10);
  for (let i = first; i < last; ++i) {
    const a = pairs ? <usize>load<u32>(pairs + (i << 3)) : i * stepA;
    const b = pairs ? <usize>load<u32>(pairs + (i << 3), 4) : i * stepB;
    gemm(
      ta, tb, M, N, K, u(job, 5) + (a << 2), ta ? M : K, u(job, 6) + (b << 2), tb ? K : N,
      u(job, 7) + ((i * M * N) << 2), N, 0, 0, scratch,
    );
  }
}

export function run(job: usize, ticket: usize, scratch: usize): void {
  const items = <usize>load<u32>(job, 4), each = <usize>load<u32>(job, 8);
  const a = ticket * each, b = min(items, a + each);
  switch (load<i32>(job)) {
    case 0:
      for (let i = a; i < b; ++i) gemmTile(job, i, scratch);
      break;
    case 1:
      gemmBatch(job, a, b, scratch);
      break;
    case 2:
      unary(<i32>u(job, 0), u(job, 1), u(job, 2), f(job, 3), f(job, 4), a, b);
      break;
    case 3:
      binaryFlat(<i32>u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), u(job, 5), a, b);
      break;
    case 4:
      binaryRows(<i32>u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), u(job, 5), u(job, 6), u(job, 7), a, b);
      break;
    case 5:
      select(u(job, 0), u(job, 1), u(job, 2), u(job, 3), a, b);
      break;
    case 6:
      reduceRows(<i32>u(job, 0), u(job, 1), u(job, 2), u(job, 3), f(job, 4), a, b);
      break;
    case 7:
      reduceRuns(<i32>u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), a, b);
      break;
    case 8:
      reduceColumns(<i32>u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), f(job, 5), a, b);
      break;
    case 9:
      reduceBlocks(<i32>u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), u(job, 5), a, b);
      break;
    case 10:
      softmaxRows(u(job, 0), u(job, 1), a, b, u(job, 2), f(job, 3));
      break;
    case 11:
      softmaxGradientRows(u(job, 0), u(job, 1), u(job, 2), a, b, u(job, 3), f(job, 4));
      break;
    case 12:
      copyBlock(u(job, 0), u(job, 1), u(job, 2), a, b);
      break;
    case 13:
      transposePlanes(u(job, 0), u(job, 1), u(job, 2), a, b);
      break;
    case 14:
      gatherRows(u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), u(job, 5), u(job, 6), u(job, 7), a, b);
      break;
    case 15:
      segmentSum(u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), u(job, 5), a, b);
      break;
    case 16:
      fill(u(job, 0), <u32>u(job, 1), a, b);
      break;
    case 17:
      layerNormRows(u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), u(job, 5), a, b, u(job, 6), f(job, 7));
      break;
    case 18: {
      // Tickets are blocks of rows; each writes its own row of the partial sums.
      const n = u(job, 8), skip = (ticket * n) << 2;
      layerNormGradientRows(
        u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), u(job, 5), u(job, 6) + skip,
        u(job, 7) + skip, a, b, n,
      );
      break;
    }
    case 19:
      attentionForward(u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), u(job, 5), f(job, 6), a, b, scratch);
      break;
    case 20: {
      const N = u(job, 5);
      attentionBackward(
        u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4) + ((ticket * N * N) << 2), N,
        u(job, 6), u(job, 7), f(job, 8), a, b, scratch,
      );
      break;
    }
    case 21:
      adamw(
        u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), u(job, 5), u(job, 6), f(job, 7),
        f(job, 8), f(job, 9), f(job, 10), f(job, 11), f(job, 12), f(job, 13), f(job, 14), a, b,
      );
      break;
    case 22:
      slopeRows(u(job, 0), u(job, 1), u(job, 2), u(job, 3), u(job, 4), u(job, 5), u(job, 6), a, b);
      break;
    case 23:
      geluWithSlope(u(job, 0) + (a << 2), u(job, 1) + (a << 2), u(job, 2) + (a << 2), b - a);
      break;
  }
}
