"""A linear probe trained by torch, ridge regression, logistic regression and confusions by scikit-learn."""

import math

import sklearn
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import confusion_matrix
from torch import nn, optim

from optimizers import TrustedDecay, split
from store import draws, exact, permutations, save

WIDTH, CLASSES, BATCH, EPOCHS, BASE = 10, 4, 32, 6, 0.2
WARMUP = 1
# Penalties, and how many rows are fitted: more and fewer than columns.
RIDGES = {"many": (120, 1024.0), "few": (8, 1024.0), "light": (120, 0.5)}


def rates(perEpoch):
    """Warm-up by steps, then half a cosine to 0, at the rate's place before each step."""
    total, warm = EPOCHS * perEpoch, WARMUP * perEpoch
    fall = [0.5 * (1 + math.cos(math.pi * t / (total - warm))) for t in range(total - warm)]
    return [BASE * x for x in [t / warm for t in range(warm)] + fall]


OPTIMIZERS = {
    "lars": lambda p: TrustedDecay(list(p.values()), 0, 0, momentum=0.9, trust=0.001),
    "adamw": lambda p: optim.AdamW(split(p, 0.01), betas=(0.9, 0.999)),
}


def probe(name, kernel, train, labels, orders):
    norm = nn.BatchNorm1d(WIDTH, affine=False, eps=1e-6).double()
    x = norm(train)  # in training mode over all rows: their own statistics
    head = nn.Linear(WIDTH, CLASSES).double()
    with torch.no_grad():
        head.weight.copy_(kernel.T)
        head.bias.zero_()
    optimizer = OPTIMIZERS[name](dict(head.named_parameters()))
    perEpoch = len(train) // BATCH
    schedule, losses = iter(rates(perEpoch)), []
    for order in orders:
        total = 0
        for i in range(perEpoch):
            rows = order[i * BATCH : (i + 1) * BATCH]
            rate = next(schedule)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(head(x[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / perEpoch)
    return {f"{name}/kernel": head.weight.T, f"{name}/bias": head.bias, f"{name}/losses": torch.tensor(losses)}


def whitened(train, x):
    """Scaled by the train rows, with the constant column that stands for an offset."""
    scaled = (x - train.mean(0)) / (train.std(0, correction=0) + 1e-5)
    return torch.cat([scaled, torch.full((len(x), 1), 100.0).double()], 1)


def ridge(rows, l2, train, labels, test):
    part = train[:rows]
    targets = 2 * nn.functional.one_hot(labels[:rows], CLASSES).double() - 1
    model = Ridge(alpha=l2, fit_intercept=False, solver="cholesky").fit(whitened(part, part), targets)
    scores = torch.tensor(model.predict(whitened(part, test)))
    return torch.tensor(model.coef_.T), scores.argmax(1)


def make():
    draw = draws(21)
    means = draw(CLASSES, WIDTH, scale=0.4)

    def rows(count):
        labels = torch.arange(count) % CLASSES
        return exact(means[labels] + draw(count, WIDTH) + 0.5) * 3, labels

    (train, labels), (test, test_labels) = rows(120), rows(60)
    orders = permutations(5, EPOCHS, len(train))
    kernel = draw(WIDTH, CLASSES, scale=0.01)
    arrays = {"train": train, "labels": labels, "test": test, "test-labels": test_labels, "orders": orders, "begin": kernel}
    for name in OPTIMIZERS:
        arrays |= probe(name, kernel, train, labels, orders)
    for name, (count, l2) in RIDGES.items():
        weights, predictions = ridge(count, l2, train, labels, test)
        arrays |= {f"ridge/{name}/weights": weights, f"ridge/{name}/predictions": predictions}
    # The least cross-entropy there is: where any optimizer that converges must arrive.
    middle, spread = train.mean(0), torch.sqrt(train.var(0, correction=0) + 1e-6)
    scaled_train, scaled_test = (train - middle) / spread, (test - middle) / spread
    least = LogisticRegression(C=float("inf"), tol=1e-10, max_iter=10000).fit(scaled_train, labels)
    chances = torch.tensor(least.predict_proba(scaled_train))
    arrays["logistic/predictions"] = torch.tensor(least.predict(scaled_test))
    arrays["logistic/loss"] = nn.functional.nll_loss(chances.log(), labels)
    arrays["confusion"] = torch.tensor(confusion_matrix(test_labels, arrays["ridge/many/predictions"]))
    pca = PCA(2).fit(train)
    arrays["pca/coordinates"] = torch.tensor(pca.transform(train))
    arrays["pca/explained"] = torch.tensor(pca.explained_variance_ratio_)
    recipe = {"base": BASE, "batch": BATCH, "epochs": EPOCHS, "warmupEpochs": WARMUP}
    save("evaluate", __file__, arrays, [sklearn], recipe=recipe, classes=CLASSES, ridges=RIDGES)

