"""What packages hold as folders that `save_pretrained` would have written: safetensors, config, and what belongs to it.

A GGUF file comes with its fast tokenizer and chat template, the image network's weights with the names of its kinds.

transformers reads the file: it names the tensors, undoes the order in which GGUF keeps the rows of q and k (neighbouring
pairs for its rotary embedding, halves for transformers'), and unpacks 4 and 8 bit blocks. Weights are kept in float32: that is
what the blocks say, nothing is rounded. One thing it does not read is how text is cut before byte pairs are joined; `_PRE`
adds it. A folder appears under its name only when it is complete.
"""

import hashlib
import json
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from tokenizers import pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from models.image_network import ImageNetwork, from_published
from models.real import MANIFEST
from worlds.errors import InputError

if TYPE_CHECKING:
    from gguf import GGUFReader

# `tokenizer.ggml.pre`: every digit by itself, then GPT-2's rule. Without it two spaces before a digit become two tokens.
_PRE: dict[str, Callable[[], pre_tokenizers.PreTokenizer]] = {
    "smollm": lambda: pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]),
    "gpt-2": lambda: pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
}
_SPECIAL = ("bos_token", "eos_token", "unk_token", "pad_token")


def convert_gguf(
    source: Path, target: Path, *, sha256: str = "",
    check: Callable[[PreTrainedModel, PreTrainedTokenizerBase], None] = lambda model, tokenizer: None,
) -> None:
    """Write the folder `target`, which must not exist; where another process is quicker, its folder stays.

    Args:
        sha256: of the file, in hexadecimal; empty: any file will do.
        check: raises where the model is not what it should be; then nothing is written.
    Raises:
        InputError: the file is another one, or its tokenizer cuts text in a way that is not known here.
    """
    found = _checked(source, sha256)
    tokenizer, model = read_tokenizer(source), _read_model(source)
    check(model, tokenizer)
    _write(target, [model, tokenizer], source, found)


def convert_image_network(
    source: Path, target: Path, *, kinds: Sequence[str], sha256: str = "", check: Callable[[ImageNetwork], None] = lambda model: None,
) -> None:
    """Write the folder `target` of published EfficientNet-Lite0 weights, as `convert_gguf` does.

    They come pickled: torch reads them as weights only, where a pickle can name nothing but tensors, and only here, once.

    Args:
        kinds: what the classes are called, in their order.
    Raises:
        InputError: the file is another one, or holds no weights of this network.
    """
    found = _checked(source, sha256)
    try:
        weights = torch.load(source, map_location="cpu", weights_only=True)
        model = from_published(weights, kinds)
    except (pickle.UnpicklingError, RuntimeError, KeyError, ValueError, AttributeError, EOFError) as error:
        raise InputError(f"{source.name} holds no weights of EfficientNet-Lite0 with {len(kinds)} kinds. "
                         "Install its package again.") from error
    check(model)
    _write(target, [model], source, found)


def _checked(source: Path, sha256: str) -> str:
    """Return the file's SHA-256; raise InputError if it should be another."""
    found = _sha256(source)
    if sha256 and found != sha256:
        raise InputError(f"{source.name} has the SHA-256 {found[:16]}…; it must be {sha256[:16]}…. Install its package again.")
    return found


def _write(target: Path, parts: Sequence[PreTrainedModel | PreTrainedTokenizerBase], source: Path, sha256: str) -> None:
    """Save the parts into a new folder with its manifest; the folder has its name only when it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=target.parent, prefix=".converting-"))
    try:
        for part in parts:
            part.save_pretrained(unfinished)
        sizes = {file.name: file.stat().st_size for file in sorted(unfinished.iterdir())}
        (unfinished / MANIFEST).write_text(json.dumps({"source": source.name, "sha256": sha256, "files": sizes}, indent=1) + "\n")
        unfinished.chmod(0o755)
        for file in unfinished.iterdir():
            file.chmod(0o644)  # others who share the cache may read it
        _rename(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _rename(unfinished: Path, target: Path) -> None:
    try:
        os.rename(unfinished, target)
    except OSError:  # a folder with files in it is never replaced
        if not target.is_dir():
            raise


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_tokenizer(source: Path) -> PreTrainedTokenizerFast:
    """Return the file's tokenizer. Raises: InputError where its way of cutting text is not known here."""
    from gguf import GGUFReader

    reader = GGUFReader(source)
    pre = reader.get_field("tokenizer.ggml.pre")
    name = str(pre.contents()) if pre else "gpt-2"
    if name not in _PRE:
        raise InputError(f"The tokenizer of {source.name} cuts text as {name[:80]!r}. Known here are {', '.join(_PRE)}.")
    read = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    core = read.backend_tokenizer
    core.pre_tokenizer = _PRE[name]()
    length = reader.get_field(f"{_architecture(reader)}.context_length")
    return PreTrainedTokenizerFast(
        tokenizer_object=core, chat_template=read.chat_template, clean_up_tokenization_spaces=False,
        model_max_length=int(length.contents()) if length else None,
        **{kind: getattr(read, kind) for kind in _SPECIAL if getattr(read, kind, None) is not None})


def _architecture(reader: "GGUFReader") -> str:
    if (field := reader.get_field("general.architecture")) is None:
        raise InputError("The file names no architecture, so it is no whole model. Install its package again.")
    return str(field.contents())


def _read_model(source: Path) -> PreTrainedModel:
    """Return the network in float32, as a plain one: it is no longer a GGUF model."""
    read = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32)
    config = type(read.config).from_dict(
        {key: value for key, value in read.config.to_dict().items() if key not in ("quantization_config", "_name_or_path")})
    with torch.random.fork_rng(devices=[]):  # its first weights are drawn, then replaced
        plain = type(read)(config)
    plain.load_state_dict(read.state_dict())
    plain.generation_config = read.generation_config
    return plain.eval()


def discard(folder: Path) -> None:
    """Remove a folder at once, from its name first: nobody meets half of it."""
    if folder.exists():
        gone = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".gone-"))
        os.rename(folder, gone / folder.name)
        shutil.rmtree(gone, ignore_errors=True)
