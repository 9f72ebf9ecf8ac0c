"""Writes sklearn.json: scikit-learn's weighted k-NN and numpy's effective rank, for the tests here.

Run: python make_sklearn.py   (versions are written into the file)
"""

import json
import pathlib

import numpy
import sklearn
from sklearn.neighbors import KNeighborsClassifier

rng = numpy.random.default_rng(0)
CLASSES, WIDTH, K, TEMPERATURE = 4, 6, 7, 0.07
means = rng.normal(size=(CLASSES, WIDTH))


def draw(rows):
    labels = rng.integers(0, CLASSES, rows)
    features = means[labels] * 0.8 + rng.normal(size=(rows, WIDTH)) + 0.5
    return features.round(4), labels


def unit(x):
    return x / numpy.linalg.norm(x, axis=1, keepdims=True)


def predict(train, labels, test):
    # For unit vectors |a - b|^2 = 2 - 2 cos, so weights follow from euclidean distances.
    model = KNeighborsClassifier(K, weights=lambda d: numpy.exp((1 - d**2 / 2) / TEMPERATURE), algorithm="brute")
    return model.fit(unit(train), labels).predict(unit(test)).tolist()


def effective_rank(x):
    s = numpy.linalg.svd(x, compute_uv=False)
    p = s / s.sum()
    p = p[p > 0]
    return float(numpy.exp(-(p * numpy.log(p)).sum()))


train, train_labels = draw(60)
test, test_labels = draw(30)
mean = train.mean(axis=0)
out = {
    "made_by": "make_sklearn.py",
    "sklearn": sklearn.__version__,
    "numpy": numpy.__version__,
    "k": K,
    "temperature": TEMPERATURE,
    "width": WIDTH,
    "train": {"features": train.reshape(-1).tolist(), "labels": train_labels.tolist()},
    "test": {"features": test.reshape(-1).tolist(), "labels": test_labels.tolist()},
    "predictions": predict(train, train_labels, test),
    "centredPredictions": predict(train - mean, train_labels, test - mean),
    "effectiveRank": {
        "centredUnit": effective_rank(unit(train - mean)),
        "unit": effective_rank(unit(train)),
        "plain": effective_rank(train),
        "fewRows": effective_rank(unit(train[:4])),
    },
}
path = pathlib.Path(__file__).with_name("sklearn.json")
path.write_text(json.dumps(out) + "\n")
