"""Where goldens go, and the random numbers that they are made from."""

import json
import pathlib

import numpy
import safetensors.torch
import torch

FOLDER = pathlib.Path(__file__).resolve().parent.parent
# With True nothing is written: what is computed must agree with what is there.
checking = False


def draws(seed):
    """A function draw(*shape, scale) of normal numbers: float64 that float32 holds exactly."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape, scale=1.0):
        return exact(scale * torch.randn(*shape, generator=generator, dtype=torch.float64))

    return draw


def exact(x):
    """What is stored is float32; computing from the same numbers in float64 leaves one rounding."""
    return x.float().double()


def permutations(seed, rows, length):
    """A random order of 0 ... length-1 for each row."""
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randperm(length, generator=generator) for _ in range(rows)])


def save(name, script, tensors, versions=(), **configs):
    """Writes (or checks) NAME.safetensors: floats as F32, integers as I32, configs as JSON."""
    stored = {
        key: (x.float() if x.is_floating_point() else x.int()).detach().contiguous().clone()
        for key, x in tensors.items()
    }
    path = FOLDER / f"{name}.safetensors"
    if checking:
        return compare(name, safetensors.torch.load_file(path), stored)
    metadata = {
        "script": pathlib.Path(script).name,
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        **{module.__name__: module.__version__ for module in versions},
        **{key: json.dumps(value) for key, value in configs.items()},
    }
    safetensors.torch.save_file(stored, path, metadata)
    print(f"{path.name}: {len(stored)} arrays, {path.stat().st_size} bytes")


def compare(name, before, now):
    assert before.keys() == now.keys(), f"{name}: other names: {before.keys() ^ now.keys()}"
    for key, x in now.items():
        torch.testing.assert_close(x, before[key], rtol=1e-5, atol=1e-7, msg=lambda m: f"{name} {key}: {m}")
    print(f"{name}: {len(now)} arrays agree")
