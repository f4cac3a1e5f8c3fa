"""From which side each image of a question was taken, and with that the true map of its scene.

In among an image's file name begins with its side; in around it begins with a number that means another side in groups of another
size, and in two groups always another one. Source: MindCube's scaffold_curation/cogmap/generators.py, with the patch of 2025-06-27.
"""

import re
from collections.abc import Sequence

from backends.files.cells import cut
from backends.files.rows import OddRow
from backends.mindcube.items import Item
from backends.mindcube.maps import SIDES, Map, Side, among, around, num_views, rotation

_FRAME = re.compile(r"(\d{1,4})_frame(?:_[^.]{0,100})?\.(?:png|jpg|jpeg)")
_THREE: dict[int, Side] = {1: "front", 2: "left", 3: "right"}
_FOUR: dict[int, Side] = {**_THREE, 4: "back"}
_FIVE: dict[int, Side] = {**_THREE, 4: "left", 5: "right"}
_SIX_OWN: dict[int, Side] = {**_FIVE, 6: "back"}
_SIX: dict[int, Side] = {**_THREE, 4: "front", 5: "left", 6: "right"}
_AGAIN = ("d254259ad5be1ec58a5591aa18011ee766c05bf76fd1ea4cd17fe994e6e7707c",  # groups that were taken in the order of six
          "e3f7e530666356f04f6ea50d7eb3173c130d7d5b0da8bcb332de4cf20961c60c")
_TYPO = {33: 3}  # one file is named 33_frame...


def sides_among(images: Sequence[str]) -> tuple[Side, ...]:
    """Return from which side each image was taken; four images whose names do not say it stand in the usual order.

    Raises:
        OddRow: the names do not say it, and there are not four.
    """
    named = [_base(image).split("_")[0] for image in images]
    found = tuple(side for name in named for side in SIDES if side == name)
    if len(found) == len(images):
        return found
    if len(images) != len(SIDES):
        raise OddRow(f"Its images begin with {cut(named)}. They must begin with front, left, back or right, or be four.",
                     "sides of among")
    return SIDES


def sides_around(images: Sequence[str], group_views: int | None, *, is_own: bool, group: str = "") -> tuple[Side, ...]:
    """Return from which side each image was taken.

    Args:
        group_views: of the whole group of images, 3 to 6.
        is_own: whether the authors took them; the others are from DL3DV-10K.
    Raises:
        OddRow: an image has no number, or one that its group does not know.
    """
    table = numbers_around(group_views, is_own=is_own, group=group)
    found = []
    for image in images:
        match = _FRAME.search(_base(image))
        number = int(match[1]) if match else 0
        number = _TYPO.get(number, number)
        if number not in table:
            raise OddRow(f"Its image {_base(image)[:80]!r} has no number that a group of {group_views} views knows. It must be "
                         f"<number>_frame_<n>.png with one of {sorted(table)}.", "numbers of around")
        found.append(table[number])
    return tuple(found)


def numbers_around(group_views: int | None, *, is_own: bool, group: str = "") -> dict[int, Side]:
    """Return which side each image number stands for. Raises OddRow where a group has not 3 to 6 views."""
    if any(name in group for name in _AGAIN):
        return dict(_SIX)
    tables = {3: _THREE if is_own else _FOUR, 4: _FOUR, 5: _FIVE, 6: _SIX_OWN if is_own else _SIX}
    if group_views not in tables:
        raise OddRow(f"Its group has {group_views} views. around must have 3 to 6.", "views of around")
    return dict(tables[group_views])


def sides_of(item: Item) -> tuple[Side, ...]:
    """Return from which side each image of an among or around question was taken; nothing for other settings. Raises OddRow."""
    if item.setting == "among":
        return sides_among(item.images)
    if item.setting == "around":
        views = item.facts.group_views if item.facts else None
        return sides_around(item.images, views, is_own=item.place.is_own, group=item.place.group)
    return ()


def grounded(item: Item) -> Map:
    """Return the true map of a question's scene, from its meta_info.

    Raises:
        OddRow: the item does not say enough.
    """
    if item.facts is None:
        raise OddRow("It has no meta_info, without which there is no true map.", "no meta_info")
    objects, facings = item.facts.objects, item.facts.facings
    if item.setting == "rotation":
        if item.kind is None or len(objects) != num_views(item.kind):
            raise OddRow(f"A rotation of type {item.kind} has {len(objects)} objects. Its type must name as many views.",
                         "type of rotation")
        return rotation(item.kind, objects, question=item.question)
    make = {"among": among, "around": around}.get(item.setting)
    if make is None:
        raise OddRow(f"There is no map for the setting {item.setting}. It must be among, around or rotation.", "no map")
    return make(objects, facings, sides_of(item), question=item.question)


def _base(image: str) -> str:
    return image.replace("\\", "/").rpartition("/")[2]
