"""What differs between families of vision-language models: how a prompt becomes inputs, and where its tokens stand.

Everything is asked of the model and its processor, nothing of a name: which id marks image tokens, whether earlier tokens
of a prompt attend to later ones, and whether positions have three axes.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from transformers import PreTrainedModel

from models.attention.registry import text_attentions
from models.attention.tap import image_columns
from models.told import blaming_the_tokenizer, chat_text, check_ids
from models.vlm import VisionLanguageModel
from worlds.errors import InputError

SEQUENCE = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids")  # one entry per token; the rest is pictures
Inputs = dict[str, torch.Tensor]


def prepare(vlm: VisionLanguageModel, pictures: Sequence[Sequence[Image.Image | np.ndarray]], questions: Sequence[str], *,
            layout: str | Sequence[str | None] | None = None) -> Inputs:
    """Return what the model is called with: one row per question with its pictures, padded on the left.

    Args:
        pictures: per question none, one or several, of any kind that `as_rgb` takes.
        layout: a prompt with {image} and {question} in it, for all or one each; None lays both into the checkpoint's chat template.
    Raises:
        InputError: a question is empty, holds a special token, or does not fit the model's context; the processor refuses
            the picture; the tool reads no pictures.
    """
    if not isinstance(vlm, VisionLanguageModel):
        raise InputError(f"A {type(vlm).__name__} reads text only. Choose a vision-language model.")
    processor = vlm.processor
    layouts = [layout] * len(questions) if layout is None or isinstance(layout, str) else layout
    prompts = [prompt(vlm, len(own), question, its) for own, question, its in zip(pictures, questions, layouts, strict=True)]
    options = {"padding": True, "padding_side": "left"} if len(prompts) > 1 else {}
    images = [[_fitted(vlm, as_rgb(picture)) for picture in own] for own in pictures] if any(pictures) else None
    try:
        with blaming_the_tokenizer():
            inputs = processor(images=images, text=prompts, return_tensors="pt", **options)
    except ValueError as error:  # of families that must have a picture, or that refuse very long ones
        raise InputError(f"This model cannot take the picture and the question: {str(error)[:200]}") from error
    check_ids(inputs["input_ids"].flatten().tolist(), vlm.model)
    dtype = next(weight.dtype for weight in vlm.model.parameters() if weight.dtype.is_floating_point)
    inputs.pop("labels", None)  # PaliGemma's processor makes them for training; with them the model would compute a loss
    moved = {name: part.to(vlm.model.device, dtype if part.is_floating_point() else None) for name, part in inputs.items()}
    _check_room(vlm.model, moved["input_ids"].shape[1])
    return moved


def prompt(vlm: VisionLanguageModel, num_pictures: int, question: str, layout: str | None) -> str:
    """Return the text of one prompt with a placeholder for each picture."""
    processor: Any = vlm.processor  # Any: each family's own, with a token for a picture
    if not question.strip():
        raise InputError("The question is empty. Write at least one word.")
    written = question if layout is None else f"{question}{layout.replace('{image}', '')}"
    special = next((token for token in processor.tokenizer.all_special_tokens if token in written), None)
    if special is not None:
        raise InputError(f"The question holds {special!r}, which has a meaning of its own for this model. Leave it out.")
    if layout is not None:
        return layout.replace("{image}", processor.image_token * num_pictures).replace("{question}", question)
    content: list[dict[str, str]] = [{"type": "image"}] * num_pictures + [{"type": "text", "text": question}]
    return chat_text(processor, content)


def as_rgb(picture: Image.Image | np.ndarray) -> Image.Image:
    """Return any picture as upright 8-bit RGB: transparency over white, 16-bit greys by their upper byte.

    Args:
        picture: a PIL image, or (height, width, 3) uint8.
    """
    if isinstance(picture, np.ndarray):
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
            raise ValueError(f"the picture is {picture.shape} {picture.dtype}; it must be (height, width, 3) uint8 RGB")
        return Image.fromarray(picture)
    picture = ImageOps.exif_transpose(picture)  # as a person sees it
    if picture.mode.startswith(("I", "F")):
        values = np.asarray(picture, dtype=float)
        deep = values.max(initial=0) > 255
        return Image.fromarray(np.clip(values / 256 if deep else values, 0, 255).astype(np.uint8)).convert("RGB")
    if "A" in picture.mode or "transparency" in picture.info:
        above = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", above.size, "white"), above).convert("RGB")
    return picture.convert("RGB")


def sees_ahead(model: PreTrainedModel) -> bool:
    """Return whether earlier tokens of a prompt attend to later ones, so that a changed last row changes them too.

    PaliGemma reads its whole prompt so. Gemma-3 does not: its image tokens see each other, none sees the last token.
    """
    return any(not module.is_causal for module in text_attentions(model))


def is_padded(inputs: Mapping[str, torch.Tensor]) -> bool:
    mask = inputs.get("attention_mask")
    return mask is not None and not bool(mask.all())


def positions(model: PreTrainedModel, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return (rows, tokens), or (3, rows, tokens) where a family counts time, height and width apart.

    They are always handed over: Qwen would otherwise take its offset from the last prompt that anybody gave the shared model.
    """
    ids = inputs["input_ids"]
    mask = inputs.get("attention_mask", torch.ones_like(ids))
    index = getattr(getattr(model, "model", None), "get_rope_index", None)
    if index is None:
        return (mask.cumsum(-1) - 1).clamp(min=0)
    given = {"mm_token_type_ids": image_columns(model, ids).long(), **inputs, "attention_mask": mask}
    accepted = {name: part for name, part in given.items() if name in inspect.signature(index).parameters}
    found: torch.Tensor = index(**accepted)[0]
    return found


def _fitted(vlm: VisionLanguageModel, picture: Image.Image) -> Image.Image:
    """Return the picture at the size of the vision tower, where the processor leaves that to its caller."""
    processor = vlm.processor
    side = getattr(vlm.model.config.vision_config, "image_size", None)
    if getattr(processor.image_processor, "do_resize", True) or not isinstance(side, int) or picture.size == (side, side):
        return picture
    return picture.resize((side, side), Image.Resampling.BICUBIC)


def _check_room(model: PreTrainedModel, num_tokens: int) -> None:
    most = getattr(model.config.get_text_config(), "max_position_embeddings", None) or num_tokens
    if num_tokens > most:
        raise InputError(f"Picture and question have {num_tokens} tokens; this model reads at most {most}. "
                         "Use a smaller picture or a shorter question.")
