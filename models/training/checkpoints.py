"""Where a training stood: weights, optimiser, steps and generators in a folder.

Going on from it gives the same bytes as never stopping. The folder is in `save_pretrained` layout, so that it is a model too; what
only training needs lies in `training/` inside it. Weights keep their precision. Everything is safetensors and JSON. Of a network that
learns through an adapter the adapter is kept, and nothing of one that does not learn.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PreTrainedModel

from models.training.adapters import is_adapted, read_adapter, write_adapter
from worlds.errors import InputError

FOLDER = "training"
Generators = Mapping[str, np.random.Generator]


class Standing(Protocol):
    """What a training is made of; `Learner` is one."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    step: int


def save(learner: Standing, folder: Path, *, generators: Generators, said: Mapping[str, float] | None = None) -> None:
    """Write where a training stands; what lay in `folder` before is replaced when all is written.

    Args:
        generators: everything that batches are drawn from, by name.
        said: numbers to be told again by `resume`, such as the seconds so far.
    """
    with replacing(folder) as fresh:
        write(learner, fresh, generators=generators, said=said or {})


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give a folder to write in, which takes the place of `folder` when all is written, and goes where that fails."""
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        yield fresh
    except BaseException:  # such as a full disk, which must not stay full of halves
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def write(learner: Standing, fresh: Path, *, generators: Generators, said: Mapping[str, float]) -> None:
    """Write where one network stands into a folder of `replacing`, or one inside it; arguments are those of `save`."""
    (fresh / FOLDER).mkdir(parents=True)
    model = learner.model
    assert isinstance(model, PreTrainedModel), "only what save_pretrained writes can be read back by the ladder"
    if is_adapted(model):
        write_adapter(model, fresh)
    elif _learns(model):
        model.save_pretrained(fresh)
    state = learner.optimizer.state_dict()
    moments = {f"{index}.{name}": value for index, own in state["state"].items() for name, value in own.items()}
    save_file({name: value.contiguous() for name, value in moments.items()}, fresh / FOLDER / "optimizer.safetensors")
    record = {"step": learner.step, "groups": state["param_groups"], "said": dict(said),
              "generators": {name: generator.bit_generator.state for name, generator in generators.items()}}
    (fresh / FOLDER / "state.json").write_text(json.dumps(record))


def resume(learner: Standing, folder: Path, *, generators: Generators) -> dict[str, float]:
    """Put weights, optimiser, steps and generators back to where they stood; return what `save` was told.

    Raises:
        InputError: the folder is gone or damaged, or holds a network of another shape.
    """
    known = set(learner.optimizer.param_groups[0])
    with readable():
        record = json.loads((folder / FOLDER / "state.json").read_text())
        moments = load_file(folder / FOLDER / "optimizer.safetensors")
        _restore(learner.model, folder)
        own: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in moments.items():
            index, _, kind = name.partition(".")
            own.setdefault(int(index), {})[kind] = value
        learner.optimizer.load_state_dict({"state": own, "param_groups": record["groups"]})
        for name, generator in generators.items():
            generator.bit_generator.state = record["generators"][name]
        if any(set(group) != known for group in learner.optimizer.param_groups):
            raise ValueError("the optimiser has other knobs")
        learner.step, said = int(record["step"]), {name: float(value) for name, value in record["said"].items()}
        if not all(map(isfinite, said.values())):
            raise ValueError("what was said is no number")
    return said


def _learns(model: nn.Module) -> bool:
    return any(weight.requires_grad for weight in model.parameters())


def _restore(model: nn.Module, folder: Path) -> None:
    if isinstance(model, PreTrainedModel) and is_adapted(model):
        read_adapter(model, folder)
    elif _learns(model):
        model.load_state_dict(_weights(model, folder))


def _weights(model: nn.Module, folder: Path) -> dict[str, torch.Tensor]:
    """Return weights by the names that the network itself has for them; files of some classes, as LLaVA's, have others, or fewer."""
    weights = load_file(folder / "model.safetensors")
    if set(weights) == set(model.state_dict()) or not isinstance(model, PreTrainedModel):
        return weights
    loaded: Any = type(model).from_pretrained(folder, dtype=model.dtype, output_loading_info=True, local_files_only=True)
    renamed, found = loaded
    if found["missing_keys"] or found["unexpected_keys"] or found["mismatched_keys"]:
        raise ValueError("weights are missing, or of another network")
    return renamed.state_dict()


@contextmanager
def readable() -> Iterator[None]:
    """Say in one sentence what is wrong with a checkpoint that cannot be read inside."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RuntimeError, SafetensorError) as error:
        raise InputError("This training cannot be gone on with: its checkpoint is gone or of another network. Train anew.") from error
