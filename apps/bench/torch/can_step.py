"""One training step of CAN in PyTorch, in its fastest eager form: for step.py and step_profile.py.

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


def make_step(config, batch, threads):
    """The step as a function, on TORCH_DEVICE, cpu unless said; it gives the loss."""
    torch.set_num_threads(threads)
    torch.set_default_device(os.environ.get("TORCH_DEVICE", "cpu"))
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    model = Can(config).float()
    # The goldens compute in float64; what is no parameter must follow by hand.
    for module in model.modules():
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor) and value.dtype == torch.float64:
                setattr(module, name, value.float())
    exact_code = can.level_code
    can.level_code = lambda *given: exact_code(*given).float()
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), fused=True)
    encoder = config["encoder"]
    rows, columns = grid(encoder)
    images = config["views"] * batch
    clean = torch.randn(images, encoder["image"]["height"], encoder["image"]["width"], encoder["channels"])
    kept = int(rows * columns * (1 - config["maskRatio"]))

    def step():
        order = torch.rand(images, rows * columns).argsort(1)
        keep, restore = (order[:, :kept], order.argsort(1)) if config["maskRatio"] > 0 else (None, None)
        levels = torch.rand(images) * config["noise"]["max"]
        noise = torch.randn_like(clean) * levels[:, None, None, None]
        loss, _, _ = can.loss_of(model, clean, noise, levels, keep, restore)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
