"""Writes torchvision.json: what torchvision, and timm where it differs, make of one small picture,
for views.test.ts.

Run: python make_torchvision.py   (versions are written into the file)
"""

import json
import pathlib

import numpy
import timm
import torch
import torchvision
from PIL import Image
from timm.data import auto_augment as timm_operations
from torchvision.transforms.v2 import functional as F

WIDTH, HEIGHT = 20, 14


def numbered(width, height):
    """A picture that both sides can make: integers only."""
    y, x, c = numpy.meshgrid(range(height), range(width), range(3), indexing="ij")
    return ((x * 37 + y * 59 + c * 101 + (x * y * 13) % 97) % 256).astype(numpy.uint8)


image = torch.from_numpy(numbered(WIDTH, HEIGHT)).permute(2, 0, 1).to(torch.float64) / 255


def hwc(tensor):
    values = tensor.permute(1, 2, 0).reshape(-1).tolist()
    return [round(v, 6) for v in values]


def resized(crop, size):
    left, top, width, height = crop
    return F.resized_crop(image, top, left, height, width, [size, size], antialias=True)


out = {
    "made_by": "make_torchvision.py",
    "torch": torch.__version__,
    "torchvision": torchvision.__version__,
    "timm": timm.__version__,
    "width": WIDTH,
    "height": HEIGHT,
    "resize": [],
    "colour": [],
    "blur": [],
    "spatial": [],
    "equalize": [],
}
for crop, size in [([0, 0, 20, 14], 8), ([3, 2, 13, 9], 5), ([5, 4, 6, 5], 9), ([2, 1, 8, 12], 8)]:
    out["resize"].append({"crop": crop, "size": size, "pixels": hwc(resized(crop, size))})
base = resized([0, 0, 20, 14], 8)
for kind, amount in [
    ("brightness", 0.6), ("brightness", 1.4), ("contrast", 0.6), ("contrast", 1.4),
    ("saturation", 0.6), ("saturation", 1.4), ("hue", -0.1), ("hue", 0.07), ("hue", 0.5),
]:  # fmt: skip
    change = getattr(F, f"adjust_{kind}")
    out["colour"].append({"kind": kind, "amount": amount, "pixels": hwc(change(base, amount))})
whole = (base * 255).round().to(torch.uint8)
for kind, amount, changed in [
    ("autocontrast", 0, F.autocontrast(base)),
    ("invert", 0, F.invert(base)),
    ("solarize", 0.6, F.solarize(base, 0.6)),
    ("posterize", 2, F.posterize(whole, 2) / 255),
    ("posterize", 5, F.posterize(whole, 5) / 255),
]:
    out["colour"].append({"kind": kind, "amount": amount, "pixels": hwc(changed.double())})
# timm's, in 8 bits: torchvision has none.
dark = timm_operations.solarize_add(F.to_pil_image(whole), 86)
out["solarize_add"] = {"amount": 86, "pixels": hwc(F.pil_to_tensor(dark).double() / 255)}
# timm's, on one channel of floats at a time: at the rim torchvision lets black shine through.
fills = [0.485, 0.456, 0.406]
moves = {
    "shearX": timm_operations.shear_x,
    "shearY": timm_operations.shear_y,
    "translateX": timm_operations.translate_x_rel,
    "translateY": timm_operations.translate_y_rel,
    "rotate": timm_operations.rotate,
}
for kind, move in moves.items():
    for amount in [-27, 11.5] if kind == "rotate" else [-0.27, 0.2]:
        channels = [
            move(Image.fromarray(channel), amount, resample=Image.BILINEAR, fillcolor=fill)
            for channel, fill in zip(base.float().numpy(), fills)
        ]
        moved = torch.stack([torch.from_numpy(numpy.array(channel)) for channel in channels])
        out["spatial"].append({"kind": kind, "amount": amount, "pixels": hwc(moved)})
for factor in [0.1, 1.8]:
    sharp = F.adjust_sharpness(base, factor)
    out["spatial"].append({"kind": "sharpness", "amount": factor, "pixels": hwc(sharp)})
# Of pictures of fewer than 256 pixels it makes nothing. The second has few values.
for divisor in [1, 3]:
    even = F.equalize(torch.from_numpy(numbered(24, 24) // divisor).permute(2, 0, 1))
    pixels = even.permute(1, 2, 0).reshape(-1).tolist()
    out["equalize"].append({"size": 24, "divisor": divisor, "pixels": pixels})
out["grey"] = hwc(F.rgb_to_grayscale(base, num_output_channels=3))
for sigma in [0.3, 0.57, 1.1]:
    kernel = 2 * int(numpy.ceil(3 * sigma)) + 1
    blurred = F.gaussian_blur(base, [kernel, kernel], [sigma, sigma])
    out["blur"].append({"sigma": sigma, "pixels": hwc(blurred)})

path = pathlib.Path(__file__).with_name("torchvision.json")
path.write_text(json.dumps(out) + "\n")
