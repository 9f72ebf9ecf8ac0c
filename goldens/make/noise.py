"""The code of noise levels at several widths and scales, and the network that reads it."""

import torch

from layout import gradients, named, randomise
from losses import level_code
from model import Level
from store import draws, exact, save

CODES = [{"width": 8, "scale": 1}, {"width": 64, "scale": 1}, {"width": 16, "scale": 20000}]

LOGS = [{"width": 8, "scale": 1}, {"width": 16, "scale": 0.25}]


def make():
    draw = draws(6)
    levels = exact(torch.tensor([0.0, 0.001, 0.03, 0.05, 0.1], dtype=torch.float64))
    arrays = {"levels": levels}
    for code in CODES:
        arrays[f"code/{code['width']}x{code['scale']}"] = level_code(levels, **code)
    for code in LOGS:
        arrays[f"log/{code['width']}x{code['scale']}"] = level_code(levels[levels > 0].log(), **code)
    model = randomise(Level(8), draw)
    # Scaled, so that the five codes differ.
    code = exact(level_code(levels, 8, 1000.0))
    y = model(code)
    weights = draw(*y.shape)
    (y * weights).sum().backward()
    arrays |= {**named(model, "params"), **gradients(model, "grads")}
    arrays |= {"input": code, "output": y, "weights": weights}
    save("noise", __file__, arrays, codes=CODES, logs=LOGS)
