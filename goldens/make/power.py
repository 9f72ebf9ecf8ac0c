"""Student's t: quantiles, the power of paired tests, the sizes of samples and the limits of spreads, by scipy."""

import math

import scipy
import torch
from scipy.optimize import brentq
from scipy.stats import chi2, nct, t

from store import save

DF = [1, 2, 3, 4, 5, 7, 9, 14, 19, 33, 59, 198]
SHIFTS = [0.0, 0.5, 1.5, 2.8, 4.0, 12.0]
# Effects in deviations of the paired differences.
EFFECTS = [0.2, 0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0]


def power(shift, df):
    critical = t.ppf(0.975, df)
    # scipy gives no number for the far tail on the other side, which is nothing there.
    other = 0.0 if shift > 6 else nct.cdf(-critical, df, shift)
    return nct.sf(critical, df, shift) + other


def size(effect):
    n = 2
    while power(effect * math.sqrt(n), n - 1) < 0.8:
        n += 1
    return n


def make():
    table = {
        "df": torch.tensor(DF),
        "shifts": torch.tensor(SHIFTS, dtype=torch.float64),
        "quantiles": torch.tensor([t.ppf(0.975, df) for df in DF], dtype=torch.float64),
        "power": torch.tensor([[power(d, df) for d in SHIFTS] for df in DF], dtype=torch.float64),
        "shift-for-80": torch.tensor([brentq(lambda d: power(d, df) - 0.8, 0.1, 17) for df in DF], dtype=torch.float64),
        "spread-limit": torch.tensor([math.sqrt(df / chi2.ppf(0.2, df)) for df in DF], dtype=torch.float64),
        "effects": torch.tensor(EFFECTS, dtype=torch.float64),
        "sizes": torch.tensor([size(effect) for effect in EFFECTS]),
    }
    save("power", __file__, table, versions=(scipy,))
