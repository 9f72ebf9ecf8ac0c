"""Trains in PyTorch what a run of twocan trained, and writes a run that `twocan knn` and `twocan probe` open.

    train_can.py RUN OUT [--seed N] [--threads N]

RUN gives the settings: images, sizes, augmentation, optimizer, number of steps. Initial weights, views, masks and noise
are drawn by torch and torchvision. The same command goes on after the last whole epoch in OUT.
"""

import argparse
import json
import math
import pathlib
import shutil
import time

import can_step
import torch
from layout import named
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from views import pictures, view_of


def initialise(model):
    """As the masked autoencoder: Xavier for every kernel, the patches' as a linear map; N(0, 0.02²) for tokens."""
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(module.weight.view(len(module.weight), -1))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for name, token in model.named_parameters():
        if name.endswith(("cls", "mask")):
            nn.init.normal_(token, std=0.02)


def rate_at(step, config):
    """Linear warm-up, then half a cosine."""
    of = config["optimizer"]
    base, lowest, warmup = of["learningRate"], of["minLearningRate"], of["warmupSteps"]
    if step < warmup:
        return base * step / warmup
    share = (step - warmup) / (config["steps"] - warmup)
    return lowest + (base - lowest) * (1 + math.cos(math.pi * share)) / 2


def batches(images, config):
    """Two views a picture, `[2 B, H, W, 3]`, shuffled, of one epoch; a last part that fills no batch is left out."""
    view, size = view_of(config), config["batch"]
    order = torch.randperm(len(images)).split(size)
    for chosen in (part for part in order if len(part) == size):
        views = [torch.stack([view(images[i]) for i in chosen]) for _ in range(config["model"]["views"])]
        yield torch.cat(views).permute(0, 2, 3, 1).contiguous()


def write_run(model, run, out, config):
    """OUT is RUN with the parameters of the model."""
    newest = sorted((run / "checkpoints").glob("*.safetensors"))[-1]
    (out / "checkpoints").mkdir(exist_ok=True)
    shutil.copy(run / "config.json", out)
    with safe_open(newest, "pt") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()
    trained = {name: x.detach().contiguous() for name, x in named(model, "params").items()}
    for name, x in trained.items():
        trained[name] = x.reshape(tensors[name].shape)
    if set(trained) != {name for name in tensors if name.startswith("params/")}:
        raise SystemExit("the two models have different parameters")
    save_file(tensors | trained, out / "checkpoints" / newest.name, metadata)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    config = json.loads((given.run / "config.json").read_text())
    can_step.set_up(given.threads)
    torch.manual_seed(given.seed)
    model = can_step.model_of(config["model"])
    initialise(model)
    of = config["optimizer"]
    optimizer = can_step.optimizer_of(model, of["learningRate"], of["weightDecay"], (of["beta1"], of["beta2"]))
    images = pictures(config["data"])
    steps, per_epoch = config["steps"], len(images) // config["batch"]
    given.out.mkdir(parents=True, exist_ok=True)
    kept, done = given.out / "epochs.pt", 0
    settings = json.dumps([config, given.seed])
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        if state["settings"] != settings:
            raise SystemExit(f"{given.out} was begun with other settings or another seed: give another OUT")
        done = state["epochs"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    started = time.time()
    for epoch in range(done, math.ceil(steps / per_epoch)):
        # Draws of its own for each epoch, so that one that begins again draws the same.
        torch.manual_seed(given.seed * 100_003 + epoch + 1)
        for step, clean in zip(range(epoch * per_epoch, steps), batches(images, config)):
            for group in optimizer.param_groups:
                group["lr"] = rate_at(step, config)
            loss, metrics, _ = can_step.loss_of_draws(model, clean)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        weights = config["model"]["weights"]
        terms = {name: round(float(metrics[name].detach()), 5) for name, w in weights.items() if w}
        print(f"{step + 1}/{steps} {loss.item():.4f} {terms} {time.time() - started:.0f} s", flush=True)
        state = {"epochs": epoch + 1, "settings": settings}
        state |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save(state, kept.with_suffix(".part"))
        kept.with_suffix(".part").replace(kept)
    write_run(model, given.run, given.out, config)


main()
