"""Writes spectrum.json: RankMe and alpha by numpy, for the tests here.

Run: python make_spectrum.py   (the version is written into the file)
"""

import json
import pathlib

import numpy

rng = numpy.random.default_rng(1)
ROWS, WIDTH, WIDE = 150, 12, 40


def rank_me(z):
    s = numpy.linalg.svd(z, compute_uv=False)
    p = s / s.sum() + 1e-7
    return float(numpy.exp(-(p * numpy.log(p)).sum()))


def alpha(z):
    # Weighted least squares of ln(eigenvalue) on ln(rank), ranks 4 to 100, by numpy's own fit.
    values = numpy.sort(numpy.linalg.eigvalsh(numpy.cov(z, rowvar=False)))[::-1]
    values = values[: min(z.shape[0] - 1, z.shape[1])]
    ranks = numpy.arange(4, min(100, len(values)) + 1)
    # polyfit weighs residuals, so squares are weighed by 1 / rank.
    slope, _ = numpy.polyfit(numpy.log(ranks), numpy.log(values[ranks - 1]), 1, w=numpy.sqrt(1 / ranks))
    return float(-slope)


def case(rows, width, decay):
    scales = numpy.arange(1, width + 1) ** (-decay / 2)
    z = (rng.normal(size=(rows, width)) * scales) @ numpy.linalg.qr(rng.normal(size=(width, width)))[0] + 0.3
    z = z.round(4).astype(numpy.float32)
    return {
        "rows": rows,
        "features": z.reshape(-1).astype(float).round(4).tolist(),
        "rankMe": rank_me(z.astype(float)),
        "alpha": alpha(z.astype(float)),
    }


out = {
    "made_by": "make_spectrum.py",
    "numpy": numpy.__version__,
    "tall": case(ROWS, WIDTH, 1.0),
    "wide": case(24, WIDE, 2.0),
}
pathlib.Path(__file__).with_name("spectrum.json").write_text(json.dumps(out) + "\n")
