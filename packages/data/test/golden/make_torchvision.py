"""Writes torchvision.json: what torchvision makes of one small picture, for views.test.ts.

Run: python make_torchvision.py   (versions are written into the file)
"""

import json
import pathlib

import numpy
import torch
import torchvision
from torchvision.transforms.v2 import functional as F

WIDTH, HEIGHT = 20, 14

# A picture that both sides can make: integers only.
y, x, c = numpy.meshgrid(range(HEIGHT), range(WIDTH), range(3), indexing="ij")
pixels = ((x * 37 + y * 59 + c * 101 + (x * y * 13) % 97) % 256).astype(numpy.uint8)
image = torch.from_numpy(pixels).permute(2, 0, 1).to(torch.float64) / 255


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
    "width": WIDTH,
    "height": HEIGHT,
    "resize": [],
    "colour": [],
    "blur": [],
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
out["grey"] = hwc(F.rgb_to_grayscale(base, num_output_channels=3))
for sigma in [0.3, 0.57, 1.1]:
    kernel = 2 * int(numpy.ceil(3 * sigma)) + 1
    blurred = F.gaussian_blur(base, [kernel, kernel], [sigma, sigma])
    out["blur"].append({"sigma": sigma, "pixels": hwc(blurred)})

path = pathlib.Path(__file__).with_name("torchvision.json")
path.write_text(json.dumps(out) + "\n")
