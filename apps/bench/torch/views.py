"""Views of images by torchvision, with the settings of a run of twocan."""

import math
import pathlib

import torch
from PIL import Image
from torchvision.transforms import v2

SUFFIXES = {".png", ".jpg", ".jpeg"}


def pictures(folder):
    """Every picture of a folder, in the order of the paths, as uint8 [3, H, W]."""
    files = sorted(f for f in pathlib.Path(folder).rglob("*") if f.suffix.lower() in SUFFIXES)
    return [v2.functional.pil_to_tensor(Image.open(f).convert("RGB")) for f in files]


class Blur(torch.nn.Module):
    """A Gaussian of random width, its kernel cut at three deviations."""

    def __init__(self, lowest, highest):
        super().__init__()
        self.range = lowest, highest

    def forward(self, image):
        sigma = float(torch.empty(1).uniform_(*self.range))
        return v2.functional.gaussian_blur(image, 2 * math.ceil(3 * sigma) + 1, sigma)


def view_of(config):
    """The transform that makes one view: uint8 [3, H, W] to normalised float [3, size, size]."""
    image, given = config["model"]["encoder"]["image"], config["augmentation"]
    size = image["height"], image["width"]
    jitter = v2.ColorJitter(*(given[name] for name in ("brightness", "contrast", "saturation", "hue")))
    steps = [
        v2.RandomResizedCrop(size, given["scale"], given["aspect"], antialias=True),
        v2.RandomHorizontalFlip(given["flip"]),
        v2.ToDtype(torch.float32, scale=True),
        v2.RandomApply([jitter], given["jitter"]),
        v2.RandomGrayscale(given["grey"]),
    ]
    if given["blur"]:
        steps.append(v2.RandomApply([Blur(*(s * size[0] / 224 for s in given["sigma"]))], given["blur"]))
    if given.get("solarize"):
        steps.append(v2.RandomSolarize(0.5, given["solarize"]))
    return v2.Compose([*steps, v2.Normalize(**config["normalization"])])
