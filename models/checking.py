"""Whether a checkpoint can be what its config claims, told before anything is built of it.

transformers builds whatever a config says: a billion layers, one Python object after another, hold a thread for ever, and a
billion words a machine's memory. The truth stands in the headers of the weights, which cannot lie without being as large
(`shards`). So every number of the config is held against them: layers against the numbered lists in the tensors' names, words
against the rows of the embedding, all others against the longest side of any tensor. What is left is a skeleton that is cheap to
make without memory behind it, and that may not have more parameters than the shards hold.

Not here: whether weights and config fit each other to the last number. Loading does that, and says so.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from torch import nn

from models.shards import INDEX, Held, plain_file, read_json
from worlds.errors import InputError
from worlds.json_text import check as check_json

MAX_CONFIG_BYTES = 1_000_000
MAX_BLOCKS = 512  # in one list; the deepest published models have 126
MAX_LIST = 1_024  # entries; the longest grid of picture sizes has 36
MAX_NUMBER = 1_000_000_000  # of numbers behind which no memory stands: positions of a rotary embedding, ids, seeds
ALWAYS_FINE = 10_000  # a width that need not be proven: the skeleton is weighed afterwards
SLACK, SLACK_SHARE = 1_000_000, 0.1  # what a skeleton may have over the shards: tables of angles, masks and positions
PACKED = 4  # parameters that may lie in a byte of packed weights: 2 bits each
MAX_SIDE_PX = 10_000  # to which a processor may enlarge a picture
MAX_PIXELS = 100_000_000  # where a family's processor counts pixels instead
MAX_TILES = 1_000  # of one picture; processors try all pairs of them

LIMITS = {  # bytes of the files that transformers reads, by name, else by ending; the largest published tokenizer has 33 MB
    "config.json": MAX_CONFIG_BYTES, "tokenizer.json": 40_000_000, "vocab.json": 40_000_000, INDEX: 16_000_000,
    ".json": 8_000_000, ".jinja": 1_000_000, ".txt": 16_000_000, ".model": 32_000_000,
}
_BLOCKS = ("num_hidden_layers", "n_layer", "depth", "encoder_layers", "decoder_layers")  # must be the length of a list
_PARTS = re.compile(r"(^|_)(layers?|blocks?|depths?|experts?|stages?|levels?)$")  # may be at most that of the longest
_NO_PARTS = ("max_window_layers", "vision_feature_layer")  # say which layers, not how many
_FREE = re.compile(r"_ids?$|_index$|position|seed|rope|theta|^n_ctx$|max_length|^sliding_window$")
_LABELS = ("id2label", "label2id", "quantization_config", "auto_map", "task_specific_params")  # as many as the file has room for
_FOREIGN = ("transformers_weights", "fusion_config")  # have other files read, or change transformers for everybody
_LISTS = ("layers", "layer", "h", "blocks", "block")
_SEEING = ("vision", "visual", "backbone_config", "conv_encoder")
_EMBEDDING = re.compile(r"(^|\.)(embed_tokens|wte|embed_in|word_embeddings|token_embedding)\.weight$")
_EDGES = ("height", "width", "shortest_edge", "longest_edge")


def check_files(folder: Path, *, name: str) -> None:
    """Raise InputError where a file that transformers would read is no plain file, too large, or JSON of too many parts."""
    for file in sorted(folder.iterdir()):
        most = LIMITS.get(file.name, LIMITS.get(file.suffix))
        if most is None or file.is_dir():
            continue
        size = plain_file(file, name).stat().st_size
        if size > most:
            raise InputError(f"{file.name[:80]} of {name!r} has {size / 1e6:,.1f} MB. At most {most / 1e6:g} MB are read.")
        if file.suffix == ".json":
            check_json(file.read_bytes(), what=f"{file.name[:80]} of {name!r}")
    for own in ("preprocessor_config.json", "processor_config.json"):
        if (folder / own).exists():
            _check_processor(read_json(folder / own, name, most_bytes=LIMITS[".json"]), f"{own} of {name!r}")


def read_config(folder: Path, *, name: str) -> dict[str, object]:
    """Return config.json of a checkpoint. Raises InputError where it is missing, too large or no JSON object."""
    config = read_json(folder / "config.json", name, most_bytes=MAX_CONFIG_BYTES)
    if not isinstance(config, dict):
        raise InputError(f"config.json of {name!r} is no JSON object. Write the folder with save_pretrained.")
    return config


def check_config(config: Mapping[str, object], held: Held, *, name: str) -> None:
    """Raise InputError with both numbers where a config claims more than the shards hold."""
    what = f"config.json of {name!r}"
    foreign = next((key for key in _FOREIGN if config.get(key) is not None), None)
    if foreign:
        raise InputError(f"{what} sets {foreign}, which is not used here. Take it out.")
    for path, value in _entries(config):
        if isinstance(value, str):
            _check_code(path, value, what)
        elif isinstance(value, list):
            _check_length(path, value, what)
        else:
            _check_number(path, value, held, what)


def _entries(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str | float | list[object]]]:
    """Yield (keys that lead there, value) of all texts, lists and numbers but labels; entries of a list have the list's keys."""
    if isinstance(value, Mapping):
        yield from chain.from_iterable(_entries(own, (*path, key)) for key, own in value.items() if key not in _LABELS)
    elif isinstance(value, list):
        yield path, value
        yield from chain.from_iterable(_entries(own, path) for own in value)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield path, value


def _check_code(path: tuple[str, ...], value: str, what: str) -> None:
    """Attention may be named by a repository of the hub, whose code would be fetched and run."""
    if path[-1].endswith("_implementation") and "/" in value:
        raise InputError(f"{what} asks for the code {value[:80]!r}. No code that comes with a model is run here; take it out.")


def _check_length(path: tuple[str, ...], value: list[object], what: str) -> None:
    if len(value) > MAX_LIST:
        raise InputError(f"{what} lists {len(value):,} entries under {path[-1][:80]}. At most {MAX_LIST:,} are read.")


def _check_number(path: tuple[str, ...], value: float, held: Held, what: str) -> None:
    key = path[-1] if path else ""
    if key in _BLOCKS or (_PARTS.search(key) and key not in _NO_PARTS):
        _check_blocks(path, value, held, what)
    elif not isinstance(value, int):
        return  # a fraction counts nothing
    elif key == "vocab_size":
        rows = max((shape[0] for tensor, shape in held.shapes.items() if _EMBEDDING.search(tensor) and shape), default=held.longest)
        _refuse_above(rows, "words are in its weights", path, value, what)
    elif _FREE.search(key):
        _refuse_above(MAX_NUMBER, "would be the most", path, value, what)
    else:
        _refuse_above(max(held.longest, ALWAYS_FINE), "is the longest side in its weights", path, value, what)


def _check_blocks(path: tuple[str, ...], value: float, held: Held, what: str) -> None:
    """Hold a number of layers against the lists in the weights' names: those of its own tower, where it has some."""
    lists = {group: count for group, count in held.blocks.items() if group.rpartition(".")[2] in _LISTS}
    sees = any(word in part for part in path for word in _SEEING)
    own = [count for group, count in lists.items() if any(word in group for word in _SEEING) == sees] or list(lists.values())
    most = min(MAX_BLOCKS, max(held.blocks.values(), default=0))
    is_counted = path[-1] in _BLOCKS and bool(own)
    if isinstance(value, int) and value <= most and (not is_counted or value in own):
        return
    has = " or ".join(str(count) for count in sorted(set(own))[:6]) if is_counted else f"at most {most}"
    raise InputError(f"{what} claims {_words(path)} = {_number(value)}; its weights have {has}. Save it again with save_pretrained.")


def _refuse_above(most: int, which: str, path: tuple[str, ...], value: int, what: str) -> None:
    if abs(value) > most:
        raise InputError(f"{what} claims {_words(path)} = {_number(value)}; {most:,} {which}. Save it again with save_pretrained.")


def _words(path: tuple[str, ...]) -> str:
    return ".".join(path)[-80:]


def _number(value: float) -> str:
    return f"{value:,}" if abs(value) < 1e15 else f"{value:.0e}" if isinstance(value, float) else "a number of very many digits"


def check_skeleton(skeleton: nn.Module, held: Held, *, name: str, is_packed: bool = False) -> None:
    """Raise InputError where a model without memory behind it has more numbers than the shards of its checkpoint.

    Args:
        is_packed: the shards are quantised, so that a byte may hold several parameters.
    """
    tensors = {id(tensor): tensor.numel() for tensor in chain(skeleton.parameters(), skeleton.buffers())}  # tied ones once
    needed, there = sum(tensors.values()), held.num_bytes * PACKED if is_packed else held.parameters
    if needed > there * (1 + SLACK_SHARE) + SLACK:
        raise InputError(f"config.json of {name!r} describes a model of {needed / 1e6:,.1f} million numbers; its weights have "
                         f"{there / 1e6:,.1f} million. Save it again with save_pretrained.")


def _check_processor(config: object, what: str) -> None:
    """Hold the sizes of pictures in bounds: a processor enlarges to whatever its config says."""
    counts_pixels = "Qwen2VL" in str(config)  # whose edges are numbers of pixels
    for path, value in _entries(config):
        key = path[-1] if path else ""
        if not isinstance(value, int) or key.endswith(("_id", "_ids", "_index")):
            continue
        most = MAX_PIXELS if key.endswith("_pixels") or (key in _EDGES and counts_pixels) else MAX_SIDE_PX
        _refuse_above(MAX_TILES if key in ("max_patches", "min_patches") else most, "would be the most", path, value, what)
