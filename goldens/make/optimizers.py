"""Five steps of each optimizer, norm clipping and learning rates, by torch's, timm's and transformers'."""

import timm
import torch
import transformers
from timm.optim import Lars
from torch import optim

from store import draws, save

SHAPES = {"dense/kernel": (4, 3), "dense/bias": (3,), "cls": (1, 1, 3), "norm/scale": (3,)}
STEPS = 5
# One rate for each step: a schedule must reach the update.
RATES = [0.02, 0.05, 0.1, 0.07, 0.03]


class TrustedDecay(optim.Optimizer):
    """LARS with weight decay, from its paper (arXiv 1708.03888) in the form of MAE's util/lars.py."""

    def __init__(self, groups, lr, weight_decay, momentum, trust):
        super().__init__(groups, dict(lr=lr, weight_decay=weight_decay, momentum=momentum, trust=trust))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                d = p.grad
                if p.ndim > 1:
                    d = d + group["weight_decay"] * p
                    d = d * group["trust"] * torch.linalg.vector_norm(p) / torch.linalg.vector_norm(d)
                velocity = self.state[p].get("velocity", 0) * group["momentum"] + d
                self.state[p]["velocity"] = velocity
                p.sub_(group["lr"] * velocity)


def split(params, decay, **both):
    """Two groups as in timm: what has one dimension is spared."""
    kernels = [p for p in params.values() if p.ndim > 1]
    vectors = [p for p in params.values() if p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay, **both}, {"params": vectors, "weight_decay": 0}]


OPTIMIZERS = {
    "adamw": lambda p: optim.AdamW(split(p, 0.3), betas=(0.9, 0.95)),
    "adamw-all": lambda p: optim.AdamW(p.values(), betas=(0.8, 0.999), eps=1e-3, weight_decay=0.1),
    "sgd": lambda p: optim.SGD(p.values()),
    "momentum": lambda p: optim.SGD(split(p, 0.2), momentum=0.9),
    # timm adds 1e-8 to the norm of the gradient; without decay that is all the difference.
    "lars": lambda p: Lars(split(p, 0, always_adapt=True), momentum=0.9, trust_coeff=0.1),
    "lars-decay": lambda p: TrustedDecay(list(p.values()), 0, 0.2, momentum=0.8, trust=0.1),
}


def run(name, start, grads):
    params = {key: x.clone().requires_grad_() for key, x in start.items()}
    optimizer = OPTIMIZERS[name](params)
    arrays = {}
    for step, rate in enumerate(RATES):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for key, p in params.items():
            p.grad = grads[step][key].clone()
        optimizer.step()
        arrays |= {f"{name}/{step}/{key}": p.detach().clone() for key, p in params.items()}
    return arrays


def clipped(grads):
    """The norm and the gradients after clipping to 1 (it clips) and to 100 (it does not)."""
    arrays = {}
    for limit in [1, 100]:
        params = {key: torch.zeros_like(g).requires_grad_() for key, g in grads.items()}
        for key, p in params.items():
            p.grad = grads[key].clone()
        norm = torch.nn.utils.clip_grad_norm_(params.values(), limit)
        arrays |= {f"clip/{limit}/{key}": p.grad for key, p in params.items()} | {"norm": norm}
    return arrays


def schedules():
    """Warm-up and cosine by transformers, for each step; past the end they stay."""
    base, warmup, total, least = 1e-3, 5, 40, 1e-4
    dummy = optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    makers = {
        "zero": transformers.get_cosine_schedule_with_warmup(dummy, warmup, total),
        "least": transformers.get_cosine_with_min_lr_schedule_with_warmup(dummy, warmup, total, min_lr=least),
        "no-warmup": transformers.get_cosine_schedule_with_warmup(dummy, 0, total),
    }
    rates = {
        f"schedule/{name}": base * torch.tensor([maker.lr_lambdas[0](t) for t in range(total + 1)]).double()
        for name, maker in makers.items()
    }
    return rates, {"base": base, "warmup": warmup, "total": total, "min": least}


def make():
    draw = draws(7)
    start = {key: draw(*shape) for key, shape in SHAPES.items()}
    grads = [{key: draw(*shape, scale=2) for key, shape in SHAPES.items()} for _ in range(STEPS)]
    arrays = {f"start/{key}": x for key, x in start.items()}
    arrays |= {f"grads/{t}/{key}": g for t, tree in enumerate(grads) for key, g in tree.items()}
    for name in OPTIMIZERS:
        arrays |= run(name, start, grads)
    rates, schedule = schedules()
    arrays |= clipped(grads[0]) | rates
    versions = [timm, transformers]
    save("optim", __file__, arrays, versions, rates=RATES, schedule=schedule)
