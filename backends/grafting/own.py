"""Reads what a person brought: a checkpoint, whatever its layout, and pictures that are judged. Needs torch."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import torch

from backends.files.archive import open_zip
from backends.grafting import results
from backends.grafting.brought import BESIDE, CONFIG, LIMITS, WEIGHTS, folder_in, kind_of, read_samples, too_few
from backends.grafting.choices import BY_ATTENTION, MAX_LAYERS, MAX_PARAMETERS
from backends.grafting.foreseen import Described
from backends.grafting.settings import GraftingSettings
from backends.knobs import upload_of
from backends.run import Inputs
from backends.rungs import rung_of
from models.devices import MB, best_device, threads_for
from models.diffusion.assembling import HEADS, Grafts, UnknownHeads, grafts_in
from models.diffusion.choices import place_of
from models.diffusion.folders import load_folder, read_graft
from models.diffusion.judge import LEAST, features_of, frechet, moments_of
from models.diffusion.network import Transformer, count_parameters
from models.diffusion.official import load_official
from models.diffusion.painter import SHIPPED_JUDGE, Painter, painter_with
from models.diffusion.sampling import as_input
from models.diffusion.surgery import blocks_of, shape_of
from models.memory import budget
from models.shards import held_in_file
from worlds.errors import InputError
from worlds.vignettes import vignettes

BYTES = 4  # of a number: everything is in single precision here
COPIES = 6  # of the weights while a graft is trained: original, grafted, averaged, gradients, two of the optimiser
WATCHED_MB = 1_000  # of the maps of attention of one step


@dataclass(frozen=True)
class Opened:
    """A checkpoint that was read.

    Attributes:
        grafts: by layer and place, as far as it tells of them.
        layout: whose names it has.
    """

    network: Transformer
    grafts: Grafts
    layout: str


@dataclass(frozen=True)
class Lent:
    """The model of a run.

    Attributes:
        name: what the result says of it.
        grafts: what it was grafted with before, by layer and place.
        notes: what is to be known of it.
    """

    painter: Painter
    name: str
    is_miniature: bool
    title: str
    licence: str
    grafts: Grafts = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint is, for a page: its shape, and which layers have what in whose place.

    Attributes:
        grafts: layer, place, operator.
    """

    shape: Described
    parameters: int
    grafts: tuple[tuple[int, str, str], ...]
    layout: str


def opened(file: Path, name: str, *, heads: int = 0) -> Opened:
    """Read a checkpoint, and see that it can be painted with here as far as its size goes.

    Args:
        name: what its owner calls the file.
        heads: of the attention of one in the official layout; 0: as the file or its width tells.
    Raises:
        InputError: it is none, wants to run code, or is too large.
    """
    kind = kind_of(file, name)
    if kind in ("npz", "configuration"):
        raise InputError(f"The file {name!r} holds {'pictures' if kind == 'npz' else 'a text'} and no checkpoint. A .pt, a "
                         ".safetensors or a folder as .zip would be right.")
    found = _of_folder(file, name) if kind == "folder" else _of_official(file, kind, name, heads)
    layers, parameters = len(blocks_of(found.network)), count_parameters(found.network)
    if layers > MAX_LAYERS or parameters > MAX_PARAMETERS:
        raise InputError(f"{name!r} has {layers} layers and {parameters / 1e6:,.0f} million parameters. At most {MAX_LAYERS} layers "
                         f"and {MAX_PARAMETERS / 1e6:,.0f} million are read.")
    return found


def _of_official(file: Path, kind: str, name: str, heads: int) -> Opened:
    _check_names(file, kind, name)
    try:
        read = load_official(file, heads=heads or None, called=name, ending=".pt" if kind == "torch" else ".safetensors")
    except UnknownHeads as error:
        known = ", ".join(map(str, HEADS))
        raise UnknownHeads(f"Nothing in {name!r} says how many heads its attention has; a width of {known} would. Set “Heads of your "
                           "checkpoint” (checkpoint_heads).") from error
    return Opened(read.model, read.operators, "the official layout")


def _check_names(file: Path, kind: str, name: str) -> None:
    """Weights in diffusers' names lie beside a file that says what they are of."""
    if kind == "safetensors" and any(key.startswith("transformer_blocks.") for key in held_in_file(file, name=name).shapes):
        raise InputError(f"{name!r} has the names of diffusers, which lie in a folder beside {CONFIG}. Bring that folder as a .zip.")


def _of_folder(file: Path, name: str) -> Opened:
    """Read a folder out of a zip; only the few files that a model has are unpacked, under names of our own."""
    files = open_zip(file, what=f"The file {name!r}", limits=LIMITS)
    inside = folder_in(files.names, name)
    with tempfile.TemporaryDirectory(prefix="orrery-own-", ignore_cleanup_errors=True) as outside:
        own = PurePosixPath(name).name
        folder = Path(outside) / (own if own.strip(".") else "model")
        folder.mkdir()
        for each in (CONFIG, *BESIDE, *WEIGHTS):
            entry = str(PurePosixPath(inside) / each)
            if entry in files.names:
                (folder / each).write_bytes(files.read(entry))
        network, marker = load_folder(folder), read_graft(folder)
    grafts = {(layer, place_of(marker.operator)): marker.operator for layer in marker.layers} if marker else {}
    return Opened(network, grafts, "diffusers' layout")


def described(file: Path, name: str, *, heads: int = 0) -> Checkpoint:
    """What a checkpoint is, read and checked whole as a run would, and not kept.

    Raises:
        InputError: as of `opened`, or what is painted here takes another network.
    """
    found = opened(file, name, heads=heads)
    painter_with(found.network, SHIPPED_JUDGE, "cpu", name=name)
    shape = shape_of(found.network)
    grafts = tuple((layer, place, operator) for (layer, place), operator in sorted(found.grafts.items()))
    return Checkpoint(Described(shape.width, shape.heads, shape.tokens, len(blocks_of(found.network))),
                      count_parameters(found.network), grafts, found.layout)


@contextmanager
def lent(settings: GraftingSettings, inputs: Inputs) -> Iterator[Lent]:
    """Lend the model that a run works with: the session's own checkpoint, else that of the ladder.

    Raises:
        InputError: it cannot be used.
    """
    if settings.checkpoint:
        with _of_session(settings, inputs) as own:
            yield own
        return
    rung = rung_of(settings.model, "diffusion", made=inputs.model)
    with threads_for(rung.parameters), budget().borrow(rung, settings.quantisation) as loaded:
        if not isinstance(loaded.tool, Painter):
            raise TypeError(f"{rung.name} is a {type(loaded.tool).__name__}; a rung of the role diffusion loads a Painter")
        shapes = {key: tuple(value.shape) for key, value in loaded.tool.network.state_dict().items()}
        had = grafts_in(shapes, name=rung.name) if settings.quantisation == "none" else {}  # packed weights have other shapes
        yield Lent(loaded.tool, rung.name, rung.is_miniature, rung.title, rung.licence, had)


@contextmanager
def _of_session(settings: GraftingSettings, inputs: Inputs) -> Iterator[Lent]:
    name = upload_of(settings.checkpoint, "checkpoint")
    if settings.quantisation != "none":
        raise InputError("A checkpoint of your own runs in full. Set 'quantisation' to 'none'.")
    found, device = opened(inputs.file(name), name, heads=settings.checkpoint_heads), best_device()
    parameters = count_parameters(found.network)
    needed, most = round(COPIES * BYTES * parameters / MB), budget().limit_mb(device)
    if needed > most:
        raise InputError(f"{name!r} takes about {needed:,} MB while it is grafted. Models may take {most:,} MB on this machine.")
    _check_watched(found, settings, name)
    with threads_for(parameters):
        yield Lent(painter_with(found.network, SHIPPED_JUDGE, device, name=name), settings.checkpoint, False, name, "its owner's",
                   found.grafts, _said_of(found, settings, name))


def _check_watched(found: Opened, settings: GraftingSettings, name: str) -> None:
    """Raise InputError where attention is to be watched, and there is none, or its maps would fill the memory."""
    if settings.task != "locality" and (settings.task != "graft" or settings.pattern not in BY_ATTENTION):
        return
    without = [layer for (layer, place), operator in sorted(found.grafts.items()) if place == "attention" and operator != "mha"]
    if without:
        listed = ", ".join(map(str, without))
        raise InputError(f"{name!r} has layers without attention to look at, {listed}: it was grafted. Bring the model from before.")
    shape, layers = shape_of(found.network), len(blocks_of(found.network))
    mb = layers * shape.heads * shape.tokens**2 * BYTES / MB
    if mb > WATCHED_MB:
        raise InputError(f"The attention of {name!r}, {layers} layers of {shape.heads} heads over {shape.tokens:,} tokens, is "
                         f"{mb:,.1f} MB of maps of one step. At most {WATCHED_MB:,} MB are watched.")


def _said_of(found: Opened, settings: GraftingSettings, name: str) -> tuple[str, ...]:
    if not found.grafts or settings.task != "graft":
        return ()
    layers = sorted({layer for layer, _ in found.grafts})
    return (f"{name} was grafted before, in layers {', '.join(map(str, layers))}. “Original” is that model; only the layers that are "
            "chosen get something else.",)


@torch.no_grad()
def judged_samples(settings: GraftingSettings, inputs: Inputs, painter: Painter) -> tuple[results.Samples, str]:
    """What the classifier says of pictures that somebody brought, and why it says no more; the first few are kept.

    Raises:
        InputError: there are none in the file, or the model that paints has no classifier.
    """
    judge, reference = painter.judge, painter.reference
    if judge is None or reference is None:
        raise InputError("Pictures are judged by a classifier of vignettes, and this model paints others. Leave 'samples' empty.")
    name = upload_of(settings.samples, "samples")
    brought = read_samples(inputs.file(name), name)
    number, distance, floor = len(brought.pictures), None, None
    features, taken_for = features_of(judge, as_input(torch.from_numpy(brought.pictures)))
    if number >= LEAST:
        distance = frechet(moments_of(features), reference)
        real = as_input(torch.from_numpy(vignettes(number, held_out=False)))
        floor = frechet(moments_of(features_of(judge, real)[0]), reference)
    accuracy = None if brought.labels is None else float((taken_for == torch.from_numpy(brought.labels)).float().mean())
    kept = brought.pictures[:settings.num_pictures].copy()
    return results.Samples(name=name, pictures=kept, number=number, accuracy=accuracy, proxy_fd=distance, floor=floor), " ".join(
        filter(None, (brought.note, too_few(number))))
