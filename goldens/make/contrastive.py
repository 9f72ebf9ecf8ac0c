"""InfoNCE and a projection head with and without batch norm: values and gradients."""

import torch

from layout import gradients, named, randomise
from losses import alignment, info_nce, uniformity
from model import Projector
from store import draws, save

TEMPERATURES = [0.1, 0.5]
HEADS = {
    "batch-norm": {"in": 6, "hidden": 10, "layers": 2, "out": 4, "batchNorm": True},
    "light": {"in": 6, "hidden": 6, "layers": 1, "out": 4, "batchNorm": False},
}


def losses(draw):
    a, b = draw(5, 7), draw(5, 7)
    # The views of an image resemble each other, as they do in training.
    b = (b + a).float().double()
    arrays = {"a": a, "b": b, "alignment": alignment(a, b), "uniformity": uniformity(torch.cat([a, b]))}
    for temperature in TEMPERATURES:
        views = [a.clone().requires_grad_(), b.clone().requires_grad_()]
        loss = info_nce(*views, temperature)
        loss.backward()
        at = f"info-nce/{temperature}"
        arrays |= {f"{at}/loss": loss, f"{at}/grads/a": views[0].grad, f"{at}/grads/b": views[1].grad}
    return arrays


def head(at, config, draw):
    width, sizes = config["in"], {key: value for key, value in config.items() if key != "in"}
    model = randomise(Projector(width, **sizes), draw)
    x = draw(8, width).requires_grad_()
    y = model(x)
    weights = draw(*y.shape)
    (y * weights).sum().backward()
    return {
        **named(model, f"{at}/params"),
        **gradients(model, f"{at}/grads"),
        **{f"{at}/x": x, f"{at}/y": y, f"{at}/weights": weights, f"{at}/grads/x": x.grad},
    }


def make():
    draw = draws(4)
    arrays = losses(draw)
    for at, config in HEADS.items():
        arrays |= head(at, config, draw)
    save("contrastive", __file__, arrays, heads=HEADS, temperatures=TEMPERATURES)
