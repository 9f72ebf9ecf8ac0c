import type { TensorInfo } from '@tensorflow/tfjs-core';
import { calls } from '../calls.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';

type Sizes = {
  readonly batch: number;
  readonly tokens: number;
  readonly width: number;
  readonly size: number;
};

const sizesOf = ({ shape }: TensorInfo, heads: number): Sizes => {
  const [batch = 0, tokens = 0, packed = 0] = shape;
  const width = packed / 3;
  return { batch, tokens, width, size: width / heads };
};

// Heads of one task: enough tasks to even out, whatever the number of threads.
const chunkOf = (heads: number): number => Math.max(1, Math.ceil(heads / 32));

const attention: Kernel = ({ qkv }, { heads }, backend) => {
  if (qkv === undefined) return undefined;
  const { batch, tokens, width, size } = sizesOf(qkv, heads as number);
  const all = batch * (heads as number);
  const from = backend.place(qkv);
  const weights = backend.output([all, tokens, tokens]);
  const out = backend.output([batch, tokens, width]);
  const chunk = chunkOf(all);
  const sizes = { n: tokens, heads: heads as number, size, scale: 1 / Math.sqrt(size) };
  const places = { qkv: from, weights: weights.at, out: out.at };
  if (all * tokens * size > 0) {
    calls.attention(backend.engine, { items: all, chunk }, { ...places, ...sizes });
  }
  return [out.info, weights.info];
};

const attentionGradient: Kernel = ({ qkv, dy, residual0: weights }, { heads }, backend) => {
  if (qkv === undefined || dy === undefined || weights === undefined) return undefined;
  const { batch, tokens, size } = sizesOf(qkv, heads as number);
  const all = batch * (heads as number);
  backend.engine.reserveAttention(tokens);
  const [from, kept, d] = [backend.place(qkv), backend.place(weights), backend.place(dy)];
  const { info, at } = backend.output(qkv.shape);
  const chunk = chunkOf(all);
  const sizes = { n: tokens, heads: heads as number, size, scale: 1 / Math.sqrt(size) };
  const places = { qkv: from, weights: kept, dOut: d, dqkv: at };
  if (all * tokens * size > 0) {
    calls.attentionGradient(backend.engine, { items: all, chunk }, { ...places, ...sizes });
  }
  return [info];
};

/** Multi-head self-attention. */
export const attentionKernels: Kernels = {
  'twocan.attention': attention,
  'twocan.attention.gradient': attentionGradient,
};
