"""MindCube's own questions out of what somebody brought, and their images: found by their path, decoded as a stranger's, counted."""

from collections.abc import Sequence

import numpy as np

from backends.files.archive import Files, open_folder, open_upload
from backends.knobs import UPLOAD
from backends.mindcube.formats import LIMITS, Brought, ItemFile, found
from backends.mindcube.formats.images import ImageIndex
from backends.mindcube.items import Item
from backends.mindcube.settings import MindCubeSettings
from backends.run import Inputs
from worlds.errors import InputError
from worlds.pictures import read_picture

SIDE_PX = 480  # of an image; MindCube's inference allows 480 x 480 pixels
MOST_IMAGES = 8  # of one question that are shown
_MAX_TOLD = 5  # images that cannot be read


class Gallery:
    """The images of what was brought."""

    def __init__(self, files: Files) -> None:
        self._files, self._index = files, ImageIndex(files.names)
        self.missing: set[str] = set()
        self._broken: dict[str, str] = {}
        self._long: set[tuple[str, ...]] = set()  # the images of questions that have more than are shown

    def __len__(self) -> int:
        return len(self._index)

    def named(self, item: Item) -> list[tuple[str, np.ndarray]]:
        """Return an item's images that are there, with their names, each (height, width, 3) uint8 RGB."""
        shown = []
        if len(item.images) > MOST_IMAGES:
            self._long.add(item.images)
        for path in item.images[:MOST_IMAGES]:
            name = self._index.find(path)
            if name is None:
                self.missing.add(path)
                continue
            try:
                shown.append((path, read_picture(self._files.read(name), max_side_px=SIDE_PX, name=path)))
            except InputError as error:
                self._broken[path] = str(error)
        return shown

    def pictures(self, item: Item) -> list[np.ndarray]:
        """Return the same, all of one size: smaller ones on black."""
        shown = [picture for _, picture in self.named(item)]
        height, width = (max((picture.shape[axis] for picture in shown), default=0) for axis in (0, 1))
        return [np.pad(picture, ((0, height - picture.shape[0]), (0, width - picture.shape[1]), (0, 0))) for picture in shown]

    def notes(self) -> list[str]:
        """What is to be said of images that were asked for."""
        found = []
        if self.missing:
            found.append(f"Missing images: {len(self.missing):,}, the first {min(self.missing)[-80:]!r}. Such questions have fewer.")
        if self._long:
            most = max(map(len, self._long))
            found.append(f"Of a question's images the first {MOST_IMAGES} are shown. One has {most}.")
        if self._broken:
            found += [f"Images that cannot be read: {len(self._broken):,}.", *list(self._broken.values())[:_MAX_TOLD]]
        return found


def files_of(spec: str, inputs: Inputs) -> Files:
    """Return the files that a setting names. Raises InputError where they cannot be read."""
    if spec.startswith(UPLOAD):
        name = spec.removeprefix(UPLOAD)
        return open_upload(inputs.file(name), name, limits=LIMITS)
    return open_folder(spec, limits=LIMITS)


def questions_in(settings: MindCubeSettings, inputs: Inputs, notes: list[str]) -> tuple[Sequence[Item], Gallery, str]:
    """Return the questions that settings name, as many as are asked, evenly over their settings; their images; and their file.

    Raises:
        InputError: there are none, or none of their images.
    """
    spec, _, wanted = settings.data.partition("#")
    files = files_of(spec, inputs)
    brought, gallery = found(files), Gallery(files)
    own = _file_of(brought, wanted)
    if not len(gallery):
        raise InputError("There are questions without a single image. Bring them in one zip with their images (.jpg, .png), below "
                         "the paths that the questions name, or whatever fits best.")
    notes += [*brought.notes, *(f"Left out: {own.left_out:,} rows." for _ in range(min(1, own.left_out)))]
    items = own.items
    if len(items) > settings.num_questions:
        notes.append(f"{settings.num_questions:,} of {len(items):,} questions are asked, drawn evenly over their settings.")
        items = _some(items, settings.num_questions, settings.seed)
    return items, gallery, own.file


def _file_of(brought: Brought, wanted: str) -> ItemFile:
    if not brought.files:
        raise InputError("There are evaluations and no questions. Bring MindCube's questions with their images.")
    chosen = next((one for one in brought.files if one.file == wanted or one.file.endswith(f"/{wanted}")), None) if wanted else max(
        brought.files, key=lambda one: one.layout in ("raw", "scaffold"))  # of equal ones the first
    if chosen is None:
        names = ", ".join(one.file[-60:] for one in brought.files[:5])
        raise InputError(f"There is no file {wanted[:80]!r} of questions. There are {names}.")
    return chosen


def _some(items: Sequence[Item], most: int, seed: int) -> tuple[Item, ...]:
    """Return so many items in the order of the file, drawn evenly over their settings as far as these last."""
    rng, chosen = np.random.default_rng(seed), list[int]()
    by_setting: dict[str, list[int]] = {}
    for place in rng.permutation(len(items)).tolist():
        by_setting.setdefault(items[place].setting, []).append(place)
    while len(chosen) < most:
        for own in by_setting.values():
            if own and len(chosen) < most:
                chosen.append(own.pop())
    return tuple(items[place] for place in sorted(chosen))
