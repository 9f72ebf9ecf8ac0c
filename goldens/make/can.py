"""CAN's whole loss, every metric and the gradient of every parameter, for given draws."""

import timm
import torch

from layout import gradients, named, randomise
from losses import alignment, info_nce, level_code, normalised, patch_error, uniformity
from model import Can, grid, rows_of
from store import draws, exact, permutations, save
from variants import VARIANTS


def encode(model, noisy, keep):
    tokens = model.encoder.embed(noisy)
    encoded = model.encoder(tokens if keep is None else rows_of(tokens, keep))
    pooled = encoded if model.config["pool"] == "all" else encoded[:, 1:]
    return encoded, pooled.mean(1)


def embed(model, features):
    """The two views' embeddings; batch norm sees both views at once or each alone."""
    views = features.chunk(2)
    if model.config["projector"]["statistics"] == "each-view":
        return [model.projector(view) for view in views]
    return model.projector(torch.cat(views)).chunk(2)


def predict(model, encoded, restore, levels):
    config = model.config
    if not hasattr(model, "level"):
        return model.decoder(encoded, restore)
    noise = config["noise"]
    coded = levels.log() if noise.get("code") == "log" else levels
    code = model.level(level_code(coded, config["encoder"]["width"], noise["scale"]))
    output = model.decoder(encoded, restore, code, noise["embed"], noise["embedCls"])
    if noise.get("target") != "unit" or hasattr(model, "denoiser"):
        return output
    visible = (restore < encoded.shape[1] - 1)[:, :, None]
    return torch.where(visible, output * levels[:, None, None], output)


def predict_noise(model, encoded, restore, levels):
    """The noise of visible patches from the encoder's tokens, in their places; 0 at hidden ones."""
    noise = model.denoiser(encoded[:, 1:])
    if model.config["noise"].get("target") == "unit":
        noise = noise * levels[:, None, None]
    hidden = noise.new_zeros(len(noise), restore.shape[1] - noise.shape[1], noise.shape[2])
    return rows_of(torch.cat([noise, hidden], 1), restore)


def loss_of(model, clean, noise, levels, keep, restore):
    """The weighted loss, and what is reported beside it."""
    config, weights = model.config, model.config["weights"]
    noisy = clean + noise
    encoded, features = encode(model, noisy, keep)
    metrics, parts = {}, {"features": features}
    if weights["contrastive"]:
        a, b = embed(model, features)
        metrics["contrastive"] = info_nce(a, b, config["temperature"])
        metrics["alignment"] = alignment(a, b)
        metrics["uniformity"] = uniformity(torch.cat([a, b]))
        parts |= {"embeddings/a": a, "embeddings/b": b}
    if weights["reconstruction"] or weights["denoising"]:
        masked = (restore >= keep.shape[1]).to(encoded.dtype)
    if hasattr(model, "decoder"):
        parts["predictions"] = predict(model, encoded, restore, levels)
    if hasattr(model, "denoiser"):
        parts["noisePredictions"] = predict_noise(model, encoded, restore, levels)
    if weights["reconstruction"]:
        target = model.patches(clean if config["target"] == "clean" else noisy)
        target = normalised(target) if config["normalizePixels"] else target
        metrics["reconstruction"] = patch_error(parts["predictions"], target, masked)
    if weights["denoising"]:
        prediction = parts["noisePredictions" if hasattr(model, "denoiser") else "predictions"]
        equal = config["noise"].get("weight") == "equal"
        scale = levels[:, None, None] if equal else 1
        metrics["denoising"] = patch_error(prediction / scale, model.patches(noise) / scale, 1 - masked)
    loss = sum(weight * metrics[name] for name, weight in weights.items() if weight)
    return loss, metrics, parts


def variant(name, config, batch, seed):
    draw = draws(seed)
    model = randomise(Can(config), draw)
    encoder = config["encoder"]
    images = config["views"] * batch
    size = encoder["image"]["height"], encoder["image"]["width"], encoder["channels"]
    rows, columns = grid(encoder)
    arrays = {}

    # The second view resembles the first, as crops of one image do.
    clean = draw(batch, *size)
    if config["views"] == 2:
        clean = torch.cat([clean, exact(0.7 * clean + draw(batch, *size, scale=0.7))])
    keep, restore = None, None
    if config["maskRatio"] > 0:
        order = permutations(seed, images, rows * columns)
        keep, restore = order[:, : int(rows * columns * (1 - config["maskRatio"]))], order.argsort(1)
        arrays |= {"keep": keep, "restore": restore}
    levels, noise = torch.zeros(images), torch.zeros_like(clean)
    if config["noise"]["max"] > 0:
        levels = exact(config["noise"]["max"] * (torch.arange(images) + 0.5) / images)
        noise = exact(levels[:, None, None, None] * draw(images, *size))
        arrays |= {"levels": levels, "noise": noise}

    loss, metrics, parts = loss_of(model, clean, noise, levels, keep, restore)
    loss.backward()
    arrays |= {f"views/{v}": x for v, x in enumerate(clean.split(batch))}
    arrays |= {f"metrics/{key}": x for key, x in metrics.items()} | {"loss": loss}
    arrays |= {**parts, **named(model, "params"), **gradients(model, "grads")}
    save(f"can-{name}", __file__, arrays, versions=[timm], config=config)


def make():
    for seed, (name, (config, batch)) in enumerate(VARIANTS.items()):
        variant(name, config, batch, 100 + seed)
