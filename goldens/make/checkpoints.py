"""State dicts of timm's VisionTransformer and of ViTMAEForPreTraining, with what they compute."""

import tempfile

import safetensors.torch
import timm
import torch
import transformers
from timm.models.vision_transformer import VisionTransformer
from transformers import ViTMAEConfig, ViTMAEForPreTraining

from layout import randomise
from positions import table
from store import draws, exact, permutations, save


def with_zero_row(positions):
    return torch.cat([torch.zeros(1, positions.shape[1]), positions])[None]


def timm_model():
    draw = draws(8)
    width, patch, image, channels = 16, 4, (8, 12), 5
    size = {"embed_dim": width, "depth": 2, "num_heads": 4, "patch_size": patch}
    model = VisionTransformer(img_size=image, in_chans=channels, num_classes=0, global_pool="", **size)
    randomise(model, draw)
    positions = with_zero_row(exact(table(image[0] // patch, image[1] // patch, width)))
    # A row of its own for the class token, as trained positions have it.
    positions[0, 0] = draw(width)
    model.pos_embed.data = positions.double()
    model.eval()
    images = draw(2, *image, channels)
    nchw = images.permute(0, 3, 1, 2)
    arrays = {f"model/{name}": x for name, x in model.state_dict().items()}
    arrays |= {"images": images, "output": model.forward_features(nchw)}
    for i, tokens in enumerate(model.forward_intermediates(nchw, output_fmt="NLC", intermediates_only=True)):
        arrays[f"block/{i}"] = tokens
    encoder = {
        "image": {"height": image[0], "width": image[1]},
        "channels": channels,
        "patch": patch,
        "width": width,
        "depth": 2,
        "heads": 4,
        "mlpRatio": 4,
        "epsilon": 1e-6,
    }
    save("timm", __file__, arrays, [timm], encoder=encoder)


def hugging_face_model():
    draw = draws(9)
    side, patch, batch = 12, 4, 2
    patches = (side // patch) ** 2
    config = ViTMAEConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        image_size=side,
        patch_size=patch,
        decoder_hidden_size=12,
        decoder_num_hidden_layers=1,
        decoder_num_attention_heads=3,
        decoder_intermediate_size=48,
        layer_norm_eps=1e-6,
        mask_ratio=0.75,
        norm_pix_loss=True,
    )
    model = randomise(ViTMAEForPreTraining(config), draw)
    for positions in [model.vit.embeddings.position_embeddings, model.decoder.decoder_pos_embed]:
        positions.data = with_zero_row(exact(table(side // patch, side // patch, positions.shape[2]))).double()
    model.eval()
    images = draw(batch, side, side, 3)
    # ViTMAE shuffles by sorting this noise: an order for each image.
    order = permutations(9, batch, patches)
    noise = order.argsort(1).double()
    nchw = images.permute(0, 3, 1, 2)
    out = model(nchw, noise=noise)
    # The names of files are not those of the modules: what is written is what users have.
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        written = safetensors.torch.load_file(f"{folder}/model.safetensors")
    visible = model.vit(nchw, noise=noise).last_hidden_state
    kept = visible.shape[1] - 1
    arrays = {f"model/{name}": x for name, x in written.items()}
    arrays |= {"images": images, "keep": order[:, :kept], "restore": out.ids_restore}
    arrays |= {"masked": out.mask, "encoded": visible, "prediction": out.logits, "loss": out.loss}
    save("hugging-face", __file__, arrays, [transformers], config=config.to_diff_dict())


def make():
    timm_model()
    hugging_face_model()
