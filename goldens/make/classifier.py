"""A ViT classifier with stochastic depth on mixed labels: logits, loss, every gradient, and attention."""

import timm
import torch
from torch import nn
from torch.nn import functional as F

from layout import gradients, named, randomise
from model import Encoder
from store import draws, exact, save
from vit import ENCODER

CLASSES, BATCH = 3, 4
# Factors on the branches of both blocks; 0 drops a branch.
PATHS = {"attention": [[1, 1, 1, 1], [1.25, 0, 1.25, 0]], "mlp": [[1, 1, 1, 1], [0, 1.25, 1.25, 0]]}


class Factors(nn.Module):
    """In the place of timm's DropPath: known factors instead of drawn ones."""

    def __init__(self, factors):
        super().__init__()
        self.factors = torch.tensor(factors, dtype=torch.float64)[:, None, None]

    def forward(self, x):
        return x * self.factors


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        width = ENCODER["width"]
        self.encoder = Encoder(ENCODER)
        self.encoder.norm = nn.Identity()
        self.norm = nn.LayerNorm(width, eps=ENCODER["epsilon"])
        self.head = nn.Linear(width, CLASSES)

    def forward(self, images):
        tokens = self.encoder(self.encoder.embed(images))
        return self.head(self.norm(tokens[:, 1:].mean(1)))


def looks_of(model, images):
    """Softmax of queries on keys in the last block, [B, heads, tokens, tokens]."""
    encoder, width = model.encoder, ENCODER["width"]
    tokens = torch.cat([encoder.cls.expand(len(images), -1, -1), encoder.embed(images)], 1)
    first, last = encoder.blocks
    qkv = last.attn.qkv(last.norm1(first(tokens))).unflatten(2, (3, ENCODER["heads"], -1))
    q, k, _ = qkv.permute(2, 0, 3, 1, 4)
    return (q @ k.mT / (width / ENCODER["heads"]) ** 0.5).softmax(-1)


def make():
    draw = draws(31)
    model = randomise(Classifier(), draw)
    images = draw(BATCH, 8, 12, 5)
    whole, looks = model(images), looks_of(model, images)
    for block, attention, mlp in zip(model.encoder.blocks, PATHS["attention"], PATHS["mlp"]):
        block.drop_path1, block.drop_path2 = Factors(attention), Factors(mlp)
    # Labels 0, 1, 2, 1, smoothed, each mixed with that of the batch backwards.
    smooth = 0.9 * F.one_hot(torch.tensor([0, 1, 2, 1]), CLASSES).double() + 0.1 / CLASSES
    targets = exact(0.7 * smooth + 0.3 * smooth.flip(0))
    logits = model(images)
    loss = F.cross_entropy(logits, targets)
    loss.backward()
    arrays = {
        **named(model, "params"),
        **gradients(model, "grads"),
        **{"images": images, "targets": targets, "whole": whole, "logits": logits, "loss": loss},
        **{"attention/cls": looks[:, :, 0, 1:], "attention/patches": looks[:, :, 1:, 1:].mean(2)},
    }
    save("classifier", __file__, arrays, versions=[timm], encoder=ENCODER, paths=PATHS)
