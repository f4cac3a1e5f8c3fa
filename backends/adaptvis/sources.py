"""Which data a run is about: drawn scenes, a released data set, or a result file that needs no model."""

from dataclasses import replace

import numpy as np

from backends.adaptvis.choosing import VALIDATION_SHARE, group_validation, official_validation
from backends.adaptvis.dumps import is_dump
from backends.adaptvis.formats import load_set
from backends.adaptvis.items import DataSet, Item, drawn
from backends.adaptvis.logs import is_log
from backends.adaptvis.settings import AdaptVisSettings
from backends.files.archive import Files, open_folder, open_zip, single
from backends.run import Inputs

DRAWN = "scenes"
_ZIP, _NPY = b"PK", b"\x93N"


def files_of(settings: AdaptVisSettings, inputs: Inputs) -> Files | None:
    """Return the files that the settings name, or None for drawn scenes. Raises InputError where they cannot be read."""
    name = settings.data.partition("#")[0]
    if name == DRAWN:
        return None
    kind, _, own = name.partition(":")
    return _uploaded(own, inputs) if kind == "upload" else open_folder(name)


def _uploaded(name: str, inputs: Inputs) -> Files:
    path = inputs.file(name)
    with path.open("rb") as file:
        is_zip = file.read(2) == _ZIP
    return open_zip(path, what=f"The zip {name[:80]!r}") if is_zip else single(name, path.read_bytes())


def log_in(settings: AdaptVisSettings, inputs: Inputs) -> Files | None:
    """Return a result file of the released code, where that is what was brought."""
    files = files_of(settings, inputs) if settings.task == "evaluate" else None
    return files if files is not None and is_log(files) else None


def dump_in(settings: AdaptVisSettings, inputs: Inputs) -> Files | None:
    """Return logit dumps of the released code, where that was brought instead of a picture."""
    kind, _, name = settings.picture.partition(":")
    if settings.task != "look" or kind != "upload":
        return None
    with inputs.file(name).open("rb") as file:
        if file.read(2) not in (_ZIP, _NPY):
            return None
    files = _uploaded(name, inputs)
    return files if is_dump(files) else None


def data_of(settings: AdaptVisSettings, inputs: Inputs, size_px: int) -> DataSet:
    """Return what is evaluated, in two parts.

    Args:
        size_px: the side of a drawn picture.
    Raises:
        InputError: the files hold no data set that can be read.
    """
    files = files_of(settings, inputs)
    if files is None:
        return drawn(settings, size_px)
    loaded = load_set(files, settings.data.partition("#")[2])
    chosen = set(official_validation(loaded.num_rows)) if settings.split == "official" else None
    if chosen is None:
        places = group_validation([item.group for item in loaded.items])
        chosen = {loaded.items[place].number for place in places}
    validation = tuple(item for item in loaded.items if item.number in chosen)
    data = DataSet(loaded.kind, validation, tuple(item for item in loaded.items if item.number not in chosen), notes=loaded.notes,
                   has_sets=loaded.has_sets)
    return _bounded(data, settings)


def _bounded(data: DataSet, settings: AdaptVisSettings) -> DataSet:
    """Return at most `num_items` items, a fifth of them to choose on; groups stay whole."""
    count = len(data.validation) + len(data.test)
    if count <= settings.num_items:
        return data
    first = max(1, round(VALIDATION_SHARE * settings.num_items))
    rng = np.random.default_rng(settings.seed)
    parts = [_some(part, most, rng) for part, most in ((data.validation, first), (data.test, settings.num_items - first))]
    note = f"{sum(map(len, parts)):,} of {count:,} items were asked; num_items says how many."
    return replace(data, validation=parts[0], test=parts[1], notes=(*data.notes, note))


def _some(items: tuple[Item, ...], most: int, rng: np.random.Generator) -> tuple[Item, ...]:
    """Return whole groups in a random choice, in the order of the file, until `most` items are reached."""
    names = sorted({item.group for item in items})
    chosen: set[str] = set()
    count = 0
    for place in rng.permutation(len(names)):
        own = sum(item.group == names[place] for item in items)
        if count + own <= most or not chosen:
            chosen.add(names[place])
            count += own
    return tuple(item for item in items if item.group in chosen)
