"""Pipelines of diffusers as folders: a transformer, the decoder of its latents, and of PixArt the encoder of sentences.

Read are DiT's and PixArt-Sigma's. Only safetensors and JSON; what a configuration claims is held against the weights before anything
is built of it. Sampling is `models.diffusion.sampling`'s own: diffusers' pipelines take 1,000 classes for granted, and drop the
spread.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor, nn
from transformers import AutoTokenizer, T5EncoderModel

from models.catalogue.rung import PIPELINE, Quantisation
from models.checking import check_config, check_files, read_config
from models.diffusion.choices import MAX_SENTENCE
from models.diffusion.folders import load_folder
from models.diffusion.network import parts
from models.diffusion.painter import Painter
from models.diffusion.process import DIT, PIXART
from models.diffusion.wanted import Wanted, by_name
from models.quantisation import quantise_linears
from models.shards import held_in, held_in_file, plain_file, read_json
from worlds.errors import InputError

TRANSFORMER, VAE, TEXT, TOKENIZER = "transformer", "vae", "text_encoder", "tokenizer"
WEIGHTS = "diffusion_pytorch_model.safetensors"
MAX_JSON_BYTES = 1_000_000
MAX_CHANNELS, MAX_LEVELS, MAX_LAYERS = 4096, 8, 8  # of a decoder
MAX_SCALE = 10_000  # of latents; that of DiT and PixArt is 0.18 and 0.13
TRIED_SIDE = 2  # of the latents that are decoded once, to see that it can be
DECODED_AT_ONCE = 4  # pictures
READ_AT_ONCE = 16  # sentences
_KEPT_OF_TEXT = (".wo",)  # T5 makes what comes there of the dtype of its weights, and packed ones are whole numbers
_KEPT = ("proj_out", "pos_embed", "norm_out")  # of the network, as they are: the first and the last layer


def pipeline_of(folder: Path, device: str, *, quantisation: Quantisation = "none", beside: Path | None = None) -> Painter:
    """Read a pipeline, as `painter.painter_of` does.

    Raises:
        InputError: a part is missing, damaged or of a class that is not read.
    """
    name = folder.name[:80]
    network = load_folder(_part(folder, TRANSFORMER, beside)).eval()
    decoder = decoder_of(_part(folder, VAE, beside), channels=parts(network).config.in_channels, name=name)
    for part in (network, decoder):
        parts(part).to(device)
    quantise_linears(network, quantisation, skip=_KEPT)
    scale, shift = _scale(parts(decoder).config, name)

    def pictures(samples: Tensor) -> Tensor:
        return _decoded(decoder, samples / scale + shift)

    if hasattr(network, "caption_projection"):
        encoder, read = _reader_of(folder, beside, device, quantisation, name)
        return Painter(network, PIXART, (), read, pictures, (network, decoder, encoder))
    kinds = kinds_of(folder, int(parts(network).config.num_embeds_ada_norm), name)
    return Painter(network, DIT, kinds, by_name(network, kinds), pictures, (network, decoder))


def _scale(said: Mapping[str, Any], name: str) -> tuple[float, float]:  # Any: JSON
    """By what latents are divided before they are decoded, and what is added then."""
    scale, shift = said["scaling_factor"], said.get("shift_factor") or 0.0
    if not all(type(number) in (int, float) and abs(number) <= MAX_SCALE for number in (scale, shift)) or scale < 1 / MAX_SCALE:
        raise InputError(f"config.json in {VAE}/ of {name!r} has scaling_factor {str(scale)[:20]} and shift_factor "
                         f"{str(shift)[:20]}. Both are numbers, the first from {1 / MAX_SCALE:g} to {MAX_SCALE:,g}.")
    return float(scale), float(shift)


def _part(folder: Path, part: str, beside: Path | None) -> Path:
    for place in (folder, beside):
        if place is not None and (place / part).is_dir():
            return place / part
    raise InputError(f"{folder.name[:80]!r} has no {part}/. A pipeline folder of diffusers has one.")


def decoder_of(folder: Path, *, channels: int, name: str) -> AutoencoderKL:
    """The decoder of latents with so many channels, in single precision.

    Raises:
        InputError: it is damaged, too large, or decodes something else.
    """
    said = read_json(folder / "config.json", name, most_bytes=MAX_JSON_BYTES)
    if not isinstance(said, dict) or said.get("_class_name") != "AutoencoderKL":
        raise InputError(f"config.json in {VAE}/ of {name!r} is of another class. It must be an AutoencoderKL.")
    widths, layers = said.get("block_out_channels"), said.get("layers_per_block", 1)
    is_sound = isinstance(widths, list) and 0 < len(widths) <= MAX_LEVELS and all(
        type(width) is int and 0 < width <= MAX_CHANNELS for width in widths) and type(layers) is int and 0 < layers <= MAX_LAYERS
    if (out := said.get("out_channels", 3)) != 3:
        raise InputError(f"'out_channels' in {VAE}/ of {name!r} is {str(out)[:20]!r}. Pictures have 3.")
    if not is_sound or said.get("latent_channels", 4) != channels:
        raise InputError(f"{VAE}/ of {name!r} has block_out_channels {str(widths)[:80]}, layers_per_block {str(layers)[:20]} and "
                         f"latent_channels {str(said.get('latent_channels'))[:20]}. A decoder of this model has at most {MAX_LEVELS} "
                         f"blocks and {channels} channels.")
    held = held_in_file(plain_file(folder / WEIGHTS, name), name=name)
    try:
        with torch.device("meta"):
            skeleton = AutoencoderKL.from_config(said)
        count = sum(parameter.numel() for parameter in skeleton.parameters())
        if count != held.parameters:
            raise InputError(f"config.json in {VAE}/ of {name!r} claims {count:,} numbers, and its weights hold {held.parameters:,}.")
        loaded: AutoencoderKL = AutoencoderKL.from_pretrained(folder, use_safetensors=True, local_files_only=True,
                                                              torch_dtype=torch.float32)
        if any(parameter.is_meta for parameter in loaded.parameters()):
            raise InputError(f"The weights in {VAE}/ of {name!r} have other names than an AutoencoderKL's. Copy the folder again.")
        _try(loaded.eval(), channels, name)
    except InputError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, OSError, RuntimeError) as error:
        raise InputError(f"{VAE}/ of {name!r} could not be read: {' '.join(str(error).split())[:200]}") from error
    return loaded


@torch.no_grad()
def _try(decoder: AutoencoderKL, channels: int, name: str) -> None:
    """Decode a little once: much that a configuration can say wrong shows only then, after minutes of painting."""
    made = decoder.decode(torch.zeros(1, channels, TRIED_SIDE, TRIED_SIDE)).sample
    if made.shape[1] != 3 or not bool(made.isfinite().all()):
        raise InputError(f"{VAE}/ of {name!r} decodes to something that is no picture: it has {made.shape[1]} channels, or "
                         "numbers that are none. Copy the folder again.")


@torch.no_grad()
def _decoded(decoder: AutoencoderKL, latents: Tensor) -> Tensor:
    """Pictures (n, h, w, 3) uint8 on the CPU, rounded as DiT's released sampler does."""
    made = [decoder.decode(part.to(decoder.dtype)).sample for part in latents.split(DECODED_AT_ONCE)]
    return (127.5 * torch.cat(made).float() + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().contiguous()


def kinds_of(folder: Path, number: int, name: str) -> tuple[str, ...]:
    """The names of a DiT's classes as its pipeline says them, without signs that cannot be shown; their numbers where it does not."""
    said = read_json(folder / PIPELINE, name, most_bytes=MAX_JSON_BYTES) if (folder / PIPELINE).exists() else {}
    labels = said.get("id2label") if isinstance(said, dict) else None
    if not isinstance(labels, dict):
        labels = {}
    return tuple(_shown(labels.get(str(kind))) or str(kind) for kind in range(number))


def _shown(label: object) -> str:
    """A label in one line; empty where it is no text, or a number, which would be taken for another class."""
    words = " ".join(label.split()) if isinstance(label, str) else ""
    shown = "".join(sign for sign in words if sign.isprintable())[:200].strip()
    return "" if shown.isdecimal() else shown


def _reader_of(folder: Path, beside: Path | None, device: str, quantisation: Quantisation,
               name: str) -> tuple[nn.Module, Callable[[Sequence[str]], Wanted]]:
    """The text encoder, and what makes of sentences what a PixArt takes."""
    text, words = _part(folder, TEXT, beside), _part(folder, TOKENIZER, beside)
    config, held = read_config(text, name=name), held_in(text, name=name)
    if config.get("architectures") != ["T5EncoderModel"]:
        raise InputError(f"{TEXT}/ of {name!r} is of another class. It must be a T5EncoderModel.")
    check_config(config, held, name=name)
    if config.get("quantization_config") is not None:
        raise InputError(f"{TEXT}/ of {name!r} is packed already. Take it in full; 'quantisation' packs it here.")
    check_files(text, name=name)
    check_files(words, name=name)
    dtype = torch.bfloat16 if device != "cpu" else torch.float32
    encoder: Any = T5EncoderModel.from_pretrained(text, use_safetensors=True, local_files_only=True, dtype=dtype).eval()
    tokenizer: Any = AutoTokenizer.from_pretrained(words, local_files_only=True, trust_remote_code=False)
    _check_reader(encoder, tokenizer, name)
    encoder.to(device)
    quantise_linears(encoder, quantisation, skip=_KEPT_OF_TEXT)

    @torch.no_grad()
    def read(sentences: Sequence[str]) -> Wanted:
        given, nothing = _read(encoder, tokenizer, [one.lower().strip() for one in sentences]), _read(encoder, tokenizer, [""])
        without = {key: value.expand(len(sentences), *value.shape[1:]) for key, value in nothing.items()}
        return Wanted(given, without, {"added_cond_kwargs": {"resolution": None, "aspect_ratio": None}})

    return encoder, read


def _check_reader(encoder: Any, tokenizer: Any, name: str) -> None:  # Any: transformers' own
    """Raise InputError where a tokenizer is not that of its encoder: a word beyond the embedding ends a GPU's whole process."""
    rows, last = encoder.get_input_embeddings().num_embeddings, max(tokenizer.get_vocab().values(), default=-1)
    if tokenizer.pad_token_id is None or last >= rows:
        raise InputError(f"{TOKENIZER}/ of {name!r} has {'no padding' if tokenizer.pad_token_id is None else f'words up to {last:,}'}"
                         f", and {TEXT}/ knows those from 0 to {rows - 1:,}. Copy both from one model.")
    buckets, furthest = encoder.config.relative_attention_num_buckets, encoder.config.relative_attention_max_distance
    if furthest < buckets:
        raise InputError(f"config.json in {TEXT}/ of {name!r} has relative_attention_max_distance {furthest}. It is at least "
                         f"relative_attention_num_buckets, {buckets}.")


def _read(encoder: Any, tokenizer: Any, sentences: list[str]) -> dict[str, Tensor]:  # Any: transformers' own
    """What each sentence is to the network, a row per sentence; one that comes again is read once."""
    each = list(dict.fromkeys(sentences))
    tokens = tokenizer(each, padding="max_length", max_length=MAX_SENTENCE, truncation=True, return_tensors="pt")
    device = next(encoder.parameters()).device
    mask = tokens.attention_mask.to(device)
    said = torch.cat([encoder(ids, attention_mask=heard)[0].float() for ids, heard in
                      zip(tokens.input_ids.to(device).split(READ_AT_ONCE), mask.split(READ_AT_ONCE))])
    rows = torch.tensor([each.index(one) for one in sentences], device=device)
    return {"encoder_hidden_states": said[rows], "encoder_attention_mask": mask[rows]}


def save_pipeline(painter: Painter, folder: Path, write: Callable[[Path], None]) -> None:
    """Write a DiT's pipeline around a transformer that `write` writes: its decoder and the names of its kinds."""
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / TRANSFORMER)
    _network, decoder, *_ = painter.parts
    parts(decoder).save_pretrained(folder / VAE, safe_serialization=True)
    labels = {str(number): kind for number, kind in enumerate(painter.kinds)}
    (folder / PIPELINE).write_text(json.dumps({"_class_name": "DiTPipeline", "id2label": labels}, indent=1) + "\n", encoding="utf-8")
