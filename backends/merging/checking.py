"""Whether two or three checkpoints can be merged, what that takes, and what it would do to words: told before anything is written.

In this order: files and headers, names and number of layers, kinds of numbers, shapes (the first that differs is named, with both),
heads, what the ids of the two tokenizers mean, memory and disk. Only headers and configs are read.
"""

import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from transformers import AutoConfig, AutoTokenizer, PretrainedConfig

from backends.merging.layouts import Pairs, paired
from backends.merging.mix import EMBEDDING, EXCLUDED, Mix, part_of, takes_part
from backends.merging.sources import KINDS, Folder, Official, Source, open_folder, open_source
from models.devices import MB, machine
from worlds.errors import InputError

GB = 1_000_000_000
SHOWN = 5  # ids of the tokenizers that mean another text
BESIDE = (".json", ".jinja", ".txt", ".model", ".tiktoken")  # what a checkpoint has beside its weights
NOT_BESIDE = ("card.json", "merge.json", "real.json")  # say of the VLM what is not true of the merged model
_PIECES_MB = 48  # what is computed at once
_SAME = ("hidden_size", "num_attention_heads", "num_key_value_heads", "intermediate_size")
_MAY_DIFFER = ("rope_theta", "rms_norm_eps", "hidden_act")
_OFFLINE = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True)
class Meanings:
    """What the ids of two tokenizers mean.

    Attributes:
        same, other: ids that both have, by whether they mean the same text.
        first: the first that do not: id, text in the VLM, text in the reasoning model.
        vlm_only, reason_only: ids that one of them has alone.
    """

    same: int
    other: int
    first: tuple[tuple[int, str, str], ...]
    vlm_only: int
    reason_only: int


@dataclass(frozen=True)
class Needs:
    """What a merge takes; all in bytes.

    Attributes:
        peak: of memory, beyond what this process has.
        output: on the disk, in all; `missing` of it is yet to be written.
    """

    peak: int
    output: int
    missing: int
    free: int

    @property
    def sentence(self) -> str:
        """As people read it before they start."""
        return f"peak {self.peak / MB:,.0f} MB of memory, output {_size(self.output)}, free {_size(self.free)}"


@dataclass(frozen=True)
class Checked:
    """Checkpoints that can be merged.

    Attributes:
        meanings: None where a tokenizer could not be read.
        locked: why the embeddings must stay the VLM's; empty where they need not.
        notes: what is to be known besides.
    """

    vlm: Folder
    reason: Folder | Official
    base: Folder | Official | None
    pairs: Pairs
    mix: Mix
    meanings: Meanings | None
    locked: str
    needs: Needs
    notes: tuple[str, ...]

    @property
    def merged_names(self) -> Mapping[str, str]:
        """Our name of every tensor that the merge changes, by the VLM's."""
        return {own.vlm: name for name, own in self.pairs.names.items() if takes_part(self.mix, name, self.pairs.num_layers)}


def free_on(folder: Path) -> int:
    """Return the bytes that are free on the disk of a folder that may not be there yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def check(vlm: Path, reason: Path, base: Path | None = None, *, mix: Mix, target: Path, names: tuple[str, str, str] = ("", "", ""),
          free: Callable[[Path], int] = free_on, done: int = 0) -> Checked:
    """Return what can be merged.

    Args:
        reason: a folder, or a file of the official code; `base` likewise, needed by task arithmetic and its kin.
        target: where the result will lie.
        names: what people call the three; empty: as the folders are called.
        free: bytes on the disk of a folder.
        done: bytes that an earlier, broken run has written already.
    Raises:
        InputError: they cannot be merged, or there is no room; one sentence, with both values.
    """
    if mix.needs_base and base is None:
        raise InputError(f"{mix.method} adds task vectors to the base model. Name the base that both were tuned from, or take "
                         "linear.")
    seer, reasoner = open_folder(vlm, name=names[0]), open_source(reason, name=names[1])
    root = open_source(base, name=names[2]) if base is not None and mix.needs_base else None
    sources: tuple[Source, ...] = (seer, reasoner) if root is None else (seer, reasoner, root)
    pairs = paired(seer.shapes, reasoner.shapes, None if root is None else root.shapes, embeddings=mix.embeddings != "out")
    if mix.layers is not None and mix.layers[1] > pairs.num_layers:
        raise InputError(f"The layers are {mix.layers[0]} to {mix.layers[1] - 1}; this model has {pairs.num_layers}, counted from 0.")
    merging = [name for name in pairs.names if takes_part(mix, name, pairs.num_layers)]
    if not merging:
        raise InputError("No tensor takes part in this merge. Choose layers, and attention, mlp or norm.")
    for name in pairs.names:
        _check_tensor(name, pairs, sources, mix)
    notes = _check_configs(sources, pairs)
    meanings, locked, more = _check_meanings(seer, reasoner, mix)
    needs = _needs(seer, sources, pairs, merging, mix, free(target), done)
    return Checked(seer, reasoner, root, pairs, mix, meanings, locked, needs, (*notes, *more))


def _check_tensor(name: str, pairs: Pairs, sources: tuple[Source, ...], mix: Mix) -> None:
    """Refuse a tensor that is packed, or of another shape; embeddings and head only where they are merged."""
    is_merged = part_of(name) is not None or mix.embeddings != "out"
    own = pairs.names[name]
    tensors = (own.vlm, own.reason, own.base)[: len(sources)]
    shapes = [tuple(source.shapes[tensor]) for source, tensor in zip(sources, tensors)]
    if not is_merged:
        return
    for source, tensor in zip(sources, tensors):
        if (kind := source.kind(tensor)) not in KINDS:
            raise InputError(f"{tensor[:80]!r} of {source.name!r} is kept in {kind[:20]}: packed weights cannot be merged. Bring the "
                             f"checkpoint in one of {', '.join(KINDS)}.")
    for source, shape in zip(sources[1:], shapes[1:]):
        if shape != shapes[0] and not (part_of(name) is None and mix.embeddings == "common rows" and shape[1:] == shapes[0][1:]):
            raise InputError(f"{name} has the shape {shapes[0]} in {sources[0].name!r} and {shape} in {source.name!r}"
                             f"{_why(name, shapes[0], shape)}")


def _why(name: str, one: tuple[int, ...], other: tuple[int, ...]) -> str:
    if name in EXCLUDED and one[1:] == other[1:]:
        return ": their vocabularies differ. Leave the embeddings out, or merge the common rows."
    if name.endswith((".k_proj.weight", ".v_proj.weight", ".k_proj.bias", ".v_proj.bias")) and one[1:] == other[1:]:
        return ": grouped-query shapes differ: this is not the checkpoint you mean."
    return ". Only models that were tuned from one base can be merged."


def _check_configs(sources: tuple[Source, ...], pairs: Pairs) -> tuple[str, ...]:
    """Refuse heads and widths that differ; return what differs and may."""
    configs = [(source.name, _text_config(source)) for source in sources if isinstance(source, Folder)]
    notes = [f"{source.name!r} is a file of weights alone: its heads and its tokenizer cannot be compared." for source in sources
             if isinstance(source, Official)]
    (first, own), *others = configs
    if (layers := getattr(own, "num_hidden_layers", pairs.num_layers)) != pairs.num_layers:
        raise InputError(f"The text_config of {first!r} says {layers} layers; its weights have {pairs.num_layers}. Save it again "
                         "with save_pretrained.")
    _check_vocabulary(sources[0], own, pairs)
    for name, config in others:
        for key in _SAME:
            values = getattr(own, key, None), getattr(config, key, None)
            if values[0] != values[1] and None not in values:
                raise InputError(f"{key} is {values[0]} in {first!r} and {values[1]} in {name!r}, though the tensors have equal "
                                 "shapes. Only models that were tuned from one base can be merged.")
        notes += [f"{key} is {_said(own, key)} in {first!r} and {_said(config, key)} in {name!r}; the VLM's is kept."
                  for key in _MAY_DIFFER if _said(own, key) != _said(config, key)]
    return tuple(notes)


def _check_vocabulary(vlm: Source, config: PretrainedConfig, pairs: Pairs) -> None:
    rows = vlm.shapes.get(pairs.layout.theirs(EMBEDDING), (0,))[0]
    claimed = getattr(config, "vocab_size", rows)
    if rows and claimed != rows:
        raise InputError(f"vocab_size is {claimed:,} in the config of {vlm.name!r}, and its embedding has {rows:,} rows. Set it "
                         "to the rows.")


def _said(config: PretrainedConfig, key: str) -> object:
    rope = getattr(config, "rope_parameters", None)
    return rope.get(key) if key == "rope_theta" and isinstance(rope, dict) else getattr(config, key, None)


def _text_config(source: Folder) -> PretrainedConfig:
    """The config of the language model: what a file does not say is as of its family."""
    if source.config.get("quantization_config"):
        raise InputError(f"{source.name!r} is quantised: packed weights cannot be merged. Bring it unpacked.")
    try:
        return AutoConfig.from_pretrained(source.path, **_OFFLINE).get_text_config()  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise InputError(f"config.json of {source.name!r} is of no model that this version of transformers knows. Save it again with "
                         "save_pretrained.") from error


def meanings_of(vlm: Mapping[str, int], reason: Mapping[str, int]) -> Meanings:
    """Compare two vocabularies, text -> id, id by id."""
    ours, theirs = ({token: text for text, token in words.items()} for words in (vlm, reason))
    both = sorted(ours.keys() & theirs.keys())
    other = [token for token in both if ours[token] != theirs[token]]
    return Meanings(len(both) - len(other), len(other), tuple((token, ours[token], theirs[token]) for token in other[:SHOWN]),
                    len(ours) - len(both), len(theirs) - len(both))


def _vocabulary(source: Folder) -> Mapping[str, int] | None:
    try:
        return dict(AutoTokenizer.from_pretrained(source.path, **_OFFLINE).get_vocab())
    except (ValueError, KeyError, TypeError, AttributeError, OSError, ImportError, RuntimeError):
        return None


def _check_meanings(vlm: Folder, reason: Folder | Official, mix: Mix) -> tuple[Meanings | None, str, tuple[str, ...]]:
    """What the ids mean, why the embeddings are locked out, and a note. Raises InputError where they are asked in and locked out."""
    vocabularies = [_vocabulary(source) if isinstance(source, Folder) else None for source in (vlm, reason)]
    ours, theirs = vocabularies
    if ours is None or theirs is None:
        meanings, lacking = None, vlm.name if ours is None else reason.name
        locked = f"The tokenizer of {lacking!r} cannot be read, so nobody knows whether ids mean the same"
    else:
        meanings = meanings_of(ours, theirs)
        locked = f"{meanings.other:,} ids mean another text in {reason.name!r}: {_shown(meanings)}" if meanings.other else ""
    if locked and mix.embeddings != "out":
        raise InputError(f"{locked}. Leave the embeddings out: merged, they would mix words that have nothing to do with each other.")
    return meanings, locked, (f"{locked}. The embeddings stay the VLM's.",) if locked else ()


def _shown(meanings: Meanings) -> str:
    told = ", ".join(f"{token} is {ours[:20]!r} and {theirs[:20]!r}" for token, ours, theirs in meanings.first)
    return told + (f" and {meanings.other - SHOWN:,} more" if meanings.other > SHOWN else "")


def beside(folder: Path) -> list[Path]:
    """Return the files of a checkpoint that are copied as they are: config, processor, tokenizer, index."""
    return sorted(file for file in folder.iterdir() if file.is_file() and file.suffix in BESIDE and file.name not in NOT_BESIDE)


def _needs(vlm: Folder, sources: tuple[Source, ...], pairs: Pairs, merging: list[str], mix: Mix, free: int, done: int) -> Needs:
    """What it takes. Raises InputError where there is no room for it."""
    output = sum(file.stat().st_size for file in (*vlm.shards, *beside(vlm.path)))
    peak = max(_peak(name, pairs, sources, mix) for name in merging) + _PIECES_MB * MB
    needs = Needs(peak, output, max(0, output - done), free)
    if needs.missing > free:
        raise InputError(f"There is no room for the result: {needs.sentence}. Free {_size(needs.missing - free)} first.")
    if peak > (memory := machine().memory_free_mb * MB):
        raise InputError(f"The merge needs {peak / MB:,.0f} MB of memory for its largest tensors, and {memory / MB:,.0f} MB are "
                         "free.")
    return needs


def _peak(name: str, pairs: Pairs, sources: tuple[Source, ...], mix: Mix) -> int:
    """Bytes of one group of tensors while it is merged: as read, the result, and what TIES and DARE hold besides."""
    own = pairs.names[name]
    sizes = [math.prod(source.shapes[tensor]) * KINDS[source.kind(tensor)].itemsize
             for source, tensor in zip(sources, (own.vlm, own.reason, own.base))]
    numbers = math.prod(sources[0].shapes[own.vlm])
    extra = {"ties": 4 + 4 + 2, "dare_linear": 2, "dare_ties": 2}.get(mix.method, 0)  # sizes, the same in order, two masks
    return sum(sizes) + sizes[0] + extra * numbers


def _size(count: int) -> str:
    return f"{count / GB:,.1f} GB" if count >= GB else f"{count / MB:,.1f} MB"
