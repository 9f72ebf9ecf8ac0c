"""CAN in PyTorch in its fastest eager form: its model, one training step and the draws of a step.

The modules are those of the goldens: timm's blocks, which use scaled_dot_product_attention.
"""

import os
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "goldens/make"))

import can  # noqa: E402
from model import Can, grid  # noqa: E402


def about():
    """Version, instruction set and threads, or the GPU's name."""
    if torch.get_default_device().type == "cuda":
        return f"PyTorch {torch.__version__}, {torch.cuda.get_device_name()}"
    where = f"{torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}"
    return f"PyTorch {torch.__version__}, {where}"


def set_up(threads):
    """The number of threads, and the device TORCH_DEVICE: cpu unless it is set."""
    torch.set_num_threads(threads)
    torch.set_default_device(os.environ.get("TORCH_DEVICE", "cpu"))
    torch.set_flush_denormal(True)


def model_of(config):
    """The model in float32; the goldens compute in float64."""
    model = Can(config).float()
    # What is no parameter must follow by hand.
    for module in model.modules():
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor) and value.dtype == torch.float64:
                setattr(module, name, value.float())
    return model


def optimizer_of(model, rate, decay=0.05, betas=(0.9, 0.95)):
    """AdamW that decays kernels only, and the tokens with them: all of rank above 1."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": decay}, {"params": plain, "weight_decay": 0}]
    return torch.optim.AdamW(groups, lr=rate, betas=betas, fused=True)


def loss_of_draws(model, clean):
    """The loss of clean images [M, H, W, C] under a mask, levels and noise drawn by torch."""
    config = model.config
    rows, columns = grid(config["encoder"])
    images = len(clean)
    kept = int(rows * columns * (1 - config["maskRatio"]))
    order = torch.rand(images, rows * columns).argsort(1)
    keep, restore = (order[:, :kept], order.argsort(1)) if config["maskRatio"] > 0 else (None, None)
    lowest, highest = config["noise"].get("min", 0), config["noise"]["max"]
    levels = lowest + torch.rand(images) * (highest - lowest)
    if config["noise"].get("levels") == "log-uniform":
        levels = lowest * (highest / lowest) ** torch.rand(images)
    noise = torch.randn_like(clean) * levels[:, None, None, None]
    return can.loss_of(model, clean, noise, levels, keep, restore)


exact_code = can.level_code
can.level_code = lambda *given: exact_code(*given).float()


def make_step(config, batch, threads):
    """The step as a function; it gives the loss."""
    set_up(threads)
    torch.manual_seed(0)
    model = model_of(config)
    optimizer = optimizer_of(model, 1e-3)
    encoder = config["encoder"]
    images = config["views"] * batch
    clean = torch.randn(images, encoder["image"]["height"], encoder["image"]["width"], encoder["channels"])

    def step():
        loss, _, _ = loss_of_draws(model, clean)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
