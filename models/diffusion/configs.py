"""Run configurations of the released grafting code: YAML that says which operator goes where, read into this house's words.

Source: Exploring Diffusion Transformer Designs via Grafting, arXiv 2506.05340, `configs/` of its code. Its files write "None" where
nothing is meant, and YAML reads 1e-4 as a word; both are read as they are meant. Paths in them are only told, never opened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from models.diffusion.choices import Operator, Place, place_of
from worlds.errors import InputError
from worlds.yaml_text import parse

MAX_LAYERS = 512

_NAMES: dict[str, Operator] = {"hyena_se": "hyena-se", "hyena_x": "hyena-x", "hyena_y": "hyena-y", "mamba2": "mamba-2",
                               "mlp_hyena_x": "mlp-hyena-x"}
_RATIO = re.compile(r"mlp_(?:ratio_|r)([1-6])(?:\.|$)")
_WHAT = "The configuration"


@dataclass(frozen=True)
class RunConfig:
    """What a configuration asks for.

    Attributes:
        kind: what it is for.
        layers: that are grafted, counted from 0; empty where the file names none.
        weights: where the weights of stage 1 lie, by layer.
        checkpoint: where those of the whole grafted model lie.
        learning_rate: the first one, of a training.
    """

    kind: Literal["sampling", "stage 1", "stage 2"]
    operator: Operator
    layers: tuple[int, ...] = ()
    weights: tuple[tuple[int, str], ...] = ()
    model: str | None = None
    checkpoint: str | None = None
    image_size: int | None = None
    seed: int | None = None
    learning_rate: float | None = None


def read_config(text: str) -> RunConfig:
    """Read a file for sampling, for stage 1 or for stage 2.

    Raises:
        InputError: it is none; the sentence names the field.
    """
    content = _part(_without_none(parse(text, what=_WHAT, right="Choose one of the released code's files.")), "")
    operator = _operator(_part(content.get("operator"), "operator"))
    section = "sample_config" if "sample_config" in content else "train_config"
    own = _part(content.get(section), section)
    kind: Literal["sampling", "stage 1", "stage 2"] = (
        "sampling" if section == "sample_config" else "stage 2" if "graft_indexes" in own else "stage 1")
    checkpoint = "grafted_dit_ckpt_path" if kind == "sampling" else "dit_ckpt_path"
    return RunConfig(kind, operator, _layers(own.get("graft_indexes"), f"{section}.graft_indexes"),
                     _weights(own.get("graft_weights"), f"{section}.graft_weights"),
                     model=_word(own, "dit_model_name", section), checkpoint=_word(own, checkpoint, section),
                     image_size=_count(own, "image_size", section), seed=_count(own, "global_seed", section),
                     learning_rate=_rate(own.get("initial_learning_rate"), f"{section}.initial_learning_rate"))


def _without_none(value: object) -> object:
    """The same with nothing in the place of every "None"."""
    if isinstance(value, dict):
        return {key: _without_none(own) for key, own in value.items()}
    if isinstance(value, list):
        return [_without_none(own) for own in value]
    return None if value == "None" else value


def _part(value: object, field: str) -> Mapping[str, object]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _wrong(field, value, "It must be a list of names with values, as in the released code's files")
    return value


def _wrong(field: str, value: object, right: str) -> InputError:
    try:
        shown = "missing" if value is None else repr(value)[:80]
    except ValueError:  # Python writes out no number of more than 4,300 digits; YAML reads one that is given in hexadecimals
        shown = "a number of very many digits"
    return InputError(f"{repr(field) + ' of the configuration' if field else _WHAT} is {shown}. {right}.")


def _operator(own: Mapping[str, object]) -> Operator:
    name, kind = own.get("name"), own.get("type")
    operator = _named(name, own.get("config_filepath"))
    place: Place | None = {"mha": "attention", "mlp": "mlp"}.get(kind) if isinstance(kind, str) else None  # type: ignore[assignment]
    if place is None:
        raise _wrong("operator.type", kind, "It must be mha or mlp")
    if place != place_of(operator):
        raise _wrong("operator.type", kind, f"{str(name)[:80]} takes the place of {'attention' if place == 'mlp' else 'the MLP'}")
    return operator


def _named(name: object, file: object) -> Operator:
    """The operator of a name; the ratio of an MLP stands in the name of its own file alone."""
    if name == "mlp":
        ratio = _RATIO.search(file) if isinstance(file, str) else None
        if ratio is None:
            raise _wrong("operator.config_filepath", file, "It must name the ratio of the MLP: mlp_ratio_3.yaml, for one")
        return f"mlp-{ratio[1]}"  # type: ignore[return-value]
    if isinstance(name, str):
        start = name.partition("_")[0]
        if start in ("mha", "swa"):
            return "mha" if start == "mha" else "swa"
        if name in _NAMES:
            return _NAMES[name]
    raise _wrong("operator.name", name, f"It must be mha, swa, mlp, {', '.join(_NAMES)}")


def _layers(value: object, field: str) -> tuple[int, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_LAYERS or not all(_is_layer(layer) for layer in value):
        raise _wrong(field, value, f"It must be a list of at most {MAX_LAYERS} blocks, counted from 0")
    if len(set(value)) < len(value):
        raise _wrong(field, value, "Each block is named once")
    return tuple(value)


def _is_layer(value: object) -> bool:
    return type(value) is int and 0 <= value < MAX_LAYERS


def _weights(value: object, field: str) -> tuple[tuple[int, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, dict) or not all(_is_layer(layer) and isinstance(file, str | None) for layer, file in value.items()):
        raise _wrong(field, value, "It must be empty or name a file for each block")
    return tuple((layer, file) for layer, file in sorted(value.items()) if file is not None)


def _word(own: Mapping[str, object], key: str, section: str) -> str | None:
    value = own.get(key)
    if value is not None and (not isinstance(value, str) or len(value) > 1_000):
        raise _wrong(f"{section}.{key}", value, "It must be a name of at most 1,000 characters")
    return value


def _count(own: Mapping[str, object], key: str, section: str) -> int | None:
    value = own.get(key)
    if value is not None and (type(value) is not int or not 0 <= value < 2**63):
        raise _wrong(f"{section}.{key}", value, "It must be a whole number, 0 or more")
    return value  # type: ignore[return-value]


def _rate(value: object, field: str) -> float | None:
    if value is None:
        return None
    try:
        rate = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        rate = -1.0
    if not (isfinite(rate) and rate > 0):
        raise _wrong(field, value, "It must be a number above 0")
    return rate
