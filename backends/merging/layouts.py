"""What a tensor of the language model is called in a folder, in memory, or in an official file, and which belongs to which.

The language model inside a VLM is called differently by every family, and by some differently on disk and in memory:
    Llava, LlavaNext, LlavaOnevision, InternVL   memory model.language_model.layers.   disk language_model.model.layers.
    Qwen2VL, Qwen2_5_VL                          memory model.language_model.layers.   disk model.layers.
    Qwen3VL                                      model.language_model.layers. in both;   Idefics2, SmolVLM   model.text_model.layers.
Folders in the layout of memory exist too, and the official code's files have `layers.` alone. So the layout is found from the names
that are there, and what was read is written back. Towers and resamplers have `layers.0.` too: a prefix is looked for at the very
beginning of a name.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from backends.merging.mix import EMBEDDING, HEAD, layer_of, part_of
from worlds.errors import InputError

PREFIXES = ("model.language_model.", "language_model.model.", "model.text_model.", "text_model.", "language_model.", "model.", "")
"""What stands before `layers.0.`"""
HEADS = ("lm_head.weight", "language_model.lm_head.weight")
SHOWN = 5  # names of each side in an error
_OURS = "model."
_TABLES = (".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias")  # no weights; old files hold them
_NUMBERED = re.compile(r"(.*?)(?:layers?|h|blocks?)\.\d+\.")


@dataclass(frozen=True)
class Layout:
    """How one set of names calls the language model's tensors.

    Attributes:
        prefix: before `layers.0.`, `norm.` and `embed_tokens.`.
        head: name of the head; empty where there is none, as in a tied model.
    """

    prefix: str
    head: str

    def ours(self, name: str) -> str | None:
        """Return what a tensor is called here; None where it is none of the language model."""
        if name == self.head:
            return HEAD
        rest = name.removeprefix(self.prefix)
        is_own = name.startswith(self.prefix) and rest.startswith(("layers.", "norm.", "embed_tokens."))
        return _OURS + rest if is_own and not name.endswith(_TABLES) else None

    def theirs(self, name: str) -> str:
        """Return what our name is called there."""
        return self.head if name == HEAD else self.prefix + name.removeprefix(_OURS)


@dataclass(frozen=True)
class Own:
    """One tensor's name in each model; `base` is empty where there is none."""

    vlm: str
    reason: str
    base: str = ""


@dataclass(frozen=True)
class Pairs:
    """Which tensors belong together.

    Attributes:
        names: by our name, in the VLM's order.
        layout: of the VLM.
        num_layers: of the language model.
    """

    names: Mapping[str, Own]
    layout: Layout
    num_layers: int


def layout_of(names: Collection[str]) -> Layout | None:
    """Return the layout of a model's names; None where no language model that is known here is among them."""
    found = max(PREFIXES, key=lambda prefix: sum(name.startswith(f"{prefix}layers.") for name in names))
    if not any(name.startswith(f"{found}layers.") for name in names):
        return None
    return Layout(found, next((head for head in HEADS if head in names), ""))


def ours_in(names: Iterable[str], layout: Layout | None) -> dict[str, str]:
    """Return the names of the language model's tensors, by our name; none where there is no layout."""
    return {ours: name for name in names if (ours := layout.ours(name)) is not None} if layout is not None else {}


def paired(vlm: Collection[str], reason: Collection[str], base: Collection[str] | None = None, *,
           embeddings: bool = False) -> Pairs:
    """Return which tensors belong together.

    Args:
        embeddings: embedding and head need a partner too.
    Raises:
        InputError: nothing matches, the models have different numbers of layers, or a tensor has no partner.
    """
    layout = layout_of(vlm)
    own = ours_in(vlm, layout)
    others = [_with_tied_head(ours_in(names, layout_of(names))) for names in (reason, base) if names is not None]
    for names, there, what in zip((reason, base), others, ("reasoning model", "base")):
        if layout is None or not own.keys() & there.keys():
            raise InputError(_nothing(vlm, layout, names or (), what))
        _check(own, there, what, embeddings)
    assert layout is not None
    return Pairs({name: Own(tensor, *(there[name] for there in others)) for name, tensor in own.items()
                  if all(name in there for there in others)}, layout, num_layers(own))


def _check(own: Mapping[str, str], there: Mapping[str, str], what: str, embeddings: bool) -> None:
    """Refuse a model with tensors of layers that the other does not have."""
    layers, others = num_layers(own), num_layers(there)
    lacking = [name for name in own if name not in there and (embeddings or part_of(name) is not None)]
    more = [name for name in there if name not in own and part_of(name) is not None]
    if layers != others:
        raise InputError(f"The VLM's language model has {layers} layers, the {what} {others}: {(lacking or more)[0]!r} is in one of "
                         "them alone. Only models that were tuned from one base can be merged.")
    if lacking or more:
        first = f"lacks {listed(lacking)} of the VLM" if lacking else f"has {listed(more)}, which the VLM lacks"
        raise InputError(f"The {what} {first}. Only models with the same tensors can be merged.")


def _nothing(vlm: Collection[str], layout: Layout | None, other: Collection[str], what: str) -> str:
    sides = [f"the VLM's begin with {layout.prefix if layout else guessed(vlm)!r}: {listed(vlm)}",
             f"the {what}'s with {guessed(other)!r}: {listed(other)}"]
    return (f"No tensor of the {what} belongs to one of the VLM; {'; '.join(sides)}. Both must be as save_pretrained writes a "
            "language model of the family of LLaMA.")


def guessed(names: Iterable[str]) -> str:
    """Return what stands most often before a numbered layer."""
    found = Counter(match[1] for name in names if (match := _NUMBERED.match(name)))
    return found.most_common(1)[0][0] if found else ""


def _with_tied_head(names: dict[str, str]) -> dict[str, str]:
    """A model whose head is its embedding holds it once."""
    return names | {HEAD: names[EMBEDDING]} if HEAD not in names and EMBEDDING in names else names


def num_layers(names: Iterable[str]) -> int:
    """Return how many layers our names are of."""
    return 1 + max((layer for name in names if (layer := layer_of(name)) is not None), default=-1)


def listed(names: Collection[str]) -> str:
    """Return the first names, and how many more there are."""
    shown, more = ", ".join(repr(name[:80]) for name in list(names)[:SHOWN]), len(names) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown or "none"
