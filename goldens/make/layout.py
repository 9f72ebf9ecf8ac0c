"""PyTorch modules under twocan's names and in its layouts."""

import torch
from torch import nn

from store import exact

# timm's names of a block's parts.
RENAMED = {"attn": "attention", "proj": "out", "fc1": "hidden", "fc2": "out"}
NORMS = (nn.LayerNorm, nn.BatchNorm1d)


def ours(module, name, x):
    """One parameter (or its gradient) of a module: twocan's name of it, and its layout."""
    if isinstance(module, nn.Conv2d) and name == "weight":
        # [D, C, p, p] to [p·p·C, D], rows in the order (row, column, channel).
        return "kernel", x.permute(2, 3, 1, 0).flatten(0, 2)
    if isinstance(module, nn.Linear) and name == "weight":
        return "kernel", x.T
    if isinstance(module, NORMS) and name == "weight":
        return "scale", x
    return name, x


def named(model, prefix, pick=lambda p: p):
    """All parameters of a model by path, `PREFIX/encoder/blocks/0/attention/qkv/kernel`."""
    found = {}
    for path, module in model.named_modules():
        parts = [RENAMED.get(part, part) for part in path.split(".") if part]
        for name, parameter in module.named_parameters(recurse=False):
            last, x = ours(module, name, pick(parameter))
            found["/".join([prefix, *parts, last])] = x
    return found


def gradients(model, prefix):
    """The same, for gradients; a parameter without one is an error of the script."""
    return named(model, prefix, lambda p: p.grad)


def randomise(model, draw):
    """Float64 weights of a trained look: no zeros and ones where initialisation would put them."""
    model.double()
    with torch.no_grad():
        for module in model.modules():
            for name, p in module.named_parameters(recurse=False):
                if isinstance(module, NORMS) and name == "weight":
                    p.copy_(exact(1 + draw(*p.shape, scale=0.2)))
                else:
                    fan_in = p[0].numel() if p.ndim > 1 and p.shape[0] > 1 else 25
                    p.copy_(draw(*p.shape, scale=fan_in**-0.5))
    return model
