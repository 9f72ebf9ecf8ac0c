"""The points of CAN's design space whose losses are kept, as twocan's configs."""

ENCODER = {
    "image": {"height": 8, "width": 8},
    "channels": 3,
    "patch": 2,
    "width": 16,
    "depth": 2,
    "heads": 2,
    "mlpRatio": 4,
    "epsilon": 1e-6,
}
DECODER = {"width": 8, "depth": 1, "heads": 2, "mlpRatio": 4}
NO_NOISE = {"max": 0, "embed": "all", "embedCls": False, "scale": 1}
NOISE = {**NO_NOISE, "max": 0.05}
LIGHT = {"hidden": 16, "layers": 1, "out": 6, "batchNorm": False, "statistics": "both-views"}
BATCH_NORM = {**LIGHT, "hidden": 12, "layers": 2, "batchNorm": True}
CAN = {
    "encoder": ENCODER,
    "decoder": DECODER,
    "views": 2,
    "maskRatio": 0.5,
    "weights": {"contrastive": 0.03, "reconstruction": 0.67, "denoising": 0.3},
    "temperature": 0.1,
    "noise": NOISE,
    "target": "clean",
    "normalizePixels": True,
    "projector": BATCH_NORM,
    "pool": "patches",
}
ONLY_PIXELS = {"contrastive": 0, "reconstruction": 1, "denoising": 0}
ONLY_CONTRAST = {"contrastive": 1, "reconstruction": 0, "denoising": 0}
MAE = {"views": 1, "maskRatio": 0.75, "weights": ONLY_PIXELS, "noise": NO_NOISE}

# Every option away from its default: a shape that is not square, five channels, another patch size.
OTHERWISE = {
    **CAN,
    "encoder": {**ENCODER, "image": {"height": 6, "width": 12}, "channels": 5, "patch": 3, "heads": 4},
    "decoder": {**DECODER, "width": 12, "heads": 3, "mlpRatio": 2},
    "maskRatio": 0.4,
    "weights": {"contrastive": 0.3, "reconstruction": 0.5, "denoising": 0.9},
    "temperature": 0.3,
    "noise": {"max": 0.4, "embed": "visible", "embedCls": True, "scale": 50},
    "target": "noisy",
    "normalizePixels": False,
    "projector": {**BATCH_NORM, "statistics": "each-view"},
    "pool": "all",
}

CHOSEN = {"min": 0.01, "levels": "log-uniform", "code": "log", "target": "unit", "weight": "equal"}

FROM_ENCODER = {**NOISE, "max": 0.4, "from": "encoder", "target": "unit"}

# By name: the config and the images of a view.
VARIANTS = {
    "batch-norm": (CAN, 4),
    "light": ({**CAN, "projector": LIGHT}, 3),
    "otherwise": (OTHERWISE, 4),
    "mae": ({**CAN, **MAE, "projector": LIGHT}, 3),
    "simclr": ({**CAN, "maskRatio": 0, "weights": ONLY_CONTRAST, "noise": NO_NOISE}, 4),
    "noise-choices": ({**CAN, "projector": LIGHT, "noise": {**NOISE, "max": 0.4, "scale": 3, **CHOSEN}}, 3),
    "noise-from-encoder": ({**CAN, "projector": LIGHT, "noise": FROM_ENCODER}, 3),
}
