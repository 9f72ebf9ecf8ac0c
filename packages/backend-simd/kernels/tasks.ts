// Work for the pool: a kernel cut into tasks. The caller writes a row of words; a task reads them by
// place and does its share. The numbers of the kernels and the order of their words are those of
// src/kernels/tasks.ts.

import { attentionHead, attentionHeadGradient } from './attention';
import { batchNormColumns, batchNormGradientColumns } from './batch-norm';
import {
  binaryKernel,
  binaryRows,
  geluInPlace,
  selectKernel,
  unaryKernel,
} from './elementwise';
import { gemm } from './gemm';
import { crossEntropyRows, squaredErrorRows, unitGradientRows, unitRows } from './loss';
import { copyBlock, fillWords, gatherRows, transposeRows } from './move';
import { adamwRange } from './optimizer';
import { multiplyAdds } from './peak';
import { normalRows } from './random';
import { reduceColumns, reduceRows, sumOfSquares } from './reduce';
import { productTicket } from './product';
import { layerNormGradientRows, layerNormRows, softmaxRows } from './rows';

/** Word i of the row. */
// @ts-expect-error: decorator
@inline
function u(words: usize, i: usize): usize {
  return load<u32>(words + (i << 2));
}

// @ts-expect-error: decorator
@inline
function f(words: usize, i: usize): f32 {
  return load<f32>(words + (i << 2));
}

/** Does task t of kernel `kernel`; `scratch` is the thread's own. */
export function runTask(kernel: u32, w: usize, t: usize, scratch: usize): void {
  if (kernel == 0) return product(w, t, scratch);
  if (kernel == 1) return gemmBatch(w, t, scratch);
  // All others share their first two words: how many items there are, how many a task takes.
  const n = u(w, 0);
  const chunk = u(w, 1);
  const from = t * chunk;
  const to = min(n, from + chunk);
  switch (kernel) {
    case 2:
      unaryKernel(<i32>u(w, 2), u(w, 3) + (from << 2), u(w, 4) + (from << 2), to - from, f(w, 5), f(w, 6));
      break;
    case 3: {
      const stepA = u(w, 4);
      const stepB = u(w, 6);
      binaryKernel(
        <i32>u(w, 2),
        u(w, 3) + from * stepA,
        stepA,
        u(w, 5) + from * stepB,
        stepB,
        u(w, 7) + (from << 2),
        to - from,
      );
      break;
    }
    case 4:
      binaryRows(
        <i32>u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), u(w, 7), u(w, 8), u(w, 9), u(w, 10), u(w, 11),
        u(w, 12), u(w, 13), from, to,
      );
      break;
    case 5:
      reduceRows(<i32>u(w, 2), u(w, 3), u(w, 4), u(w, 5), f(w, 6), from, to);
      break;
    case 6:
      reduceColumns(<i32>u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), f(w, 7), from, to);
      break;
    case 7: {
      // Items are rows; each task leaves its own partial sums.
      const inner = u(w, 4);
      reduceColumns(
        <i32>u(w, 5),
        u(w, 2) + ((from * inner) << 2),
        u(w, 3) + ((t * inner) << 2),
        to - from,
        inner,
        1,
        0,
        1,
      );
      break;
    }
    case 8:
      softmaxRows(u(w, 2), u(w, 3), u(w, 4), f(w, 5), from, to);
      break;
    case 10:
      layerNormRows(u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), u(w, 7), f(w, 8), from, to);
      break;
    case 11: {
      const width = u(w, 9);
      const part = (t * width) << 2;
      layerNormGradientRows(
        u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), u(w, 7) + part, u(w, 8) + part, width, from, to,
      );
      break;
    }
    case 12:
      copyBlock(
        u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), u(w, 7), u(w, 8), u(w, 9), u(w, 10), u(w, 11),
        u(w, 12), u(w, 13), u(w, 14), u(w, 15), from, to,
      );
      break;
    case 13:
      transposeRows(u(w, 2), u(w, 3), u(w, 4), u(w, 5), from, to);
      break;
    case 14:
      gatherRows(u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), u(w, 7), from, to);
      break;
    case 15:
      for (let h = from; h < to; ++h) {
        attentionHead(u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), u(w, 7), f(w, 8), h, scratch);
      }
      break;
    case 16:
      for (let h = from; h < to; ++h) {
        attentionHeadGradient(
          u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), u(w, 7), u(w, 8), f(w, 9), h, scratch,
        );
      }
      break;
    case 17:
      adamwRange(
        u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), u(w, 7), u(w, 8), f(w, 9), f(w, 10), f(w, 11),
        f(w, 12), f(w, 13), f(w, 14), f(w, 15), f(w, 16), from, to,
      );
      break;
    case 18:
      // Of each part, where it lies and how long it is.
      for (let i = from; i < to; ++i) {
        const part = u(w, 2) + (i << 3);
        store<f32>(u(w, 3) + (i << 2), sumOfSquares(load<u32>(part), load<u32>(part, 4)));
      }
      break;
    case 19:
      selectKernel(
        u(w, 2) + from, u(w, 3) + (from << 2), u(w, 4) + (from << 2), u(w, 5) + (from << 2), to - from,
      );
      break;
    case 20:
      crossEntropyRows(u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), from, to);
      break;
    case 21:
      squaredErrorRows(u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), u(w, 7), from, to);
      break;
    case 22:
      unitRows(u(w, 2), u(w, 3), u(w, 4), u(w, 5), f(w, 6), from, to);
      break;
    case 23:
      unitGradientRows(u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), from, to);
      break;
    case 25:
      batchNormColumns(
        u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), u(w, 7), u(w, 0), f(w, 8), from, to,
      );
      break;
    case 26:
      batchNormGradientColumns(
        u(w, 2), u(w, 3), u(w, 4), u(w, 5), u(w, 6), u(w, 7), u(w, 8), u(w, 9), u(w, 0), from, to,
      );
      break;
    case 27:
      normalRows(u(w, 2), u(w, 3), u(w, 4), from, to, scratch);
      break;
    case 28:
      fillWords(<i32>u(w, 2), u(w, 3) + (from << 2), to - from);
      break;
    case 40:
      multiplyAdds(u(w, 2), u(w, 3) + (t << 4));
      break;
    case 24:
      geluInPlace(u(w, 2) + (from << 2), u(w, 3) + (from << 2), to - from);
      break;
  }
}

// The words of productTicket, then how many tickets there are and how many a task takes.
function product(w: usize, t: usize, scratch: usize): void {
  const from = t * u(w, 25);
  const to = min(u(w, 24), from + u(w, 25));
  for (let i = from; i < to; ++i) productTicket(w, i, scratch);
}

// Words: transposeA transposeB m n k | a stepA lda | b stepB ldb | c stepC | products, products a task.
function gemmBatch(w: usize, t: usize, scratch: usize): void {
  const from = t * u(w, 14);
  const to = min(u(w, 13), from + u(w, 14));
  for (let i = from; i < to; ++i) {
    gemm(
      u(w, 0) != 0,
      u(w, 1) != 0,
      u(w, 2),
      u(w, 3),
      u(w, 4),
      u(w, 5) + ((i * u(w, 6)) << 2),
      u(w, 7),
      u(w, 8) + ((i * u(w, 9)) << 2),
      u(w, 10),
      u(w, 11) + ((i * u(w, 12)) << 2),
      u(w, 3),
      scratch,
    );
  }
}
