"""A ViT block, an encoder over kept tokens and a decoder over all: values and every gradient."""

from functools import partial

import timm
import torch
from timm.models.vision_transformer import Block
from torch import nn

from layout import gradients, named, randomise
from model import Decoder, Encoder, grid, rows_of
from store import draws, permutations, save

# Not square, five channels, more heads than two: nothing may assume otherwise.
ENCODER = {
    "image": {"height": 8, "width": 12},
    "channels": 5,
    "patch": 4,
    "width": 24,
    "depth": 2,
    "heads": 3,
    "mlpRatio": 4,
    "epsilon": 1e-6,
}
DECODER = {"width": 12, "depth": 1, "heads": 2, "mlpRatio": 2}


def block():
    draw = draws(2)
    width, heads = 12, 3
    model = Block(width, heads, 4, qkv_bias=True, norm_layer=partial(nn.LayerNorm, eps=1e-6))
    randomise(model, draw)
    x, weights = draw(2, 5, width).requires_grad_(), draw(2, 5, width)
    y = model(x)
    (y * weights).sum().backward()
    arrays = {
        **named(model, "params"),
        **gradients(model, "grads"),
        **{"x": x, "y": y, "weights": weights, "grads/x": x.grad},
    }
    save("block", __file__, arrays, versions=[timm], config={"width": width, "heads": heads})


def vit():
    draw = draws(3)
    model = nn.ModuleDict({"encoder": Encoder(ENCODER), "decoder": Decoder(DECODER, ENCODER)})
    encoder, decoder = randomise(model, draw).values()
    rows, columns = grid(ENCODER)
    batch, patches, kept = 2, rows * columns, 3
    images = draw(batch, 8, 12, 5)
    order = permutations(3, batch, patches)
    keep, restore = order[:, :kept], order.argsort(1)

    tokens = encoder.embed(images)
    *after, whole = encoder.steps(tokens)
    encoded = encoder(rows_of(tokens, keep))
    prediction = decoder(encoded, restore)
    weights = draw(*prediction.shape)
    (prediction * weights).sum().backward()
    arrays = {
        **named(model, "params"),
        **gradients(model, "grads"),
        **{f"blocks/{i}": x for i, x in enumerate(after)},
        **{"images": images, "keep": keep, "restore": restore, "weights": weights},
        **{"tokens": tokens, "whole": whole, "encoded": encoded, "prediction": prediction},
    }
    save("vit", __file__, arrays, versions=[timm], encoder=ENCODER, decoder=DECODER)


def make():
    block()
    vit()
