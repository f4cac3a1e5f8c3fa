"""Where the images of a question are in what was brought: by their path, below another folder, or by as much of the path as fits.

MindCube's questions name paths below its own data folder. A zip may have another prefix, or none. Base names alone repeat from
group to group (front_007.jpg), so of several files of one name the one whose folders fit best is taken, and where two fit equally
well, none. A file that lies in another group's folder below its setting is that group's, even where it is the only one of its name.
"""

from collections.abc import Iterable

_SETTINGS = ("among", "around", "rotation", "translation")  # folders of groups
_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif")


class ImageIndex:
    """The images among some names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_base: dict[str, list[tuple[tuple[str, ...], str]]] = {}  # the folders from the innermost outwards, and the name
        for name in names:
            if name.lower().endswith(_ENDINGS):
                *folders, base = _parts(name)
                self._by_base.setdefault(base, []).append((tuple(reversed(folders)), name))

    def __len__(self) -> int:
        return sum(map(len, self._by_base.values()))

    def find(self, path: str) -> str | None:
        """Return the name of an image in what was brought; None where it is missing, or two fit equally well."""
        *folders, base = _parts(path)
        wanted = tuple(reversed(folders))
        ranked = sorted(((_common(wanted, own), name) for own, name in self._by_base.get(base, ()) if _may_be(wanted, own)),
                        reverse=True)
        if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
            return None
        return ranked[0][1]


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")] or [""]


def _may_be(wanted: tuple[str, ...], own: tuple[str, ...]) -> bool:
    """Whether folders, from the innermost outwards, are of no other group than those that are wanted."""
    depth = next((place for place, name in enumerate(own) if name in _SETTINGS), None)
    return depth is None or own[:depth] == wanted[:depth]


def _common(wanted: tuple[str, ...], own: tuple[str, ...]) -> int:
    count = 0
    for first, second in zip(wanted, own):
        if first != second:
            break
        count += 1
    return count
