"""Scenes for training, validation and tests, any number of each, of which no two subsets share a combination of things.

A combination is the set of a scene's names. Which subset has it is decided by its checksum, so the subsets are disjoint whatever is
drawn, and however much: ten of twelve combinations are for training, one each for validation and for tests. The scene of a subset at
some place is the same on every machine and costs nothing but itself.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, get_args
from zlib import crc32

import numpy as np

from worlds.rooms.catalogue import FLOORS, NAMES
from worlds.rooms.layouts import HEADINGS_OF, among, around, rotation
from worlds.rooms.scenes import ROTATIONS, Cue, Room, Rotation, Scene, Setting

Subset = Literal["train", "validation", "test"]
SUBSETS: tuple[Subset, ...] = get_args(Subset)
SETTINGS: tuple[Setting, ...] = (*ROTATIONS, "among", "around")
SCENES: dict[Subset, int] = {"train": 10_000, "validation": 1_000, "test": 1_000}  # as many as are drawn where nobody says otherwise
_PARTS = 12
_FACES, _LOOKS_IN = 0.75, 0.35  # how often a centre, and each thing around it or in a row, has a face


def subset_of(names: Sequence[str]) -> Subset:
    """The subset that has a combination of names, in any order."""
    part = crc32(",".join(sorted(names)).encode()) % _PARTS
    return {0: SUBSETS[2], 1: SUBSETS[1]}.get(part, SUBSETS[0])


def draw_scene(rng: np.random.Generator, setting: Setting, *, subset: Subset = "train", cue: Cue = "described",
               has_facings: bool = True) -> Scene:
    """Return one scene of a setting.

    Args:
        subset: whose combinations it has.
        cue: described: the views in the setting's own order; shuffled: in any.
        has_facings: whether things may have a face.
    Raises:
        ValueError: the setting has no layout.
    """
    if setting not in SETTINGS:
        raise ValueError(f"{setting!r} is not drawn; the settings are {list(SETTINGS)}")
    room = Room(floor=tuple(FLOORS)[int(rng.integers(len(FLOORS)))])
    if setting == "among":
        names = _names(rng, 5, subset)
        return among(names, facings=_facings_among(rng, has_facings), order=_order(rng, 4, cue), cue=cue, room=room)
    if setting == "around":
        names, has_back = _names(rng, int(rng.integers(2, 5)), subset), bool(rng.integers(2))
        facings = _facings_around(rng, len(names), has_back) if has_facings else None
        return around(names, facings=facings, has_back=has_back, order=_order(rng, 3 + has_back, cue), cue=cue, room=room)
    return _rotation(rng, setting, subset, cue, room)  # type: ignore[arg-type]  # no other is left


def scene_at(place: int, *, subset: Subset, seed: int, settings: Sequence[Setting] = SETTINGS, cue: Cue = "described",
             has_facings: bool = True) -> Scene:
    """Return the scene at a place of a subset; the families of some settings come evenly, and in each its settings.

    Raises:
        ValueError: the place is negative.
    """
    if place < 0:
        raise ValueError(f"place {place} is before the first scene, 0")
    rng = np.random.default_rng([seed, SUBSETS.index(subset), place])
    families: dict[bool | Setting, list[Setting]] = {}
    for setting in settings:
        families.setdefault(setting in ROTATIONS or setting, []).append(setting)
    family = list(families.values())[int(rng.integers(len(families)))]
    return draw_scene(rng, family[int(rng.integers(len(family)))], subset=subset, cue=cue, has_facings=has_facings)


def scenes(subset: Subset, *, seed: int, count: int | None = None, settings: Sequence[Setting] = SETTINGS, cue: Cue = "described",
           has_facings: bool = True) -> Iterator[Scene]:
    """Yield the first scenes of a subset."""
    for place in range(SCENES[subset] if count is None else count):
        yield scene_at(place, subset=subset, seed=seed, settings=settings, cue=cue, has_facings=has_facings)


def _names(rng: np.random.Generator, count: int, subset: Subset) -> list[str]:
    while True:
        names = [NAMES[place] for place in rng.choice(len(NAMES), count, replace=False)]
        if subset_of(names) == subset:
            return names


def _order(rng: np.random.Generator, count: int, cue: Cue) -> list[int] | None:
    return [int(place) for place in rng.permutation(count)] if cue == "shuffled" else None


def _facings_among(rng: np.random.Generator, has_facings: bool) -> list[int | None]:
    centre = int(rng.integers(4)) * 90 if has_facings and rng.random() < _FACES else None
    return [centre, *(heading if has_facings and rng.random() < _LOOKS_IN else None for heading in (0, 90, 180, 270))]


def _facings_around(rng: np.random.Generator, count: int, has_back: bool) -> list[int | None]:
    """To the front, or to the back where that is seen; a face towards its neighbours is hidden by them."""
    shown = (180, 0) if has_back else (180,)
    return [shown[int(rng.integers(len(shown)))] if rng.random() < _LOOKS_IN else None for _ in range(count)]


def _rotation(rng: np.random.Generator, setting: Rotation, subset: Subset, cue: Cue, room: Room) -> Scene:
    count = len(HEADINGS_OF[setting])
    return rotation(setting, _names(rng, count, subset), order=_order(rng, count, cue), cue=cue, room=room)
