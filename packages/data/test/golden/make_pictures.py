"""Writes pictures.json: pictures whose samples are not plain 8-bit RGB, as tifffile and Pillow store
them, and the row of 8-bit RGB that each must give (all rows are equal), for decoded-pictures.test.ts.

Run: pip install numpy tifffile imagecodecs pillow; python make_pictures.py > pictures.json
"""

import base64
import io
import json

import numpy as np
import tifffile
from PIL import Image

GREY = 128  # transparent pixels are blended over it
ramp = np.outer(np.ones(4), np.linspace(0, 1, 8))
rgb = np.stack([ramp, ramp[:, ::-1], np.full_like(ramp, 0.2)], -1)
grey = np.stack([ramp] * 3, -1)
pictures = []


def add(name, content, right, within=1):
    row = (np.asarray(right, float)[0] * 255).round().astype(int).ravel().tolist()
    pictures.append({"name": name, "file": base64.b64encode(content).decode(), "row": row, "within": within})


def tiff(name, array, right, within=1, **options):
    file = io.BytesIO()
    options = {"photometric": "rgb" if array.ndim == 3 else "minisblack", **options}
    tifffile.imwrite(file, array, software=False, metadata=None, **options)
    add(f"{name}.tif", file.getvalue(), right, within)


def pillow(name, image, right, within=1, **options):
    file = io.BytesIO()
    image.save(file, **options)
    add(name, file.getvalue(), right, within)


def whole(values, most, kind):
    return (values * most).round().astype(kind)


def over(colour, alpha):
    return colour * alpha[..., None] + GREY / 255 * (1 - alpha[..., None])


# Whole numbers: the fewest bits that hold them.
for bits in (10, 12, 14, 16):
    tiff(f"grey-{bits}-bits", whole(ramp, 2**bits - 1, "uint16"), grey)
tiff("rgb-12-bits", whole(rgb, 4095, "uint16"), rgb)
tiff("rgb-16-bits", whole(rgb, 65535, "uint16"), rgb)
tiff("dark-of-16-bits", whole(ramp, 20000, "uint16"), grey * 20000 / 65535)
pillow("grey-12-bits.png", Image.fromarray(whole(ramp, 4095, "uint16")), grey, format="PNG")
pillow("grey-16-bits.png", Image.fromarray(whole(ramp, 65535, "uint16")), grey, format="PNG")
tiff("big-endian-12-bits", whole(ramp, 4095, "uint16"), grey, byteorder=">")
tiff("big-tiff-12-bits", whole(ramp, 4095, "uint16"), grey, bigtiff=True)
tiff("lzw-12-bits", whole(ramp, 4095, "uint16"), grey, compression="lzw", predictor=True)
tiff("white-is-zero-8-bits", whole(ramp, 255, "uint8"), 1 - grey, photometric="miniswhite")
tiff("white-is-zero-12-bits", whole(ramp, 4095, "uint16"), 1 - grey, photometric="miniswhite")
tiff("white-is-zero-16-bits", whole(ramp, 65535, "uint16"), 1 - grey, photometric="miniswhite")
tiff("unsigned-32-bits", whole(ramp, 2**32 - 1, "uint32"), grey)
tiff("unsigned-32-of-10-bits", whole(ramp, 1023, "uint32"), grey)
tiff("rgb-unsigned-32-bits", whole(rgb, 2**32 - 1, "uint32"), rgb)
# Signed: from the smallest to the largest, where there are negative ones.
tiff("signed-8-bits", (whole(ramp, 255, "int16") - 128).astype("int8"), grey)
tiff("signed-16-bits", (whole(ramp, 65535, "int32") - 32768).astype("int16"), grey)
tiff("signed-16-big-endian", (whole(ramp, 3000, "int32") - 1000).astype(">i2"), grey, byteorder=">")
tiff("signed-16-positive", whole(ramp, 32767, "int16"), grey)
tiff("signed-32-bits", (ramp * 2e9 - 1e9).astype("int32"), grey)
tiff("rgb-signed-16-bits", (whole(rgb, 65535, "int32") - 32768).astype("int16"), rgb)
# Fractions: 0 to 1, else from the smallest to the largest.
for kind in ("float16", "float32"):
    tiff(f"{kind}-to-1", ramp.astype(kind), grey)
    tiff(f"rgb-{kind}-to-1", rgb.astype(kind), rgb)
    tiff(f"dim-{kind}", (ramp * 0.5).astype(kind), grey * 0.5)
    tiff(f"signed-{kind}", (2 * ramp - 1).astype(kind), grey)
tiff("float32-to-255", (ramp * 255).astype("float32"), grey)
tiff("whole-float32", whole(ramp, 200, "float32"), grey * 200 / 255)
tiff("float32-predicted", ramp.astype("float32"), grey, compression="zlib", predictor=3)
tiff("white-is-zero-float32", ramp.astype("float32"), 1 - grey, photometric="miniswhite")
odd = ramp.astype("float32")
odd[:, 0], odd[:, 1], odd[:, 2] = np.nan, -np.inf, np.inf
tiff("not-finite", odd, np.where(np.isfinite(odd), odd, np.where(odd > 0, 1, 0))[..., None] * np.ones(3))
tiff("float32-upside-down", ramp.astype("float32"), grey[:, ::-1], extratags=[(274, 3, 1, 3, True)])
tiff("float32-pages", np.stack([ramp, 1 - ramp]).astype("float32"), grey, photometric="minisblack")
# Opacity.
alpha = 1 - ramp
rgba = np.concatenate([rgb, alpha[..., None]], -1)
for kind, most in (("uint8", 255), ("uint16", 4095), ("uint16", 65535), ("float32", 1)):
    array = rgba.astype(kind) if kind == "float32" else whole(rgba, most, kind)
    tiff(f"rgba-{kind}-to-{most}", array, over(rgb, alpha), 2, extrasamples=["unassalpha"])
tiff("fourth-is-no-alpha", whole(rgba, 255, "uint8"), rgb, extrasamples=["unspecified"])
la = np.stack([ramp, alpha], -1)
two = {"photometric": "minisblack", "planarconfig": "contig", "extrasamples": ["unassalpha"]}
tiff("grey-alpha-12-bits", whole(la, 4095, "uint16"), over(grey, alpha), **two)
tiff("grey-alpha-float32", la.astype("float32"), over(grey, alpha), **two)
pillow("grey-alpha.png", Image.fromarray(whole(la, 255, "uint8"), "LA"), over(grey, alpha), 2, format="PNG")
pillow("alpha.webp", Image.fromarray(whole(rgba, 255, "uint8"), "RGBA"), over(rgb, alpha), 2, format="WEBP", lossless=True, exact=True)
for name, tone in (("black", 0), ("white", 255)):
    shape = np.full((4, 8, 4), tone, "uint8")
    shape[:, :4, 3], shape[:, 4:, 3] = 0, 255
    pillow(f"{name}-shape.png", Image.fromarray(shape), over(shape[..., :3] / 255, shape[..., 3] / 255), format="PNG")
palette = Image.fromarray(whole(ramp > 0.5, 1, "uint8"), "P")
palette.putpalette([255, 0, 0, 0, 0, 255])
clear = over(np.stack([ramp * 0, ramp * 0, ramp * 0 + 1], -1), (ramp > 0.5) * 1.0)
pillow("palette-clear.png", palette, clear, format="PNG", transparency=0)
# Ink without a profile.
inks = Image.fromarray(whole(rgb, 255, "uint8")).convert("CMYK")
pillow("cmyk.tif", inks, rgb, format="TIFF")
pillow("cmyk.jpg", inks, rgb, 12, format="JPEG", quality=100)

print("[" + ",\n".join(json.dumps(picture) for picture in pictures) + "]")
