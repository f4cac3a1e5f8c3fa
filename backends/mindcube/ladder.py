"""A real model asked: MindCube's prompt of a configuration with the images before it, greedy, the reply as it comes.

Where a map is handed to a configuration that writes its own, the reply is begun with it, up to the tag that follows, and the model
goes on from there. A reply's tokens are counted by reading it again.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from backends.mindcube.items import Item
from backends.mindcube.maps import Map, to_json
from backends.mindcube.prompts import BY_NAME, INTRO, Configuration, prompt
from backends.mindcube.replies import Said
from backends.mindcube.results import MAX_WORDS, Gaze
from backends.mindcube.settings import Config
from models.attention.gaze import gaze, image_groups
from models.vlm import VisionLanguageModel


@dataclass(frozen=True)
class Asking:
    """How a model is asked.

    Attributes:
        seed: of the order in which a prompt lists the objects, so that no map can be copied from the list.
        changed: a map that is given instead of the true one, or put into the model's mouth.
        looks: whether to read where it looked.
    """

    max_tokens: int
    seed: int = 0
    changed: Map | None = None
    looks: bool = False


def frames_of(configuration: Config) -> int:
    """How many frames stand between each two images."""
    return BY_NAME[configuration].frames


def ask(vlm: VisionLanguageModel, configuration: Config, item: Item, true: Map | None, pictures: Sequence[np.ndarray], asking: Asking
        ) -> Said:
    """Return what a model replies to one question.

    Args:
        true: its map; needed where one is given or to be written.
        pictures: its images in their order, with what stands between them, of one size.
    Raises:
        InputError: the model cannot take them.    ValueError: a map is needed, and there is none.
    """
    how = BY_NAME[configuration]
    changed = asking.changed
    given = (changed or true) if how.given else None
    rng = np.random.default_rng(asking.seed)
    text = without_marks(vlm, prompt(item, how, given or true, rng=rng).text)
    begun = "" if changed is None or not how.form else _begun(vlm, how, changed)
    frames, started = np.stack(pictures), time.monotonic()
    reply = vlm.say(frames, text, max_tokens=asking.max_tokens, keeps_marks=True, begun=begun)
    seconds = time.monotonic() - started
    tokens = len(vlm.processor.tokenizer(reply, add_special_tokens=False)["input_ids"])
    own = len(vlm.processor.tokenizer(begun, add_special_tokens=False)["input_ids"]) if begun else 0
    seen = _gaze(vlm, frames, text, reply, given) if asking.looks and reply else None
    is_cut = tokens - own >= asking.max_tokens
    return Said(reply, given or (changed if begun else None), how.given and changed is None, is_cut, tokens, seconds, seen)


def without_marks(vlm: VisionLanguageModel, text: str, only: Sequence[str] | None = None) -> str:
    """Return a text without the model's own special tokens: in a question or a map they would be pictures, or end the turn.

    Args:
        only: the tokens that are left out; None for all of them.
    """
    marks = sorted(filter(None, vlm.processor.tokenizer.all_special_tokens if only is None else only), key=len, reverse=True)
    while any(mark in text for mark in marks):  # taking one out may put two halves of another together
        for mark in marks:
            text = text.replace(mark, "")
    return text


def _begun(vlm: VisionLanguageModel, how: Configuration, changed: Map) -> str:
    shown = without_marks(vlm, to_json(changed if how.form == "augmented" else changed.plain))
    return f"{INTRO}<cogmap>```json\n{shown}\n```</cogmap>{'<think>' if how.thinks else '<answer>'}"


def _gaze(vlm: VisionLanguageModel, frames: np.ndarray, text: str, reply: str, given: Map | None) -> Gaze | None:
    """Where the model looked while it wrote each token of its reply; None where its images cannot be told apart."""
    pictures = [str(getattr(vlm.processor, mark, "") or "") for mark in ("image_token", "video_token")]
    read = without_marks(vlm, reply, pictures)  # one that it wrote itself would be one picture more
    alone, inputs = vlm.inputs(frames, text)["input_ids"][0], vlm.inputs(frames, text, begun=read)
    ids = inputs["input_ids"][0]
    shared = min(len(alone), len(ids))
    first = int((alone[:shared] == ids[:shared].to(alone.device)).long().cumprod(0).sum())  # where the reply begins
    words = list(range(first, len(ids)))[:MAX_WORDS]
    images = image_groups(vlm.model, inputs["input_ids"], len(frames))
    if not words or images is None:
        return None
    tokenizer = vlm.processor.tokenizer
    own = _map_tokens(tokenizer, ids, 0 if given else first, first if given else len(ids))
    seen = gaze(vlm.model, inputs, words, [*images, own])
    return Gaze(words=tuple(str(tokenizer.decode([int(ids[place])]))[:80] for place in words), images=seen[:, :-1],
                own_map=seen[:, -1])


def _map_tokens(tokenizer: object, ids: torch.Tensor, start: int, end: int) -> torch.Tensor:
    """Return (tokens,) bool: those between the first and the last brace of a part; none where there are no two."""
    decode = tokenizer.decode  # type: ignore[attr-defined]  # each family's own
    found = torch.zeros(len(ids), dtype=torch.bool)
    texts = [str(decode([int(token)])) for token in ids[start:end]]
    opened = next((place for place, piece in enumerate(texts) if "{" in piece), None)
    closed = next((place for place in range(len(texts) - 1, -1, -1) if "}" in texts[place]), None)
    if opened is not None and closed is not None and closed > opened:
        found[start + opened:start + closed + 1] = True
    return found
