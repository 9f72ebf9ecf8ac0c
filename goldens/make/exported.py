"""Folders that twocan exported, opened by timm, transformers and ONNX Runtime with their documented calls."""

import hashlib
import json
import pathlib
import subprocess
import tempfile

import onnx
import onnxruntime
import safetensors.torch
import timm
import torch
import transformers
from transformers import ViTMAEForPreTraining, ViTModel

from store import FOLDER, save

SIZES = [32, 64, 224]


def images_of(size):
    """Pixels that float32 holds exactly and that every language computes alike."""
    i = torch.arange(size * size * 3)
    return ((i * 7919) % 251 - 125).double().div(64).reshape(1, size, size, 3)


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".safetensors", ".onnx"))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def some(tokens):
    """All tokens of small images, every ninth of the others."""
    return tokens if tokens.shape[1] < 100 else tokens[:, ::9]


def opened(root, size):
    images = images_of(size)
    nchw = images.permute(0, 3, 1, 2).float()
    at = lambda target: str(root / f"{size}-{target}")

    encoder = timm.create_model(f"local-dir:{at('timm')}", pretrained=True).eval()
    vit = ViTModel.from_pretrained(at("transformers"), add_pooling_layer=False).eval()
    mae = ViTMAEForPreTraining.from_pretrained(f"{at('transformers')}/mae").eval()
    # Their own arithmetic in float64, so that a difference is ours.
    for model in (encoder, vit, mae):
        model.double()
    exact = nchw.double()
    # An order of the patches that hides every second one.
    count = (size // encoder.patch_embed.patch_size[0]) ** 2
    noise = ((torch.arange(count) * 7) % count + torch.arange(count) % 2 * count).double()[None]
    out = mae(exact, noise=noise)
    arrays = {
        "timm/tokens": some(encoder.forward_features(exact)),
        "timm/features": encoder(exact),
        "transformers/tokens": some(vit(exact).last_hidden_state),
        "mae/mask": out.mask,
        "mae/logits": some(out.logits),
    }
    for name in ("model", "reconstruction"):
        onnx.checker.check_model(f"{at('onnx')}/{name}.onnx", full_check=True)
    run = lambda name, feeds: onnxruntime.InferenceSession(f"{at('onnx')}/{name}.onnx").run(None, feeds)
    pixels = nchw.numpy()
    tokens, features = run("model", {"pixel_values": pixels})
    (logits,) = run("reconstruction", {"pixel_values": pixels, "mask": out.mask.float().numpy()})
    seen = {"tokens": some(torch.tensor(tokens)), "features": torch.tensor(features), "logits": some(torch.tensor(logits))}
    for name, theirs in (("tokens", "timm/tokens"), ("features", "timm/features"), ("logits", "mae/logits")):
        torch.testing.assert_close(seen[name].double(), arrays[theirs], rtol=1e-5, atol=1e-5)
    weights = safetensors.torch.load_file(f"{at('safetensors')}/model.safetensors")
    arrays |= {f"weights/{name}": x for name, x in weights.items()}
    described = json.loads(pathlib.Path(at("safetensors"), "config.json").read_text())
    described["digests"] = {target: digests(root / f"{size}-{target}") for target in ("timm", "transformers", "onnx")}
    return {f"{size}/{name}": x for name, x in arrays.items()}, described


def make():
    with tempfile.TemporaryDirectory() as scratch:
        script = FOLDER / "make" / "exported.mjs"
        subprocess.run(["node", str(script), scratch], check=True)
        arrays, configs = {}, {}
        for size in SIZES:
            found, configs[str(size)] = opened(pathlib.Path(scratch), size)
            arrays |= found
        save("exported", __file__, arrays, [timm, transformers, onnx, onnxruntime], **configs)
