"""What a tensor of the language model is called in a folder, in memory, or in an official file, and which belongs to which.

The language model inside a VLM is called differently by every family, and by some differently on disk and in memory:
    Llava, LlavaNext, LlavaOnevision, InternVL   memory model.language_model.layers.   disk language_model.model.layers.
    Qwen2VL, Qwen2_5_VL                          memory model.language_model.layers.   disk model.layers.
    Qwen3VL                                      model.language_model.layers. in both;   Idefics2, SmolVLM   model.text_model.layers.
Folders in the layout of memory exist too, and the official code's files have `layers.` alone. So the layout is found from the names
that are there, and what was read is written back. Towers and resamplers have `layers.0.` too: a prefix is looked for at the very
beginning of a name.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from backends.merging.mix import EMBEDDING, HEAD, layer_of
from worlds.errors import InputError

PREFIXES = ("model.language_model.", "language_model.model.", "model.text_model.", "text_model.", "language_model.", "model.", "")
"""What stands before `layers.0.`, the longer ones first: a whole VLM may begin with the shorter, too."""
HEADS = ("lm_head.weight", "language_model.lm_head.weight")
SHOWN = 5  # names of each side in an error
_OURS = "model."
_NO_WEIGHTS = (".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".self_attn.bias")  # tables that old files hold


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
        return _OURS + rest if is_own and not name.endswith(_NO_WEIGHTS) else None

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


def layout_of(names: Collection[str], *, what: str = "The model") -> Layout:
    """Return the layout of a model's names. Raises InputError where no language model is among them."""
    found = max(PREFIXES, key=lambda prefix: sum(name.startswith(f"{prefix}layers.") for name in names))
    if not any(name.startswith(f"{found}layers.") for name in names):
        raise InputError(f"{what} has no language model that is known here: no name begins with "
                         f"{', '.join(f'{prefix}layers.' for prefix in PREFIXES[:3])} or the like. Its first are {_first(names)}.")
    return Layout(found, next((head for head in HEADS if head in names), ""))


def ours_in(names: Iterable[str], layout: Layout) -> dict[str, str]:
    """Return the names of the language model's tensors, by our name."""
    return {ours: name for name in names if (ours := layout.ours(name)) is not None}


def paired(vlm: Collection[str], reason: Collection[str], base: Collection[str] | None = None) -> Pairs:
    """Return which tensors belong together. Embedding and head need no partner.

    Raises:
        InputError: there are none, or one of the language model has no partner.
    """
    layout = layout_of(vlm, what="The VLM")
    theirs = layout_of(reason, what="The reasoning model")
    own, other = ours_in(vlm, layout), _with_tied_head(ours_in(reason, theirs))
    roots = _with_tied_head(ours_in(base, layout_of(base, what="The base"))) if base is not None else None
    names = {}
    for name, there in own.items():
        if name in other and (roots is None or name in roots):
            names[name] = Own(there, other[name], roots[name] if roots is not None else "")
    return Pairs(names, layout, num_layers(own))


def _with_tied_head(names: dict[str, str]) -> dict[str, str]:
    """A model whose head is its embedding holds it once."""
    return names | {HEAD: names[EMBEDDING]} if HEAD not in names and EMBEDDING in names else names


def num_layers(names: Iterable[str]) -> int:
    """Return how many layers our names are of."""
    return 1 + max((layer for name in names if (layer := layer_of(name)) is not None), default=-1)


def _first(names: Iterable[str]) -> str:
    return ", ".join(repr(name[:80]) for name in sorted(names)[:SHOWN])
