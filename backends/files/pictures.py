"""Where the pictures that a table names are in what was brought: by their path, below another folder, or by as much of it as fits.

A zip may have another prefix than the paths in a table, or none, and base names alone repeat from folder to folder. So of several
files of one name the one whose folders fit best is taken; where two fit equally well the one that is nearer to the table; and where
that does not tell them apart either, none.
"""

from collections.abc import Iterable

from worlds.picture_kinds import ENDINGS

_ENDINGS = tuple(f".{ending}" for ending in ENDINGS)
Folders = tuple[str, ...]  # from the innermost outwards


class PictureIndex:
    """The pictures among some names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_base: dict[str, list[tuple[Folders, str]]] = {}
        for name in names:
            if name.lower().endswith(_ENDINGS):
                *folders, base = _parts(name)
                self._by_base.setdefault(base, []).append((tuple(reversed(folders)), name))

    def __len__(self) -> int:
        return sum(map(len, self._by_base.values()))

    def find(self, path: str, *, beside: str = "") -> str | None:
        """Return the name of a picture in what was brought; None where it is missing, or two fit equally well.

        Args:
            beside: the file that names it.
        """
        *folders, base = _parts(path)
        wanted, table = tuple(reversed(folders)), _parts(beside)[:-1]
        ranked = sorted((((_common(wanted, own), _common(table, own[::-1])), name) for own, name in self._by_base.get(base, ())
                         if self.may_be(wanted, own)), reverse=True)
        if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
            return None
        return ranked[0][1]

    def may_be(self, wanted: Folders, own: Folders) -> bool:
        """Whether a file in these folders may be the one that is wanted."""
        return True


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")] or [""]


def _common(wanted: Iterable[str], own: Iterable[str]) -> int:
    count = 0
    for first, second in zip(wanted, own):
        if first != second:
            break
        count += 1
    return count
