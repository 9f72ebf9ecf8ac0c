"""Makes every golden: `python goldens/make/all.py`; with --check, compares with those committed."""

import argparse
import importlib

import torch

import store

SCRIPTS = ["positions", "vit", "classifier", "contrastive", "pixels", "noise", "can", "optimizers", "checkpoints", "foreign", "events", "evaluate", "exported", "power"]

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("scripts", nargs="*", default=SCRIPTS)
parser.add_argument("--check", action="store_true")
options = parser.parse_args()
store.checking = options.check
# One thread: sums in one order.
torch.set_num_threads(1)
for script in options.scripts:
    importlib.import_module(script).make()
