import {
  add,
  concat,
  erf,
  matMul,
  mean,
  mul,
  oneHot,
  ones,
  reshape,
  rsqrt,
  type Scalar,
  slice,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor4D,
  tensor1d,
  tensor3d,
  transpose,
} from '@tensorflow/tfjs-core';
import type { CanConfig, CanParams } from '@twocan/can';
import type { Mask } from '@twocan/masking';

type Dense = { readonly kernel: Tensor; readonly bias: Tensor };
type Norm = { readonly scale: Tensor; readonly bias: Tensor };
type Block = CanParams['encoder']['blocks'][number];

const flat = (x: Tensor): Tensor => reshape(x, [-1, x.shape.at(-1) ?? 1]);

const dense = (x: Tensor, { kernel, bias }: Dense): Tensor =>
  reshape(add(matMul(flat(x), kernel), bias), [...x.shape.slice(0, -1), bias.size]);

const norm = (x: Tensor, { scale, bias }: Norm): Tensor => {
  const centred = sub(x, mean(x, -1, true));
  const variance = mean(square(centred), -1, true);
  return add(mul(mul(centred, rsqrt(add(variance, 1e-6))), scale), bias);
};

const heads = (x: Tensor, count: number): Tensor => {
  const [b = 0, n = 0, d = 0] = x.shape;
  return transpose(reshape(x, [b, n, count, d / count]), [0, 2, 1, 3]);
};

function attention(x: Tensor, { qkv, out }: Block['attention'], count: number): Tensor {
  const [b = 0, n = 0, d = 0] = x.shape;
  const all = dense(x, qkv);
  const [q, k, v] = [0, 1, 2].map((i) => heads(slice(all, [0, 0, i * d], [b, n, d]), count)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const weights = softmax(mul(matMul(q, k, false, true), 1 / Math.sqrt(d / count)));
  return dense(reshape(transpose(matMul(weights, v), [0, 2, 1, 3]), [b, n, d]), out);
}

function block(x: Tensor, p: Block, count: number): Tensor {
  const y = add(x, attention(norm(x, p.norm1), p.attention, count));
  const h = dense(norm(y, p.norm2), p.mlp.hidden);
  const gelu = mul(mul(h, 0.5), add(1, erf(mul(h, Math.SQRT1_2))));
  return add(y, dense(gelu, p.mlp.out));
}

function positions(side: number, width: number): Tensor {
  const axis = (position: number): number[] => {
    const omega = Array.from({ length: width / 4 }, (_, k) => 10000 ** (-k / (width / 4)));
    return [
      ...omega.map((w) => Math.sin(position * w)),
      ...omega.map((w) => Math.cos(position * w)),
    ];
  };
  const table = Array.from({ length: side * side }, (_, t) => [
    ...axis(t % side),
    ...axis(Math.floor(t / side)),
  ]);
  return tensor3d([table]);
}

/** Patch by patch, pixel by pixel. */
function cut(x: Tensor4D, p: number): Tensor {
  const [b, h, w, c] = x.shape;
  const pixels = x.arraySync();
  const patches = pixels.map((image) =>
    Array.from({ length: (h / p) * (w / p) }, (_, t) => {
      const [row, column] = [Math.floor(t / (w / p)) * p, (t % (w / p)) * p];
      return Array.from({ length: p * p }, (_, i) =>
        Array.from(
          { length: c },
          (_, k) => image[row + Math.floor(i / p)]?.[column + (i % p)]?.[k] ?? 0,
        ),
      ).flat();
    }),
  );
  return reshape(tensor3d(patches), [b, (h / p) * (w / p), p * p * c]);
}

/** Rows of each image by index, as a product with one-hot rows. */
const rows = (x: Tensor, indices: Int32Array): Tensor => {
  const [b = 0, n = 0] = x.shape;
  const pick = reshape(oneHot(tensor1d(indices, 'int32'), n), [b, -1, n]);
  return matMul(mul(pick, 1), x);
};

/** A masked autoencoder of its own, in plain tfjs: models_mae.py line by line, shares no code. */
export function standaloneMae(
  { encoder, decoder }: CanParams,
  config: CanConfig,
  images: Tensor4D,
  { keep, restore, kept, patches }: Mask,
): Scalar {
  if (!decoder?.mask) throw new Error('a decoder with a mask token expected');
  const side = config.encoder.image.height / config.encoder.patch;
  const target = cut(images, config.encoder.patch);
  const batch = images.shape[0];

  const tokens = add(dense(target, encoder.patch), positions(side, config.encoder.width));
  const cls = mul(ones([batch, 1, 1]), encoder.cls);
  let x = concat([cls, rows(tokens, keep)], 1);
  for (const p of encoder.blocks) x = block(x, p, config.encoder.heads);
  x = norm(x, encoder.norm);

  x = dense(x, decoder.embed);
  const width = config.decoder.width;
  const visible = slice(x, [0, 1, 0], [batch, kept, width]);
  const masks = mul(ones([batch, patches - kept, 1]), decoder.mask);
  const full = add(rows(concat([visible, masks], 1), restore), positions(side, width));
  x = concat([slice(x, [0, 0, 0], [batch, 1, width]), full], 1);
  for (const p of decoder.blocks) x = block(x, p, config.decoder.heads);
  const predicted = slice(
    dense(norm(x, decoder.norm), decoder.head),
    [0, 1, 0],
    [batch, patches, -1],
  );

  const centred = sub(target, mean(target, -1, true));
  const size = target.shape[2] ?? 0;
  const variance = mul(sum(square(centred), -1, true), 1 / (size - 1));
  const normalised = mul(centred, rsqrt(add(variance, 1e-6)));
  const byPatch = mean(square(sub(predicted, normalised)), -1);
  const masked = tensor1d([...restore].map((rank) => (rank >= kept ? 1 : 0)));
  return mul(sum(mul(reshape(byPatch, [-1]), masked)), 1 / (batch * (patches - kept))) as Scalar;
}
