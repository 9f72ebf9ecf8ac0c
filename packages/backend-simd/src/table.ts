/** The numbers of the kernels; kernels/table.ts says what each takes. */
export const KERNEL = {
  gemmTiles: 0,
  gemmBatch: 1,
  unary: 2,
  binaryFlat: 3,
  binaryRows: 4,
  select: 5,
  reduceRows: 6,
  reduceRuns: 7,
  reduceColumns: 8,
  reduceBlocks: 9,
  softmax: 10,
  softmaxGradient: 11,
  copyBlock: 12,
  transposePlanes: 13,
  gatherRows: 14,
  segmentSum: 15,
  fill: 16,
  layerNorm: 17,
  layerNormGradient: 18,
  attention: 19,
  attentionGradient: 20,
  adamw: 21,
  slopeRows: 22,
  geluWithSlope: 23,
} as const;

/** The operations of `KERNEL.unary`. */
export const UNARY = {
  Exp: 0,
  Log: 1,
  Tanh: 2,
  Sigmoid: 3,
  Erf: 4,
  Sqrt: 5,
  Rsqrt: 6,
  Square: 7,
  Neg: 8,
  Abs: 9,
  Relu: 10,
  Relu6: 11,
  Reciprocal: 12,
  Floor: 13,
  Ceil: 14,
  Round: 15,
  Sign: 16,
  Step: 17,
  ClipByValue: 18,
  LeakyRelu: 19,
  affine: 20,
} as const;

/** The operations of `KERNEL.binaryFlat` and `binaryRows`; those from 7 on give truth values. */
export const BINARY = {
  Add: 0,
  Sub: 1,
  Multiply: 2,
  RealDiv: 3,
  Maximum: 4,
  Minimum: 5,
  SquaredDifference: 6,
  Equal: 7,
  NotEqual: 8,
  Greater: 9,
  GreaterEqual: 10,
  Less: 11,
  LessEqual: 12,
} as const;

/** The operations of the reductions. */
export const REDUCE = { sum: 0, max: 1, min: 2, squares: 3 } as const;

const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

/** The bits of a float, as kernels take them. */
export function bits(x: number): number {
  float[0] = x;
  return word[0] ?? 0;
}
