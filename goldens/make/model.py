"""CAN in PyTorch, from timm's blocks and torch's layers."""

from functools import partial

import torch
from timm.models.vision_transformer import Block
from torch import nn
from torch.nn import functional as F

from positions import patches, table


def blocks(config, epsilon):
    norm = partial(nn.LayerNorm, eps=epsilon)
    sizes = [config["width"], config["heads"], config["mlpRatio"]]
    return nn.ModuleList(Block(*sizes, qkv_bias=True, norm_layer=norm) for _ in range(config["depth"]))


def grid(encoder):
    image, patch = encoder["image"], encoder["patch"]
    return image["height"] // patch, image["width"] // patch


def rows_of(x, ids):
    """x[b, ids[b, k]] for each image b."""
    return x.gather(1, ids[..., None].expand(-1, -1, x.shape[2]))


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, patch = config["width"], config["patch"]
        self.patch = nn.Conv2d(config["channels"], width, patch, stride=patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = blocks(config, config["epsilon"])
        self.norm = nn.LayerNorm(width, eps=config["epsilon"])
        self.positions = table(*grid(config), width)

    def embed(self, images):
        return self.patch(images.permute(0, 3, 1, 2)).flatten(2).mT + self.positions

    def steps(self, tokens):
        """After each block, then after the final norm."""
        x = torch.cat([self.cls.expand(len(tokens), -1, -1), tokens], 1)
        for block in self.blocks:
            x = block(x)
            yield x
        yield self.norm(x)

    def forward(self, tokens):
        return list(self.steps(tokens))[-1]


class Decoder(nn.Module):
    def __init__(self, config, encoder, masks=True):
        super().__init__()
        width, epsilon = config["width"], encoder["epsilon"]
        self.embed = nn.Linear(encoder["width"], width)
        if masks:
            self.mask = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = blocks(config, epsilon)
        self.norm = nn.LayerNorm(width, eps=epsilon)
        self.head = nn.Linear(width, encoder["patch"] ** 2 * encoder["channels"])
        self.positions = table(*grid(encoder), width)

    def decode(self, cls, tokens):
        x = torch.cat([cls, tokens + self.positions], 1)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))[:, 1:]

    def forward(self, encoded, restore, code=None, embed="none", embed_cls=False):
        """The level's code [B, D] is added in the encoder's width, as the paper has it."""
        cls, visible = encoded[:, :1], encoded[:, 1:]
        masks = self.mask.expand(len(encoded), restore.shape[1] - visible.shape[1], -1)
        if code is not None:
            code = code[:, None]
            if embed in ("all", "visible"):
                visible = visible + code
            if embed == "all":
                masks = masks + F.linear(code, self.embed.weight)
            if embed_cls:
                cls = cls + code
        tokens = rows_of(torch.cat([self.embed(visible), masks], 1), restore)
        return self.decode(self.embed(cls), tokens)


class Layer(nn.Linear):
    """A layer of a projector: its weights and, with batch norm, a norm of its own and no bias."""

    def __init__(self, inputs, outputs, norm):
        super().__init__(inputs, outputs, bias=not norm)
        self.norm = nn.BatchNorm1d(outputs) if norm else nn.Identity()

    def forward(self, x):
        return self.norm(super().forward(x))


class Projector(nn.Module):
    def __init__(self, width, hidden, layers, out, batchNorm, **_):
        super().__init__()
        sizes = [width] + [hidden] * layers
        inner = [Layer(a, b, batchNorm) for a, b in zip(sizes, sizes[1:])]
        self.layers = nn.ModuleList([*inner, Layer(sizes[-1], out, False)])

    def forward(self, x):
        *inner, last = self.layers
        for layer in inner:
            x = F.relu(layer(x))
        return last(x)


class Level(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.hidden, self.out = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, code):
        return self.out(F.relu(self.hidden(code)))


class Can(nn.Module):
    """The parts that a config uses; the losses are in losses.py."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        encoder, weights = config["encoder"], config["weights"]
        self.encoder = Encoder(encoder)
        from_encoder = config["noise"].get("from") == "encoder"
        if weights["reconstruction"] or (weights["denoising"] and not from_encoder):
            self.decoder = Decoder(config["decoder"], encoder)
        if weights["denoising"] and from_encoder:
            self.denoiser = nn.Linear(encoder["width"], encoder["patch"] ** 2 * encoder["channels"])
        if weights["contrastive"]:
            self.projector = Projector(encoder["width"], **config["projector"])
        if config["noise"]["max"] and hasattr(self, "decoder"):
            self.level = Level(encoder["width"])

    def patches(self, images):
        return patches(images, self.config["encoder"]["patch"])
