"""Reads a merged checkpoint again, and holds the first logits of it against those of the same merge made in memory.

On the disk a tensor has one name and in memory another, and a tensor under the wrong one would be drawn anew by transformers, with no
more than a warning. So the result is loaded as anybody would load it, and beside it the merge is made from models that transformers
has loaded. Needs the memory of two models, and of three while they are merged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

from backends.merging.checking import Checked
from backends.merging.methods import merged_model
from backends.merging.sources import Folder, Official, Source
from worlds.errors import InputError

TOKENS = 4  # that are read before the logits are compared
_OFFLINE: dict[str, str | bool] = {"local_files_only": True, "trust_remote_code": False, "use_safetensors": True, "dtype": "auto"}


@dataclass(frozen=True)
class Compared:
    """The first logits of a merge that was streamed, and of the same one in memory.

    Attributes:
        tokens: that were read.
        logit: the largest of the streamed model, of the token `token`; `in_memory`: of the same token.
        largest_difference: of any of the vocabulary.
    """

    tokens: tuple[int, ...]
    token: int
    logit: float
    in_memory: float
    largest_difference: float

    @property
    def is_equal(self) -> bool:
        """Whether they are the same to the last bit."""
        return self.largest_difference == 0


def compare(checked: Checked, folder: Path) -> Compared:
    """Load a merged checkpoint and the models that it was made of, and return what they say.

    Raises:
        InputError: it cannot be loaded, or its numbers are none.
    """
    streamed = _loaded(folder, checked.vlm)
    rows: int = streamed.config.get_text_config().vocab_size
    tokens = tuple(range(1, min(TOKENS + 1, rows)))
    found = _logits(streamed, tokens)
    del streamed
    whole = _loaded(checked.vlm.path, checked.vlm)
    parts = [_weights(source) for source in (checked.reason, checked.base) if source is not None]
    whole.load_state_dict(merged_model(whole.state_dict(), *parts, mix=checked.mix))
    beside = _logits(whole, tokens)
    token = int(found.argmax())
    difference = float((found - beside).abs().max())
    if not found.isfinite().all():
        raise InputError("The merged model's numbers overflow: it has no answer. Take smaller weights or scale.")
    return Compared(tokens, token, float(found[token]), float(beside[token]), difference)


def _loaded(folder: Path, source: Folder) -> PreTrainedModel:
    """The model of a folder, of the class that its config is of."""
    sees = source.config.get("model_type") in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    auto: Any = AutoModelForImageTextToText if sees else AutoModelForCausalLM  # Any: two classes without a common one
    try:
        model: PreTrainedModel = auto.from_pretrained(folder, **_OFFLINE).eval()
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RuntimeError) as error:
        raise InputError(f"{source.name!r} cannot be loaded by this version of transformers. Save it again with "
                         "save_pretrained.") from error
    return model


def _weights(source: Source) -> Mapping[str, Tensor]:
    if isinstance(source, Official):
        return source.weights
    assert isinstance(source, Folder)
    return _loaded(source.path, source).state_dict()


@torch.inference_mode()
def _logits(model: PreTrainedModel, tokens: tuple[int, ...]) -> Tensor:
    """(vocabulary,) of the token after these."""
    logits: Tensor = model(input_ids=torch.tensor([tokens])).logits[0, -1].float()
    return logits
