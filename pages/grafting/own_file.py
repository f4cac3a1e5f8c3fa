"""A person's own file: a checkpoint, a configuration of the released code, or pictures. Brought beside the presets."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from backends.grafting.brought import RIGHT, check_head, is_configuration, kind_of, read_samples, too_few
from backends.grafting.choices import CHECKPOINT_MB, MAX_LAYERS, SAMPLES_MB
from backends.grafting.results import GraftingResult
from backends.grafting.settings import GraftingSettings
from backends.knobs import UPLOAD
from backends.registry import System
from backends.sessions import clean_name
from pages.house import knobs, session
from pages.house.own_box import own_box
from pages.house.text import plain
from visualizers.grafting.methods import OPERATORS
from worlds.errors import InputError
from worlds.signatures import HEAD

if TYPE_CHECKING:
    from backends.grafting.own import Checkpoint
    from models.diffusion.configs import RunConfig

ENDINGS = ("safetensors", "pt", "pth", "zip", "npz", "yaml", "yml")
BOX, READ, BY_HAND = "own.grafting", "grafting.own.read", "by hand"  # the first two in the session's state
HEALS = {"stage 1": "stage 1", "stage 2": "both stages"}  # by the kind of a configuration
MAX_TEXT_BYTES = 400_000  # of a configuration, whose reader says how many characters it may have
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Read:
    """What was read from a configuration, and which result there was before it."""

    line: str
    before: GraftingResult | None


def box(system: System[GraftingSettings, GraftingResult]) -> None:
    """One box for all of it, beside the presets: what a file is, its content says."""
    own_box("Your checkpoint, configuration or pictures", BOX, ENDINGS, most_mb=CHECKPOINT_MB, take=partial(_take, system),
            said=f"A checkpoint of a small DiT (.pt, .safetensors, or a folder as .zip, up to {CHECKPOINT_MB} MB), a configuration "
            f"of the paper's code (.yaml), or pictures to judge (.npz, up to {SAMPLES_MB} MB). It stays in this session.")


def _take(system: System[GraftingSettings, GraftingResult], file: UploadedFile) -> None:
    """Turn the knobs to a file. Raises InputError where it is nothing that could be used, and leaves them as they are."""
    name, head = clean_name(file.name), file.read(HEAD)
    file.seek(0)
    check_head(head, name)
    if is_configuration(head):
        if file.size > MAX_TEXT_BYTES:
            raise InputError(f"The file {name!r} is a text of {file.size / 1e6:.1f} MB. A configuration has a few kilobytes.")
        if not name.lower().endswith((".yaml", ".yml")):
            raise InputError(f"The file {name!r} is a text. {RIGHT}")
        _configure(system, file.getvalue().decode("utf-8", "replace"), name)
        return
    stored = session.current().add_upload(file.name, file)
    path = session.current().inputs().file(stored)
    if kind_of(path, stored) == "npz":
        if file.size > SAMPLES_MB * 1e6:
            raise InputError(f"The file {stored!r} has {file.size / 1e6:,.0f} MB. At most {SAMPLES_MB} MB of pictures are judged.")
        read_samples(path, stored)
        _turn(system, "samples", f"{UPLOAD}{stored}")
        return
    from models.diffusion.assembling import UnknownHeads  # late: it imports torch, and nobody has waited for that yet

    with suppress(UnknownHeads):  # it is asked for them
        described(str(path), stored, 0)
    _turn(system, "checkpoint", f"{UPLOAD}{stored}")


def _turn(system: System[GraftingSettings, GraftingResult], name: str, stored: str) -> None:
    """The knob says the new file, and what belonged to the one before is forgotten; a link that lacked this very file goes on."""
    state = st.session_state
    state.pop(f"error.{system.name}", None)
    waits = state.get(f"{system.name}.waiting")
    if waits is not None and getattr(waits, name) == stored:
        return
    if name == "samples":
        state[f"{system.name}.task"] = "graft"
    knobs.leave_link(system)
    knobs.turn(system, name, stored)
    if name == "samples":
        return
    for other in ("checkpoint_heads", "continues", *(("pattern", "layers") if _by_hand(system) else ())):
        knobs.set_default(system, other)


def _by_hand(system: System[GraftingSettings, GraftingResult]) -> bool:
    return knobs.said(system, ("pattern",))["pattern"] == BY_HAND


@st.cache_data(max_entries=20, show_spinner="Reading your checkpoint")
def described(path: str, name: str, heads: int) -> "Checkpoint":
    """What a checkpoint of this session is. Raises InputError where it is none that is painted with here."""
    from backends.grafting import own

    return own.described(Path(path), name, heads=heads)


def checkpoint_of(settings: GraftingSettings) -> "Checkpoint | None":
    """What the checkpoint is that some settings name; None where they name none, or none that can be read."""
    files, name = session.current().inputs().files, settings.checkpoint.removeprefix(UPLOAD)
    if not settings.checkpoint or name not in files:
        return None
    try:
        return described(str(files[name]), name, settings.checkpoint_heads)
    except InputError:
        return None


@st.cache_data(max_entries=20, show_spinner="Reading your pictures")
def pictures(path: str, name: str, most: int) -> tuple[np.ndarray, int, bool, str]:
    """The first pictures of a file, how many it has, whether it says their kinds, and what to know of it."""
    found = read_samples(Path(path), name)
    return found.pictures[:most].copy(), len(found.pictures), found.labels is not None, found.note


def warnings(number: int, note: str) -> list[str]:
    """What cannot be said of so many pictures."""
    return [line for line in (note, too_few(number)) if line]


def _configure(system: System[GraftingSettings, GraftingResult], text: str, name: str) -> None:
    """Turn the knobs to what a configuration of the released code says, and note what that was."""
    from models.diffusion.configs import read_config

    try:
        config = read_config(text)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    asked = knobs.settings_from(system, {**knobs.said(system), "pattern": "interleaved", "layers": ()}, is_said=False)
    num_layers = _num_layers(asked)
    fitting = tuple(layer for layer in sorted(config.layers) if layer < num_layers)
    state = st.session_state
    state[f"{system.name}.task"] = "graft"
    knobs.leave_link(system)
    knobs.turn(system, "operator", config.operator)
    if fitting:
        knobs.turn(system, "pattern", BY_HAND)
        knobs.turn(system, "layers", fitting)
    if config.kind in HEALS:
        knobs.turn(system, "heals", HEALS[config.kind])
    if config.seed is not None and config.seed <= MOST_SEED:
        knobs.turn(system, "seed", config.seed)
    knobs.set_default(system, "continues")
    state[READ] = Read(_read_line(config, name, fitting, num_layers), state.get(f"{system.name}.result.graft"))


def _num_layers(asked: GraftingSettings | None) -> int:
    """Of the model that the knobs name."""
    from pages.grafting import views

    model = views.model_of(asked) if asked else None
    return model.num_layers if model else MAX_LAYERS


def _read_line(config: "RunConfig", name: str, fitting: tuple[int, ...], num_layers: int) -> str:
    """What was read, and what of it is not used here."""
    used = [OPERATORS[config.operator]]
    used += [f"in layers {', '.join(map(str, fitting))}"] if fitting else []
    used += [f"seed {config.seed}"] if config.seed is not None and config.seed <= MOST_SEED else []
    left = [layer for layer in config.layers if layer >= num_layers]
    unused = [f"{len(left)} layers from {min(left)} on, which this model of {num_layers} does not have"] if left else []
    unused += [f"the model {config.model}"] if config.model else []
    unused += ["where its weights lie"] if config.weights or config.checkpoint else []
    unused += [f"pictures of {config.image_size} pixels"] if config.image_size else []
    unused += [f"the learning rate {config.learning_rate:g}"] if config.learning_rate else []
    unused += [f"a seed above {MOST_SEED}"] if config.seed is not None and config.seed > MOST_SEED else []
    rest = f" Not used here: {'; '.join(unused)}." if unused else ""
    return f"{name}, a configuration for {config.kind}, turned the knobs: {', '.join(used)}.{rest}"


def forget_configuration() -> None:
    """A preset, a link or a saved run turned the knobs since."""
    st.session_state.pop(READ, None)


def configuration(system: System[GraftingSettings, GraftingResult]) -> str:
    """What was read from a configuration that nothing was run with yet."""
    read = st.session_state.get(READ)
    return read.line if read is not None and st.session_state.get(f"{system.name}.result.graft") is read.before else ""


def samples(system: System[GraftingSettings, GraftingResult], task: str) -> str:
    """The file of pictures that the knobs name; only a graft is judged beside any."""
    return knobs.own_file(system, "samples") if task == "graft" else ""


def is_there(system: System[GraftingSettings, GraftingResult], task: str) -> bool:
    """Whether the knobs were turned to a file of this session's own."""
    return bool(knobs.own_file(system, "checkpoint") or samples(system, task) or (task == "graft" and configuration(system)))


def is_answered(system: System[GraftingSettings, GraftingResult], result: GraftingResult) -> bool:
    """Whether a result is about what is there."""
    asked = result.settings
    names = ("checkpoint", "samples") if asked.task == "graft" else ("checkpoint",)
    return not configuration(system) and all(getattr(asked, name) == value for name, value in knobs.said(system, names).items())


def leave_out(system: System[GraftingSettings, GraftingResult]) -> None:
    """Back to the page's own model, with nothing of one's own."""
    for name in ("checkpoint", "checkpoint_heads", "samples"):
        knobs.set_default(system, name)
    forget_configuration()


def title(system: System[GraftingSettings, GraftingResult]) -> str:
    names = [name for name in (knobs.own_file(system, "checkpoint"), samples(system, "graft")) if name]
    return f"{plain(' and '.join(names))}: graft otherwise"
