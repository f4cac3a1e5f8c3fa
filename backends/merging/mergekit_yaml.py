"""mergekit's YAML, read into a merge and written from one, so that a recipe can be taken from either to the other.

mergekit (0.1.5) merges language models whole; here one is poured into a VLM, whose embeddings usually stay. What is said differently
is written so that both give the same tensors: an embedding that stays has a filter with weight 1 for the VLM and 0 for the other,
and a range of layers is a list with one value for each. What mergekit cannot say is refused or noted, and so is, the other way
round, what is not done here. Of keys that it does not know, mergekit says nothing; here the nearest known one is named.

Not here: the tensors. mergekit itself is not needed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import cast, get_args

import yaml

from backends.merging.mergekit_values import WHAT, list_of, mapping_of, name_of, shown, truth_of, value_of
from backends.merging.mix import (
    EMBEDDING,
    EXCLUDED,
    HEAD,
    LAST_NORM,
    PARTS,
    WITH_BASE,
    Filtered,
    Method,
    Mix,
    Part,
    Value,
    takes_part,
    value_at,
)
from worlds.errors import InputError
from worlds.yaml_text import parse

METHODS: tuple[Method, ...] = get_args(Method)
NOT_OFFERED = ("multislerp", "nearswap", "ram", "ramplus_tl", "sce", "nuslerp", "passthrough", "model_stock", "arcee_fusion",
               "karcher", "breadcrumbs", "breadcrumbs_ties", "della", "della_linear")
"""Methods that mergekit has besides."""
MAX_DEPTH = 12
_RIGHT = "Write it as mergekit's documentation says."
_TOP = ("merge_method", "base_model", "models", "slices", "modules", "parameters", "dtype", "out_dtype", "tokenizer_source",
        "tokenizer", "chat_template")
_SHARED = ("normalize", "lambda", "rescale", "int8_mask", "t")
_OF_A_MODEL = ("weight", "density")
_OF_OTHERS = ("epsilon", "gamma", "select_topk", "scale", "nuslerp_flatten", "nuslerp_row_wise")  # of methods that are not offered
_TOKENIZER = ("source", "tokens", "pad_to_multiple_of")
_UNUSED = {
    "dtype": "it is computed in float32 and written in the VLM's kind of number", "tokenizer": "the result has the VLM's tokenizer",
    "out_dtype": "the result has the VLM's kind of number", "chat_template": "the result has the VLM's",
    "tokenizer_source": "the result has the VLM's tokenizer"}
_ARC = "mergekit takes the arc for tensors of one axis, too, such as norms; here they are mixed linearly."
_OUTSIDE = {EMBEDDING: "embed_tokens", HEAD: "lm_head", LAST_NORM: "model.norm"}  # what a filter of a tensor in no layer holds
_HEAD = "# A VLM's language model is merged. mergekit reads language models alone: take it out of the VLM first.\n"


@dataclass(frozen=True)
class Recipe:
    """A merge and the models that it names.

    Attributes:
        base: empty where none is named.
        notes: what was read and does nothing, or is meant differently here.
    """

    mix: Mix
    vlm: str
    reason: str
    base: str = ""
    notes: tuple[str, ...] = ()


def read_yaml(text: str, *, vlm: str = "") -> Recipe:
    """Return what a mergekit configuration says.

    Args:
        vlm: which of the two models that it merges is the VLM; empty, or none of them: the first.
    Raises:
        InputError: it is none, merges in a way that is not offered, or merges other than two models; the sentence names the key.
    """
    top = mapping_of(parse(text, what=WHAT, right=_RIGHT, max_depth=MAX_DEPTH), "")
    notes = _unknown(top, _TOP, "")
    method = _method(top.get("merge_method"))
    notes += [f"{key!r} does nothing here: {why}." for key, why in _UNUSED.items() if top.get(key) is not None]
    if isinstance(top.get("tokenizer"), dict):
        notes += _unknown(mapping_of(top["tokenizer"], "tokenizer"), _TOKENIZER, "tokenizer.")
    models, layers = _models(top, notes)
    base = name_of(top["base_model"], "base_model") if top.get("base_model") is not None else ""
    shared = _parameters(top.get("parameters"), "parameters", notes)
    pair = _pair(models, base, method, vlm)
    own = [{**shared, **models.get(name, {})} for name in pair]
    mix = _without_embeddings(_mix(method, own, shared, layers, is_base_first=base == pair[0]))
    if method == "slerp":
        notes.append(_ARC)
    if mix.embeddings == "in":
        notes.append("The recipe merges embedding and head as well, for which both must mean the same words by their ids.")
    return Recipe(mix, *pair, base if method in WITH_BASE else "", tuple(notes))


def _unknown(own: Mapping[str, object], known: Collection[str], where: str) -> list[str]:
    """A note on every key that is none, with the nearest that is one."""
    notes = []
    for key in own:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0)
            notes.append(f"{where + key[:80]!r} is no key of mergekit and does nothing. The nearest is {where + near[0]!r}.")
    return notes


def _method(name: object) -> Method:
    if name in METHODS:
        return cast(Method, name)
    offered = ", ".join(METHODS)
    if name in NOT_OFFERED:
        raise InputError(f"mergekit's method {name!r} is not offered here. Offered are {offered}.")
    near = get_close_matches(str(name), METHODS + NOT_OFFERED, n=1) if isinstance(name, str) else []
    raise InputError(f"merge_method is {str(name)[:80]!r}, which is no method. {f'Did you mean {near[0]!r}? ' if near else ''}"
                     f"Offered are {offered}.")


def _models(top: Mapping[str, object], notes: list[str]) -> tuple[dict[str, dict[str, object]], tuple[int, int] | None]:
    """The parameters of every model that is merged, by its name, and the range of layers where one is given."""
    given = [key for key in ("models", "slices", "modules") if top.get(key) is not None]
    if len(given) != 1:
        raise InputError(f"{WHAT} has {' and '.join(given) or 'none'} of models, slices and modules. It must have one of them.")
    if given[0] == "modules":
        raise InputError("'modules' builds a model of several parts, which is not offered here. List the two models under 'models'.")
    if given[0] == "models":
        return _entries(list_of(top["models"], "models"), "models", ("model", "parameters"), notes), None
    slices = list_of(top["slices"], "slices")
    if len(slices) != 1:
        raise InputError(f"'slices' stacks {len(slices)} stretches of layers, which is not offered here. Give one, or list 'models'.")
    cut = mapping_of(slices[0], "slices[0]")
    notes += _unknown(cut, ("sources", "base_model", "residual_weight", "parameters"), "slices.")
    sources = list_of(cut.get("sources"), "slices[0].sources")
    ranges = {_range(mapping_of(source, "sources").get("layer_range")) for source in sources}
    if len(ranges) != 1:
        raise InputError("The sources of the slice have different layer_ranges. Give all of them one.")
    shared = _parameters(cut.get("parameters"), "slices.parameters", notes)
    found = _entries(sources, "sources", ("model", "layer_range", "parameters"), notes)
    notes.append("mergekit would keep the layers of the slice alone; here the VLM keeps its others as they are.")
    return {name: {**shared, **own} for name, own in found.items()}, ranges.pop()


def _entries(entries: Sequence[object], where: str, known: Collection[str], notes: list[str]) -> dict[str, dict[str, object]]:
    found = {}
    for entry in entries:
        own = mapping_of(entry, where)
        notes += _unknown(own, known, f"{where}.")
        found[name_of(own.get("model"), f"{where}.model")] = _parameters(own.get("parameters"), f"{where}.parameters", notes)
    return found


def _range(value: object) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2 or not all(type(each) is int for each in value) or not 0 <= value[0] < value[1]:
        raise InputError(f"layer_range is {shown(value)}. It must be two whole numbers, the first layer and one after the last.")
    return value[0], value[1]


def _parameters(value: object, where: str, notes: list[str]) -> dict[str, object]:
    if value is None:
        return {}
    own = mapping_of(value, where)
    notes += _unknown(own, (*_SHARED, *_OF_A_MODEL, *_OF_OTHERS), f"{where}.")
    notes += [f"{where + '.' + key!r} belongs to a method that is not offered here, and does nothing."
              for key in own if key in _OF_OTHERS]
    return dict(own)


def _pair(models: Mapping[str, object], base: str, method: Method, vlm: str) -> tuple[str, str]:
    """The names of the VLM and of the reasoning model."""
    if method in WITH_BASE and not base:
        raise InputError(f"{method} needs a base_model, and the recipe names none.")
    if method == "slerp" and not base:
        raise InputError("slerp needs a base_model: the one of its two models that t = 0 gives.")
    own = [name for name in models if method not in WITH_BASE or name != base]
    if method == "slerp" and base not in own:
        own.insert(0, base)
    if len(own) != 2:
        raise InputError(f"{WHAT} merges {len(own)} models{' besides the base' if method in WITH_BASE else ''}: "
                         f"{', '.join(repr(name) for name in own[:5]) or 'none'}. Here it is two, a VLM and a reasoning model.")
    return (own[1], own[0]) if vlm == own[1] else (own[0], own[1])


def _mix(method: Method, own: Sequence[Mapping[str, object]], shared: Mapping[str, object], layers: tuple[int, int] | None, *,
         is_base_first: bool) -> Mix:
    """The merge of the parameters of the VLM and of the reasoning model."""
    if method == "slerp":
        share = value_of(shared.get("t", own[0].get("t")), "t")
        return Mix("slerp", vlm=_turned(share) if is_base_first else share, layers=layers)
    vlm, reason = (value_of(each.get("weight"), "weight") for each in own)
    normalize = truth_of(shared.get("normalize"), "normalize")
    if normalize is None:
        normalize = method in ("linear", "ties")
    mix = Mix(method, vlm=vlm, reason=None if _adds_to_one(vlm, reason) else reason, layers=layers)
    mix = mix if mix.is_normalized == normalize else replace(mix, normalize=normalize)
    if method == "linear":
        return mix
    density, reason_density = (value_of(each.get("density"), "density", 1.0) for each in own)
    rescale = truth_of(shared.get("rescale"), "rescale")
    drops = method in ("dare_linear", "dare_ties")
    if rescale and not drops:
        raise InputError(f"'rescale' of {method} is not offered here. Leave it out, or take dare_linear or dare_ties.")
    try:
        return replace(mix, scale=value_of(shared.get("lambda"), "lambda", 1.0), density=density,
                       reason_density=None if density == reason_density else reason_density,
                       rescale=("l1" if rescale is not False else "none") if drops else mix.rescale)
    except ValueError as error:
        raise InputError(f"In the recipe {error}.") from error


def _without_embeddings(mix: Mix) -> Mix:
    """A recipe that leaves embedding and head the VLM's says so with filters; here it is a setting of its own."""
    values = (mix.vlm, 0.0 if mix.reason is None else mix.reason, mix.scale, mix.density,
              0.0 if mix.reason_density is None else mix.reason_density)
    if all(_stays(mix, name) for name in EXCLUDED):
        plain = [_unfiltered(value) for value in values]
        return replace(mix, vlm=plain[0], reason=None if mix.reason is None or _adds_to_one(plain[0], plain[1]) else plain[1],
                       scale=plain[2], density=plain[3], reason_density=None if mix.reason_density is None else plain[4],
                       embeddings="out")
    return replace(mix, embeddings="in")


def _stays(mix: Mix, name: str) -> bool:
    is_whole = mix.method in ("linear", "slerp") or (value_at(mix.scale, name, 1), mix.densities(name, 1)[0]) == (1, 1)
    return mix.weights(name, 1) == (1, 0) and is_whole


def _unfiltered(value: Value) -> Value:
    if isinstance(value, int | float) or not any(isinstance(entry, Filtered) for entry in value):
        return value
    left = tuple(entry for entry in value if isinstance(entry, Filtered) and entry.holds not in ("embed_tokens", "lm_head"))
    return left[0].value if left and left[0].holds in ("", "*") else left


def _turned(value: Value) -> Value:
    """1 - value."""
    if isinstance(value, int | float):
        return _rounded(1 - value)
    return tuple(Filtered(entry.holds, cast(float, _turned(entry.value))) if isinstance(entry, Filtered) else _rounded(1 - entry)
                 for entry in value)  # type: ignore[return-value]


def _rounded(number: float) -> float:
    return round(number, 12)  # 1 - 0.9 is 0.09999999999999998


def _adds_to_one(vlm: Value, reason: Value) -> bool:
    return _turned(vlm) == reason


def write_yaml(mix: Mix, *, vlm: str, reason: str, base: str = "", num_layers: int) -> tuple[str, tuple[str, ...]]:
    """Return the configuration that has mergekit do the same to two language models, and what it does differently.

    Args:
        base: needed by task arithmetic and its kin.
        num_layers: of the models: a range of layers is written out layer by layer.
    Raises:
        InputError: mergekit cannot say it.
    """
    if mix.embeddings == "common rows":
        raise InputError("mergekit does not merge the rows that two embeddings have in common. Leave the embeddings out, or in.")
    if mix.method in ("ties", "dare_ties") and mix.signs == "official":
        raise InputError("mergekit elects signs from the weighted sum alone. Choose that for a recipe that it reads.")
    if mix.needs_base and not base:
        raise InputError(f"{mix.method} needs the name of the base model.")
    write = _Writer(mix, num_layers)
    if mix.method == "slerp":
        body: dict[str, object] = {"merge_method": "slerp", "base_model": vlm, "models": [{"model": vlm}, {"model": reason}],
                                   "parameters": {"t": write.said(_turned(mix.vlm), 0.0)}}
        return _HEAD + _dumped(body), (_ARC,)
    other = _turned(mix.vlm) if mix.reason is None else mix.reason
    own = [{"weight": write.said(mix.vlm, 1.0)}, {"weight": write.said(other, 0.0)}]
    shared: dict[str, object] = {"normalize": mix.is_normalized}
    body = {"merge_method": mix.method}
    notes: list[str] = []
    if mix.needs_base:
        body["base_model"] = base
        shared["lambda"] = write.said(mix.scale, 1.0)
        if mix.method != "task_arithmetic":
            own[0]["density"] = write.said(mix.density, 1.0)
            own[1]["density"] = write.said(mix.density if mix.reason_density is None else mix.reason_density, 1.0)
        if mix.method in ("dare_linear", "dare_ties"):
            shared["rescale"] = mix.rescale != "none"
            notes.append("mergekit draws what DARE drops by itself: the same share, not the same entries.")
            if mix.rescale == "density":
                notes.append("mergekit restores the sum of sizes where 1 / density is meant: nearly the same for large tensors.")
    body |= {"models": [{"model": name, "parameters": each} for name, each in zip((vlm, reason), own)], "parameters": shared,
             "dtype": "float32"}
    return _HEAD + _dumped(body), tuple(notes)


def _dumped(body: Mapping[str, object]) -> str:
    return yaml.safe_dump(body, sort_keys=False, default_flow_style=None, width=120)


class _Writer:
    """Writes values with what stays the VLM's: embeddings, parts that are not merged, layers outside of the range."""

    _HELD: Mapping[Part, str] = {"norm": "norm", "attention": "self_attn", "mlp": "mlp"}

    def __init__(self, mix: Mix, num_layers: int) -> None:
        self._mix, self._num_layers = mix, num_layers

    def said(self, value: Value, stays: float) -> object:
        """Return a value as YAML; `stays` is what leaves a tensor the VLM's."""
        entries = [entry for entry in value if isinstance(entry, Filtered)] if isinstance(value, tuple) else []
        entries = entries or [Filtered("", cast(float, value))]
        first = [Filtered(holds, self._outside(value, name, stays)) for name, holds in _OUTSIDE.items() if self._is_apart(name)]
        left_out = [part for part in PARTS if part not in self._mix.parts]
        ranged = [Filtered(entry.holds, self._ranged(entry.value, stays)) for entry in entries]
        if left_out and "norm" not in left_out:  # those of queries and keys have attention in their names too
            first += [entry for entry in ranged if "norm" in entry.holds]
            first += [Filtered("norm", next(entry.value for entry in ranged if entry.holds in ("", "*", "norm")))]
        first += [Filtered(self._HELD[part], stays) for part in sorted(left_out, key=lambda part: part != "norm")]
        whole = [*first, *ranged]
        if len(whole) == 1 and whole[0].holds in ("", "*"):
            return _as_yaml(whole[0].value)
        if {(entry.value if not isinstance(entry.value, tuple) else None) for entry in whole} == {stays}:
            return stays
        return [({"filter": entry.holds} if entry.holds not in ("", "*") else {}) | {"value": _as_yaml(entry.value)}
                for entry in whole]

    def _is_apart(self, name: str) -> bool:
        """Whether a tensor that is in no layer needs an entry: mergekit gives it the first value of a list."""
        first, end = self._mix.layers or (0, self._num_layers)
        return (name in EXCLUDED and self._mix.embeddings == "out") or (first, end) != (0, self._num_layers)

    def _outside(self, value: Value, name: str, stays: float) -> float:
        return value_at(value, name, self._num_layers) if takes_part(self._mix, name, self._num_layers) else stays

    def _ranged(self, value: float | tuple[float, ...], stays: float) -> float | tuple[float, ...]:
        first, end = self._mix.layers or (0, self._num_layers)
        if (first, end) == (0, self._num_layers):
            return value
        names = [f"model.layers.{layer}." for layer in range(self._num_layers)]
        return tuple(value_at(value, name, self._num_layers) if first <= layer < end else stays for layer, name in enumerate(names))


def _as_yaml(value: float | tuple[float, ...]) -> float | list[float]:
    return list(value) if isinstance(value, tuple) else value
