"""The terms of CAN's loss, in torch's own functions."""

import math

import torch
from torch.nn import functional as F


def info_nce(a, b, temperature):
    """The other view is the class of each of the 2B rows; a row is no candidate for itself."""
    u = F.normalize(torch.cat([a, b]), dim=1)
    logits = (u @ u.T / temperature).fill_diagonal_(-math.inf)
    return F.cross_entropy(logits, torch.arange(len(u)).roll(len(a)))


def alignment(a, b):
    return (F.normalize(a, dim=1) - F.normalize(b, dim=1)).norm(dim=1).pow(2).mean()


def uniformity(z):
    return torch.pdist(F.normalize(z, dim=1)).pow(2).mul(-2).exp().mean().log()


def normalised(patches):
    """MAE's norm_pix_loss: torch's variance divides by P - 1."""
    variance, mean = torch.var_mean(patches, dim=-1, keepdim=True)
    return (patches - mean) / (variance + 1e-6) ** 0.5


def patch_error(prediction, target, chosen):
    """The mean over the pixels of the chosen patches; `chosen` is [B, N] of 0 and 1."""
    return F.mse_loss(prediction[chosen.bool()], target[chosen.bool()])


def level_code(levels, width, scale):
    """Sinusoids as in lucidrains/denoising-diffusion-pytorch, SinusoidalPosEmb."""
    half = width // 2
    frequencies = torch.exp(torch.arange(half, dtype=torch.float64) * -(math.log(10000) / (half - 1)))
    angles = scale * levels[:, None] * frequencies[None, :]
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
