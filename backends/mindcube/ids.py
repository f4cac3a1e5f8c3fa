"""What the id of a MindCube question says: setting, source, group of images, template, which image it starts from.

    among_<group>_q<K>_<a>_<b>      K counts images from 0        around_<group>_q<a>_<b>, aroundnew_<group>_q<a>_<b>
    among_<group>_gen_<a>_<b>       asked of no image             rotation_<group>_q<image>_<n>    counts images from 1

A rotation's n only numbers what can be asked of an image: it names no template. An id of another form has a setting and no
template.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Setting = Literal["among", "around", "rotation", "translation", "other"]
SETTINGS: tuple[Setting, ...] = get_args(Setting)
OVERALL: tuple[Setting, ...] = ("among", "around", "rotation", "other")  # translation counts in no overall score
_TOLD: tuple[Setting, ...] = ("around", "rotation", "translation", "among")  # the evaluator's order: the first that the id holds
_AMONG = re.compile(r"among_(.+)_(?:q(\d)|gen)_(\d)_(\d{1,2})$")
_AROUND = re.compile(r"around(new)?_(.+)_q(\d)_(\d{1,2})$")
_ROTATION = re.compile(r"rotation_(.+)_q(\d)_(\d{1,3})$")
MAX_ID = 300  # characters; the longest known has 80


@dataclass(frozen=True)
class Id:
    """An id, read.

    Attributes:
        template: such as "among 2_1", "among gen_3_1", "around q2_1", "rotation"; "" where the id has another form.
        image: that the question starts from, counted from 1; None where the id does not say.
        number: the last number of the id, as it stands.
        is_own: whether the authors took the pictures themselves; known for around only, where image numbers depend on it.
    """

    setting: Setting
    group: str = ""
    template: str = ""
    image: int | None = None
    number: int | None = None
    is_own: bool = False


def setting_of(name: str) -> Setting:
    """Return the setting that an id, or a path of an image, names."""
    lower = name[:MAX_ID].lower()
    return next((setting for setting in _TOLD if setting in lower), "other")


def parse_id(name: str) -> Id:
    """Return what an id says, whatever it is."""
    name = name[:MAX_ID]
    if match := _AMONG.match(name):
        group, image, kind, number = match.groups()
        template = f"among {kind}_{number}" if image is not None else f"among gen_{kind}_{number}"
        return Id("among", group, template, None if image is None else int(image) + 1, int(number))
    if match := _AROUND.match(name):
        return Id("around", match[2], f"around q{match[3]}_{match[4]}", None, int(match[4]), match[1] is not None)
    if match := _ROTATION.match(name):
        return Id("rotation", match[1], "rotation", int(match[2]), int(match[3]))
    return Id(setting_of(name), is_own="aroundnew" in name.lower())


def counts(names: Iterable[str]) -> dict[str, int]:
    """Return how many ids each template has, settings in their order; an id of another form counts under its setting and "?"."""
    read = [parse_id(name) for name in names]
    found = Counter(own.template or f"{own.setting} ?" for own in read)
    return dict(sorted(found.items(), key=lambda pair: (SETTINGS.index(setting_of(pair[0])), pair[0])))
