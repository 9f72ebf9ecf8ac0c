"""Fixed 2-D sin-cos positions, by the code of transformers' ViTMAE; also patches of an image."""

import torch
import transformers
from transformers.models.vit_mae.modeling_vit_mae import build_2d_sinusoidal_position_embedding

from store import draws, save


def table(rows, columns, width):
    """[N, D]; the class token's row of zeros is left out. ViTMAE swaps the halves: columns first."""
    rows_first = build_2d_sinusoidal_position_embedding(rows, columns, width, dtype=torch.float64)
    return rows_first.roll(width // 2, dims=1)


def patches(images, size):
    """[B, H, W, C] to [B, N, p·p·C] in the order (row, column, channel)."""
    windows = images.unfold(1, size, size).unfold(2, size, size)  # [B, rows, columns, C, p, p]
    return windows.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(1, 2)


def make():
    draw = draws(1)
    images = draw(2, 6, 9, 5)
    tables = {f"positions/{r}x{c}x{d}": table(r, c, d) for r, c, d in [(3, 5, 8), (4, 4, 16), (1, 2, 4)]}
    arrays = {**tables, "images": images, "patches": patches(images, 3)}
    save("patches", __file__, arrays, versions=[transformers])
