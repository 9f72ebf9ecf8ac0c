// Work for the pool: a kernel cut into tasks. The caller writes a row of words; a task reads them by name and
// does its share. Kernels and words are those of the table of packages/engine.

import {
  ADAMW,
  Adamw,
  ATTENTION,
  Attention,
  ATTENTION_GRADIENT,
  AttentionGradient,
  BATCH_NORM,
  BATCH_NORM_GRADIENT,
  BatchNorm,
  BatchNormGradient,
  BINARY,
  Binary,
  BINARY_ROWS,
  BinaryRows,
  COPY_BLOCK,
  CopyBlock,
  CROSS_ENTROPY,
  CrossEntropy,
  FILL,
  Fill,
  GATHER_ROWS,
  GatherRows,
  GELU,
  Gelu,
  GEMM_BATCH,
  GemmBatch,
  LAYER_NORM,
  LAYER_NORM_GRADIENT,
  LayerNorm,
  LayerNormGradient,
  MULTIPLY_ADDS,
  MultiplyAdds,
  NORMAL_ROWS,
  NormalRows,
  PRODUCT,
  ProductPlan,
  REDUCE_COLUMNS,
  REDUCE_PARTS,
  REDUCE_ROWS,
  ReduceColumns,
  ReduceParts,
  ReduceRows,
  SCATTER_ADD_ROWS,
  ScatterAddRows,
  SELECT,
  Select,
  SOFTMAX,
  Softmax,
  SQUARED_ERROR,
  SquaredError,
  SUM_OF_SQUARES,
  SumOfSquares,
  TRANSPOSE,
  Transpose,
  UNARY,
  Unary,
  UNIT_ROWS,
  UNIT_ROWS_GRADIENT,
  UnitRows,
  UnitRowsGradient,
} from './arguments';
import { attentionHead, attentionHeadGradient } from './attention';
import { batchNormColumns, batchNormGradientColumns } from './batch-norm';
import { binaryKernel, binaryRows, geluInPlace, selectKernel, unaryKernel } from './elementwise';
import { gemm } from './gemm';
import { crossEntropyRows, squaredErrorRows, unitGradientRows, unitRows } from './loss';
import { copyBlock, fillWords, gatherRows, scatterAddRows, transposeRows } from './move';
import { adamwRange } from './optimizer';
import { multiplyAdds } from './peak';
import { productTicket } from './product';
import { normalRows } from './random';
import { reduceColumns, reduceRows, sumOfSquares } from './reduce';
import { layerNormGradientRows, layerNormRows, softmaxRows } from './rows';

/** Does task t of kernel `kernel`; `scratch` is the thread's own. */
export function runTask(kernel: u32, w: usize, t: usize, scratch: usize): void {
  if (kernel == PRODUCT) return product(changetype<ProductPlan>(w), t, scratch);
  if (kernel == SCATTER_ADD_ROWS) {
    const a = changetype<ScatterAddRows>(w);
    return scatterAddRows(a.x, a.index, a.y, a.rows, a.n, a.count);
  }
  // All others share their first two words: how many items there are, how many a task takes.
  const chunk = changetype<Fill>(w).chunk;
  const from = t * chunk;
  const to = min(changetype<Fill>(w).items, from + chunk);
  const n = to - from;
  const offset = from << 2;
  switch (kernel) {
    case GEMM_BATCH:
      gemmBatch(changetype<GemmBatch>(w), from, to, scratch);
      break;
    case UNARY: {
      const a = changetype<Unary>(w);
      unaryKernel(a.code, a.x + offset, a.y + offset, n, a.p, a.q);
      break;
    }
    case BINARY: {
      const a = changetype<Binary>(w);
      const left = a.a + offset * a.stepA;
      const right = a.b + offset * a.stepB;
      binaryKernel(a.code, left, a.stepA, right, a.stepB, a.y + offset, n);
      break;
    }
    case BINARY_ROWS: {
      const a = changetype<BinaryRows>(w);
      binaryRows(a.code, a.a, a.a0, a.a1, a.stepA, a.b, a.b0, a.b1, a.stepB, a.y, a.d1, a.n, from, to);
      break;
    }
    case REDUCE_ROWS: {
      const a = changetype<ReduceRows>(w);
      reduceRows(a.code, a.x, a.y, a.reduced, a.scale, from, to);
      break;
    }
    case REDUCE_COLUMNS: {
      const a = changetype<ReduceColumns>(w);
      reduceColumns(a.code, a.x, a.y, a.reduced, a.inner, a.scale, from, to);
      break;
    }
    case REDUCE_PARTS: {
      // Items are rows; each task leaves its own partial sums.
      const a = changetype<ReduceParts>(w);
      const partial = a.partial + ((t * a.inner) << 2);
      reduceColumns(a.code, a.x + offset * a.inner, partial, n, a.inner, 1, 0, 1);
      break;
    }
    case SOFTMAX: {
      const a = changetype<Softmax>(w);
      softmaxRows(a.x, a.y, a.n, a.scale, from, to);
      break;
    }
    case LAYER_NORM: {
      const a = changetype<LayerNorm>(w);
      layerNormRows(a.x, a.scale, a.bias, a.y, a.kept, a.n, a.epsilon, from, to);
      break;
    }
    case LAYER_NORM_GRADIENT: {
      const a = changetype<LayerNormGradient>(w);
      const part = (t * a.n) << 2;
      layerNormGradientRows(
        a.x, a.scale, a.dy, a.dx, a.kept, a.dScale + part, a.dBias + part, a.n, from, to,
      );
      break;
    }
    case COPY_BLOCK: {
      const a = changetype<CopyBlock>(w);
      copyBlock(
        a.x, a.x0, a.x1, a.x2, a.x3, a.y, a.y0, a.y1, a.y2, a.y3, a.d1, a.d2, a.d3, a.run, from, to,
      );
      break;
    }
    case TRANSPOSE: {
      const a = changetype<Transpose>(w);
      transposeRows(a.x, a.y, a.items, a.columns, from, to);
      break;
    }
    case GATHER_ROWS: {
      const a = changetype<GatherRows>(w);
      gatherRows(a.x, a.index, a.y, a.n, a.count, a.other, from, to);
      break;
    }
    case ATTENTION: {
      const a = changetype<Attention>(w);
      for (let h = from; h < to; ++h) {
        attentionHead(a.qkv, a.weights, a.out, a.n, a.heads, a.size, a.scale, h, scratch);
      }
      break;
    }
    case ATTENTION_GRADIENT: {
      const a = changetype<AttentionGradient>(w);
      for (let h = from; h < to; ++h) {
        attentionHeadGradient(
          a.qkv, a.weights, a.dOut, a.dqkv, a.n, a.heads, a.size, a.scale, h, scratch,
        );
      }
      break;
    }
    case ADAMW: {
      const a = changetype<Adamw>(w);
      adamwRange(
        a.p, a.g, a.m, a.v, a.pNext, a.mNext, a.vNext, a.b1, a.b2, a.o1, a.o2, a.rate, a.correction,
        a.epsilon, a.keep, from, to,
      );
      break;
    }
    case SUM_OF_SQUARES: {
      const a = changetype<SumOfSquares>(w);
      store<f32>(a.sums + (t << 2), sumOfSquares(a.x + offset, n));
      break;
    }
    case SELECT: {
      const a = changetype<Select>(w);
      selectKernel(a.c + from, a.a + offset, a.b + offset, a.y + offset, n);
      break;
    }
    case CROSS_ENTROPY: {
      const a = changetype<CrossEntropy>(w);
      crossEntropyRows(a.x, a.target, a.losses, a.difference, a.n, from, to);
      break;
    }
    case SQUARED_ERROR: {
      const a = changetype<SquaredError>(w);
      squaredErrorRows(a.prediction, a.target, a.weights, a.losses, a.gradient, a.n, from, to);
      break;
    }
    case UNIT_ROWS: {
      const a = changetype<UnitRows>(w);
      unitRows(a.x, a.y, a.inverse, a.n, a.epsilon, from, to);
      break;
    }
    case UNIT_ROWS_GRADIENT: {
      const a = changetype<UnitRowsGradient>(w);
      unitGradientRows(a.y, a.inverse, a.dy, a.dx, a.n, from, to);
      break;
    }
    case GELU: {
      const a = changetype<Gelu>(w);
      geluInPlace(a.z + offset, a.derivative + offset, n);
      break;
    }
    case BATCH_NORM: {
      const a = changetype<BatchNorm>(w);
      batchNormColumns(a.x, a.scale, a.bias, a.y, a.kept, a.rows, a.items, a.epsilon, from, to);
      break;
    }
    case BATCH_NORM_GRADIENT: {
      const a = changetype<BatchNormGradient>(w);
      batchNormGradientColumns(
        a.x, a.scale, a.dy, a.dx, a.kept, a.dScale, a.dBias, a.rows, a.items, from, to,
      );
      break;
    }
    case NORMAL_ROWS: {
      const a = changetype<NormalRows>(w);
      normalRows(a.table, a.y, a.n, from, to, scratch);
      break;
    }
    case FILL: {
      const a = changetype<Fill>(w);
      fillWords(a.word, a.y + offset, n);
      break;
    }
    case MULTIPLY_ADDS: {
      const a = changetype<MultiplyAdds>(w);
      multiplyAdds(a.rounds, a.to + (t << 2));
      break;
    }
  }
}

function product(a: ProductPlan, t: usize, scratch: usize): void {
  const from = t * a.ticketsOfTask;
  const to = min(a.tickets, from + a.ticketsOfTask);
  for (let i = from; i < to; ++i) productTicket(a, i, scratch);
}

function gemmBatch(a: GemmBatch, from: usize, to: usize, scratch: usize): void {
  for (let i = from; i < to; ++i) {
    gemm(
      a.transposeA != 0,
      a.transposeB != 0,
      a.m,
      a.n,
      a.k,
      a.a + ((i * a.stepA) << 2),
      a.lda,
      a.b + ((i * a.stepB) << 2),
      a.ldb,
      a.c + ((i * a.stepC) << 2),
      a.n,
      scratch,
    );
  }
}
