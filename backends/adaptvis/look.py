"""One picture at many alphas: what is answered, how surely, and where the last prompt token looks, layer by layer.

The picture and the question are read once; every alpha then costs one token (`models.attention`). AdaptVis (arXiv 2503.01773)
takes alpha1 where the confidence c at alpha = 1 is below beta, strictly, and alpha2 elsewhere: no item is left as it is.
"""

import io
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

from backends.adaptvis.items import Asked, NamedBox
from backends.adaptvis.matching import Read, is_none_of, read
from backends.adaptvis.overlap import auroc
from backends.adaptvis.results import AtAlpha, Branch, LayerReads, Looked
from backends.adaptvis.settings import AdaptVisSettings, Match
from backends.adaptvis.wiring import alphas_of, layout_of, scaling_of
from models.attention import Answers, Maps, Places, Reads, ask
from models.vlm import VisionLanguageModel
from worlds.errors import InputError

JPEG_QUALITY = 90


def look(vlm: VisionLanguageModel, asked: Asked, settings: AdaptVisSettings) -> tuple[Looked, tuple[str, ...]]:
    """Return one picture at the grid of alphas and the three of the settings; and what has to be said about it.

    Raises:
        InputError: the model cannot be asked so; one sentence says why.
    """
    scaling, layout, alphas = scaling_of(settings, vlm), layout_of(settings), alphas_of(settings)
    answers = ask(vlm, asked.given, asked.question, asked.options, alphas, scaling=scaling, reads=Reads(),
                  max_tokens=settings.max_new_tokens, layout=layout)
    by_head = ask(vlm, asked.given, asked.question, asked.options, reads=Reads(by_head=True), layout=layout).maps
    if answers.maps is None or by_head is None:
        raise RuntimeError("no map was read although maps were asked for")
    tokens = token_shares(answers.places, asked.given)
    if not np.isfinite(answers.confidence[answers.alphas.index(1.0)]):
        raise InputError("This model's numbers overflow even as it is, at alpha 1: it has no answer. Load it in bfloat16 or float32.")
    at = tuple(_at(answers, answers.maps, row, asked, settings, tokens) for row in range(len(alphas)))
    heads = by_head.image[0, 0]  # (layers, heads, image tokens)
    height, width = asked.shown.shape[:2]
    looked = Looked(
        picture_jpeg=jpeg(asked.shown), size=(width, height), token_boxes=tokens, question=asked.question, options=asked.options,
        right=asked.right, true_boxes=asked.boxes, at=at, head_maps=heads, branch=branch_of(at, settings),
        num_layers=heads.shape[0], num_heads=heads.shape[1])
    return looked, (*_reply_notes(looked), *answers.notes, *_mass_notes(looked))


def meant(match: Match, options: Sequence[str], probabilities: np.ndarray, text: str, right: str | None) -> Read:
    """Return what a reply means; nothing where the model's numbers overflowed, and that is not right."""
    if not np.isfinite(probabilities).all():
        return Read("", None if right is None else False)
    return read(match, options, probabilities, text, right)


def token_shares(places: Places | None, given: np.ndarray) -> np.ndarray | None:
    """Return (image tokens, 4) boxes in shares of the picture, or None where they are not known."""
    if places is None:
        return None
    height, width = given.shape[:2]
    return places.boxes / np.array([width, height, width, height], float)


def boxes_only(boxes: Iterable[NamedBox]) -> list[tuple[float, ...]]:
    return [box[1:] for box in boxes]


def _at(answers: Answers, maps: Maps, row: int, asked: Asked, settings: AdaptVisSettings, tokens: np.ndarray | None) -> AtAlpha:
    probabilities, text = answers.option_probabilities[row], answers.texts[row]
    found = meant(settings.match, asked.options, probabilities, text, asked.right)
    return AtAlpha(alpha=answers.alphas[row], text=text, confidence=float(answers.confidence[row]),
                   probabilities=tuple(float(value) for value in probabilities), is_right=found.is_right,
                   maps=maps.image[0, row, :, 0], reads=_reads(maps, row, tokens, asked))


def _reads(maps: Maps, row: int, tokens: np.ndarray | None, asked: Asked) -> LayerReads:
    """Return means over heads; Maps are (rows, queries, layers, heads, ...) and its queries the alphas."""
    own = {name: getattr(maps, name)[0, row].mean(-1) for name in ("image_mass", "text_mass", "first_mass", "image_logit")}
    overlap = None if tokens is None else auroc(maps.image[0, row, :, 0], tokens, boxes_only(asked.boxes))
    return LayerReads(**own, entropy=maps.image_entropy[0, row].mean(-1), box_auroc=overlap)


def is_unsure(confidence: float, settings: AdaptVisSettings) -> bool:
    """Return whether c < beta; the released code rounds c to two decimals first."""
    return (round(confidence, 2) if settings.rounds_confidence else confidence) < settings.beta


def branch_of(at: tuple[AtAlpha, ...], settings: AdaptVisSettings) -> Branch:
    """Return which of the two alphas AdaptVis takes, and both answers."""
    by_alpha = {each.alpha: each for each in at}
    base = by_alpha[1.0]
    unsure = is_unsure(base.confidence, settings)
    taken = by_alpha[settings.alpha1 if unsure else settings.alpha2]
    return Branch(confidence=base.confidence, beta=settings.beta, is_unsure=unsure, alpha=taken.alpha, base_answer=base.text,
                  answer=taken.text, base_is_right=base.is_right, is_right=taken.is_right)


def _reply_notes(looked: Looked) -> list[str]:
    """Say that the reply as it is answers nothing: its confidence is then no option's."""
    base = next(each for each in looked.at if each.alpha == 1)
    if not is_none_of(looked.options, base.probabilities, base.text):
        return []
    options = ", ".join(repr(option[:40]) for option in looked.options)
    return [f"The reply {base.text[:80]!r} is none of the options ({options}), which have {100 * sum(base.probabilities):.1f} % "
            "together. The confidence is that of the reply, so it says nothing about them."]


def _mass_notes(looked: Looked) -> list[str]:
    """Say what alpha did to the image's share of the attention, as measured: its name promises neither way."""
    told = [f"in {rising} of {layers} layers that see it at alpha {at.alpha:g}" for at in _beside_one(looked.at)
            for rising, layers in [looked.share_rises(at)]]
    return [f"The image gets more of the attention than at alpha 1 {' and '.join(told)}."] if told else []


def _beside_one(looks: Sequence[AtAlpha]) -> list[AtAlpha]:
    """The nearest alpha below 1 and the nearest above."""
    below, above = ([at for at in looks if (at.alpha < 1) == is_below and at.alpha != 1] for is_below in (True, False))
    return [*sorted(below, key=lambda at: at.alpha)[-1:], *sorted(above, key=lambda at: at.alpha)[:1]]


def jpeg(picture: np.ndarray) -> np.ndarray:
    """Return the bytes of a JPEG, (bytes,) uint8."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return np.frombuffer(buffer.getvalue(), np.uint8)
