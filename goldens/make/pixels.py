"""Reconstruction and denoising losses: values and gradients by the prediction."""

import torch

from losses import normalised, patch_error
from store import draws, permutations, save


def make():
    draw = draws(5)
    batch, patches, pixels = 3, 8, 12
    target, noise = draw(batch, patches, pixels), draw(batch, patches, pixels, scale=0.03)
    # A patch of nearly one colour: the epsilon under the root decides.
    target[0, 0] = (0.5 + 1e-3 * target[0, 0]).float().double()
    prediction = draw(batch, patches, pixels)
    masked = (permutations(5, batch, patches) >= 3).double()
    levels = torch.tensor([0.5, 0.03, 2.0], dtype=torch.float64).float().double()[:, None, None]
    losses = {
        "plain": lambda p: patch_error(p, target, masked),
        "normalised": lambda p: patch_error(p, normalised(target), masked),
        "denoising-equal": lambda p: patch_error(p / levels, noise / levels, 1 - masked),
        "denoising": lambda p: patch_error(p, noise, 1 - masked),
    }
    arrays = {"target": target, "noise": noise, "prediction": prediction, "masked": masked}
    arrays["levels"] = levels.flatten()
    arrays["normalised-target"] = normalised(target)
    for name, loss_of in losses.items():
        p = prediction.clone().requires_grad_()
        loss = loss_of(p)
        loss.backward()
        arrays |= {f"{name}/loss": loss, f"{name}/grad": p.grad}
    save("pixels", __file__, arrays)
