"""Folders and files as timm, transformers and facebookresearch/mae leave them, and what their models compute."""

import functools
import json
import pathlib
import tempfile

import safetensors.torch
import timm
import torch
import transformers
from PIL import Image
from timm.layers import resample_abs_pos_embed
from timm.models import save_for_hf
from timm.models.vision_transformer import Block, PatchEmbed
from torch import nn
from transformers import ViTConfig, ViTImageProcessor, ViTMAEConfig, ViTMAEForPreTraining, ViTModel

import store
from checkpoints import with_zero_row
from layout import randomise
from positions import table
from store import draws, permutations, save

SIDE, PATCH, WIDTH, HEADS = 16, 4, 16, 2
GRID = SIDE // PATCH


def folder(name, write):
    """Lets a library write a folder of goldens; with --check, into another place, and compares."""
    goal = store.FOLDER / "foreign" / name
    with tempfile.TemporaryDirectory() as scratch:
        to = pathlib.Path(scratch) if store.checking else goal
        to.mkdir(parents=True, exist_ok=True)
        for old in to.iterdir():
            old.unlink()
        write(to)
        if not store.checking:
            return
        names = lambda at: sorted(path.name for path in at.iterdir())
        assert names(to) == names(goal), f"{name}: {names(to)}"
        for path in to.iterdir():
            if path.suffix == ".json":
                assert json.loads(path.read_text()) == json.loads((goal / path.name).read_text()), path.name
            elif path.suffix == ".safetensors":
                load = safetensors.torch.load_file
                store.compare(f"{name}/{path.name}", load(goal / path.name), load(path))


def rounded(model, dtype):
    """Weights that a half-precision file holds exactly, in float64."""
    return model.to(dtype).double().eval()


def images_of(seed, side=SIDE):
    return draws(seed)(2, side, side, 3)


def nchw(images):
    return images.permute(0, 3, 1, 2)


def timm_folder(arrays):
    size = {"patch_size": PATCH, "embed_dim": WIDTH, "depth": 2, "num_heads": HEADS}
    make = lambda side: timm.create_model("vit_tiny_patch16_224", img_size=side, num_classes=3, **size)
    model = randomise(make(SIDE), draws(20)).eval()
    # Positions that differ from patch to patch, and as smooth as trained ones are.
    model.float()
    folder("timm", lambda to: save_for_hf(model, to, safe_serialization=True))
    model.double()
    arrays["timm/tokens"] = model.forward_features(nchw(images_of(21)))
    arrays["timm/images"] = images_of(21)
    larger = make(SIDE * 2)
    state = dict(model.state_dict())
    state["pos_embed"] = resample_abs_pos_embed(state["pos_embed"].double(), (GRID * 2, GRID * 2))
    larger.double().load_state_dict(state)
    larger.eval()
    arrays["timm/larger/images"] = images_of(22, SIDE * 2)
    arrays["timm/larger/tokens"] = larger.forward_features(nchw(images_of(22, SIDE * 2)))
    for name, grid in {"smaller": (2, 3), "larger": (7, 8)}.items():
        resampled = resample_abs_pos_embed(state_positions(model), grid, num_prefix_tokens=1)
        arrays[f"positions/{name}"] = resampled[0, 1:]
    arrays["positions/before"] = state_positions(model)[0, 1:]


def state_positions(model):
    return model.pos_embed.data.double()


def vit_folder(arrays):
    config = ViTConfig(
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        intermediate_size=3 * WIDTH,
        image_size=SIDE,
        patch_size=PATCH,
        layer_norm_eps=1e-6,
    )
    model = rounded(randomise(ViTModel(config), draws(23)), torch.bfloat16)
    mean, std = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]
    processor = ViTImageProcessor(size={"height": SIDE, "width": SIDE}, image_mean=mean, image_std=std, resample=3)

    def write(to):
        model.to(torch.bfloat16).save_pretrained(to, max_shard_size="5KB")
        processor.save_pretrained(to)

    folder("vit", write)
    model.double()
    arrays["vit/images"] = images_of(24)
    arrays["vit/tokens"] = model(nchw(images_of(24))).last_hidden_state
    # What their processor makes of a picture: it rounds to 8 bits after each of the two directions.
    generator = torch.Generator().manual_seed(25)
    picture = torch.randint(96, 160, (24, 24, 3), generator=generator, dtype=torch.uint8)
    arrays["vit/picture"] = picture.int()
    pixels = processor(Image.fromarray(picture.numpy()), return_tensors="pt").pixel_values
    arrays["vit/pixels"] = pixels[0].permute(1, 2, 0)
    arrays["vit/picture/tokens"] = model(pixels.double()).last_hidden_state


def mae_folder(arrays):
    config = ViTMAEConfig(
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        intermediate_size=4 * WIDTH,
        image_size=SIDE,
        patch_size=PATCH,
        decoder_hidden_size=12,
        decoder_num_hidden_layers=1,
        decoder_num_attention_heads=3,
        decoder_intermediate_size=48,
        layer_norm_eps=1e-6,
        mask_ratio=0.75,
        norm_pix_loss=True,
    )
    model = randomise(ViTMAEForPreTraining(config), draws(26)).float()
    for positions in [model.vit.embeddings.position_embeddings, model.decoder.decoder_pos_embed]:
        positions.data = with_zero_row(table(GRID, GRID, positions.shape[2])).float()
    model.eval()
    folder("vit-mae", lambda to: model.save_pretrained(to))
    mae_arrays(arrays, model.double())


def mae_arrays(arrays, model):
    images = images_of(27)
    order = permutations(28, 2, GRID * GRID)
    out = model(nchw(images), noise=order.argsort(1).double())
    out.loss.backward()
    kept = GRID * GRID // 4
    arrays |= {
        "vit-mae/images": images,
        "vit-mae/keep": order[:, :kept],
        "vit-mae/restore": out.ids_restore,
        "vit-mae/loss": out.loss,
    }
    # By the names of files, not by those of the modules.
    with tempfile.TemporaryDirectory() as scratch:
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.grad
        model.save_pretrained(scratch)
        written = safetensors.torch.load_file(f"{scratch}/model.safetensors")
    fixed = ("position_embeddings", "decoder_pos_embed")
    arrays |= {f"vit-mae/gradient/{name}": x for name, x in written.items() if not name.endswith(fixed)}


class MaskedAutoencoder(nn.Module):
    """With the names of facebookresearch/mae, which are in the files that people have."""

    def __init__(self, width=WIDTH, decoder_width=12):
        super().__init__()
        norm = functools.partial(nn.LayerNorm, eps=1e-6)
        block = lambda w, heads: Block(w, heads, 4, qkv_bias=True, norm_layer=norm)
        patches = GRID * GRID
        self.patch_embed = PatchEmbed(SIDE, PATCH, 3, width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, patches + 1, width))
        self.blocks = nn.ModuleList([block(width, HEADS) for _ in range(2)])
        self.norm = norm(width)
        self.decoder_embed = nn.Linear(width, decoder_width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, decoder_width))
        self.decoder_pos_embed = nn.Parameter(torch.zeros(1, patches + 1, decoder_width))
        self.decoder_blocks = nn.ModuleList([block(decoder_width, 3)])
        self.decoder_norm = norm(decoder_width)
        self.decoder_pred = nn.Linear(decoder_width, PATCH * PATCH * 3)

    def encode(self, images, order, kept):
        x = self.patch_embed(nchw(images)) + self.pos_embed[:, 1:]
        x = torch.gather(x, 1, order[:, :kept, None].expand(-1, -1, x.shape[2]))
        x = torch.cat([(self.cls_token + self.pos_embed[:, :1]).expand(len(x), -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def decode(self, encoded, restore):
        x = self.decoder_embed(encoded)
        hidden = self.mask_token.expand(len(x), restore.shape[1] + 1 - x.shape[1], -1)
        all_patches = torch.cat([x[:, 1:], hidden], 1)
        all_patches = torch.gather(all_patches, 1, restore[..., None].expand(-1, -1, x.shape[2]))
        x = torch.cat([x[:, :1], all_patches], 1) + self.decoder_pos_embed
        for block in self.decoder_blocks:
            x = block(x)
        return self.decoder_pred(self.decoder_norm(x))[:, 1:]


def mae_files(arrays):
    model = rounded(randomise(MaskedAutoencoder(), draws(29)), torch.float16)
    args = {"img_size": SIDE, "patch_size": PATCH, "num_heads": HEADS, "decoder_num_heads": 3}
    half = {name: x.half() for name, x in model.state_dict().items()}

    def write(to):
        safetensors.torch.save_file(half, to / "model.safetensors")
        (to / "config.json").write_text(json.dumps(args, indent=2) + "\n")

    folder("mae", write)
    images = images_of(30)
    order = permutations(31, 2, GRID * GRID)
    kept = GRID * GRID // 4
    encoded = model.encode(images, order, kept)
    arrays |= {
        "mae/images": images,
        "mae/keep": order[:, :kept],
        "mae/restore": order.argsort(1),
        "mae/encoded": encoded,
        "mae/prediction": model.decode(encoded, order.argsort(1)),
    }


def make():
    arrays = {}
    timm_folder(arrays)
    vit_folder(arrays)
    mae_folder(arrays)
    mae_files(arrays)
    save("foreign", __file__, arrays, [timm, transformers])
