"""The data sets of the paper in the files that they come in: WhatsUp A and B, COCO and VG with one or two objects, VSR.

Which set a file holds is told by what is in it: objects with `image_path` and `caption_options` are WhatsUp's, rows of three are
COCO's or VG's, lines with a `caption` and a `label` are VSR's. Questions come from AdaptVis' prompt files where they are there
(prompts), else they are written in the same words. The first caption is always the right one. A row that is odd is left out and
counted, and so is a file beside the set that cannot be read.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from backends.adaptvis.items import Item
from backends.adaptvis.prompts import is_prompt, whole, with_prompts
from backends.adaptvis.results import MAX_ITEMS
from backends.files.archive import Files
from backends.files.cells import as_text, cut, truth
from backends.files.rows import Numbered, OddRow, OddRows, counted
from backends.files.tables import Limits, read_values
from worlds.errors import InputError
from worlds.pictures import read_picture

PICTURE_PX = 1024  # the longer side as a model gets it
COUNTS = {"Controlled_Images_A": 412, "Controlled_Images_B": 408, "COCO_QA_one_obj": 2247, "COCO_QA_two_obj": 440,
          "VG_QA_one_obj": 1160, "VG_QA_two_obj": 291, "VSR": 1222}
OPTIONS = {"Controlled_Images_A": ("left", "right", "on", "under"), "Controlled_Images_B": ("left", "right", "front", "behind"),
           "COCO_QA_one_obj": ("left", "right", "top", "bottom"), "COCO_QA_two_obj": ("left", "right", "above", "below"),
           "VG_QA_one_obj": ("left", "right", "front", "behind", "top", "bottom"),
           "VG_QA_two_obj": ("left", "right", "front", "behind", "above", "below"), "VSR": ("yes", "no")}
WHATSUP = ("Controlled_Images_A", "Controlled_Images_B")  # the sets that have pairs and sets of four
VSR_PROMPT = "Determine whether the description about the spatial relationship is correct or not. Answer with yes or no: {}"
VSR_RELEASED = "User: <image>\n {question} Assistant:"  # as the released code writes it
_TOLD_BY = 200  # rows that tell what a file holds
_CONTROLLED = re.compile(r"([^_]+)_(left|right|on|under|in-front|behind)(?:_of)?_(.+)")
_ONE = re.compile(r"photo of (?:an? |the )?(.+?) (?:on|at|in|to) the (left|right|top|bottom)\b", re.IGNORECASE)
_TWO = re.compile(r"photo of (?:an? |the )?(.+?) (to the left of|to the right of|in front of|on top of|front of|left of|right of|"
                  r"above|below|behind) (?:an? |the )?(.+?)\.?$", re.IGNORECASE)
_RELATIONS = ("left", "right", "front", "behind", "above", "below")


@dataclass(frozen=True)
class Loaded:
    """One set: every item whose picture is there, numbered by its row in the file, and how many rows there are."""

    kind: str
    items: tuple[Item, ...]
    num_rows: int
    notes: tuple[str, ...]

    @property
    def has_sets(self) -> bool:
        return self.kind in WHATSUP


@dataclass(frozen=True)
class _Source:
    name: str
    kind: str
    rows: tuple[Numbered, ...]
    count: int
    odd: OddRows


def load_set(files: Files, chosen: str = "") -> Loaded:
    """Return one of the sets in some files.

    Args:
        chosen: part of the annotation file's name, where there are several.
    Raises:
        InputError: no set is there, none of its rows is what the set wants, or no picture is there.
    """
    tables, unread = _tables(files)
    sets = [source for source in tables if source.kind in COUNTS and chosen.lower() in source.name.lower()]
    if not sets:
        raise InputError(f"No data set{f' named {chosen[:80]!r}' if chosen else ''} was found among {len(files.names)} files. "
                         "There must be WhatsUp's or VSR's annotation file (.json or .jsonl) beside the pictures."
                         + (f" {unread[0]}" if unread else ""))
    source = sets[0]
    notes = [] if len(sets) == 1 else [f"{len(sets)} sets are there; {source.name!r} was read. Put '#' and a part of another's name "
                                       "behind the data's name to read that one."]
    notes += unread
    expected = COUNTS[source.kind]
    if source.count != expected:
        notes.append(f"{source.kind} has {counted(source.count, 'row')} here; the released file has {expected:,}.")
    items = source.odd.read(source.rows, _reader(source.kind, files))
    if not items:
        source.odd.refuse(f"{source.name[:80]!r} has no rows.")
    items = _prompted(items, source, tables, notes)
    notes += source.odd.notes()
    return Loaded(source.kind, tuple(_present(items, source, notes)), source.count, tuple(notes))


def _tables(files: Files) -> tuple[list[_Source], list[str]]:
    """Return every file of rows that is known here, and a sentence about each that cannot be read."""
    found, unread = [], []
    for name in files.names:
        if not name.lower().endswith((".json", ".jsonl")) or _is_of_a_mac(name):
            continue
        odd = OddRows(PurePosixPath(name).name[:80])
        try:
            values = read_values(files.read(name), odd, limits=Limits(mb=64, rows=MAX_ITEMS), what=f"{name[:80]!r}")
        except InputError as error:
            unread.append(f"{error} It is passed over.")
            continue
        if values.count > MAX_ITEMS:
            raise InputError(f"{name[:80]!r} has {values.count:,} rows. At most {MAX_ITEMS:,} are read.")
        if kind := _kind_of(values.rows, name):
            found.append(_Source(name, kind, values.rows, values.count, odd))
    return found, unread


def _is_of_a_mac(name: str) -> bool:
    """Return whether a file is what a Mac adds to a zip beside the real one."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith("._")


def _kind_of(rows: Sequence[Numbered], name: str) -> str | None:
    """Return what most of the first rows are, or None for another kind of JSON."""
    counts = Counter(kind for _, row in rows[:_TOLD_BY] if (kind := _kind_of_row(row, name)))
    if not counts:
        return None
    kind = counts.most_common(1)[0][0]
    if kind != "controlled":
        return kind
    names = " ".join(str(row.get("image_path")) for _, row in rows if isinstance(row, dict))
    return "Controlled_Images_B" if "in-front_of" in names or "_behind_" in names else "Controlled_Images_A"


def _kind_of_row(row: object, name: str) -> str | None:
    if isinstance(row, dict):
        if {"image_path", "caption_options"} <= row.keys():
            return "controlled"
        if {"caption", "label", "relation"} <= row.keys():
            return "VSR"
        return "prompts" if is_prompt(row) else None
    if isinstance(row, list) and len(row) == 3 and isinstance(row[1], str):
        origin = "VG" if "vg" in PurePosixPath(name).name.lower() else "COCO"
        return f"{origin}_QA_{'one' if _ONE.search(row[1]) and not _TWO.search(row[1]) else 'two'}_obj"
    return None


def _prompted(items: list[Item], source: _Source, tables: Sequence[_Source], notes: list[str]) -> list[Item]:
    """Return the items with the questions of their prompt file, where one is there."""
    prompt_files = [table for table in tables if table.kind == "prompts"]
    own = [table for table in prompt_files if source.kind.lower() in table.name.lower()]
    nobodys = [table for table in prompt_files if not any(kind.lower() in table.name.lower() for kind in COUNTS)]
    if not own and sum(table.kind in COUNTS for table in tables) == 1:
        own = nobodys  # whatever it is called, there is only one set that it can belong to
    elif not own and nobodys:
        notes.append(f"{nobodys[0].name[:80]!r} is not read: of several sets its name has to say which one its prompts are for, "
                     f"such as {source.kind}.")
    if not own:
        return items
    prompts = own[0]
    if source.kind == "VSR":
        notes.append(f"{prompts.name!r} is not used, as in the released code: every item is asked whether its caption is correct.")
        return items
    if len(own) > 1:
        notes.append(f"{len(own)} prompt files are there; {prompts.name!r} was read.")
    asked, said = with_prompts(items, prompts.rows, prompts.count, source.count, prompts.odd)
    notes += [*(f"{PurePosixPath(prompts.name).name}: {note}" for note in said), *prompts.odd.notes()]
    return asked


class _Pictures:
    """The pictures among some files, found by as much of their path as there is."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._by_base: dict[str, list[str]] = {}
        for name in files.names:
            if not _is_of_a_mac(name):
                self._by_base.setdefault(PurePosixPath(name).name, []).append(name)

    def opener(self, path: str) -> Callable[[], np.ndarray]:
        """Return what opens a picture; of several of one name the one whose folders are most like the path's."""
        parts = PurePosixPath(path.replace("\\", "/")).parts
        found = self._by_base.get(parts[-1] if parts else "", [])
        if not found:
            return _Missing(parts[-1] if parts else path)
        best = max(found, key=lambda name: _num_equal_at_end(PurePosixPath(name).parts, parts))
        return partial(_picture, self._files, best)


def _num_equal_at_end(first: Sequence[str], second: Sequence[str]) -> int:
    count = 0
    for one, other in zip(reversed(first), reversed(second)):
        if one != other:
            break
        count += 1
    return count


def _reader(kind: str, files: Files) -> Callable[[object, int], Item]:
    """Return what makes an item of a row of this set."""
    read = _controlled if kind in WHATSUP else _vsr if kind == "VSR" else _photo
    return partial(read, kind=kind, pictures=_Pictures(files))


def _controlled(row: object, number: int, *, kind: str, pictures: _Pictures) -> Item:
    path = as_text(row.get("image_path") if isinstance(row, dict) else row) or ""
    match = _CONTROLLED.fullmatch(PurePosixPath(path).stem)
    relation = match[2].removeprefix("in-") if match else ""
    if not match or relation not in OPTIONS[kind]:
        raise OddRow(f"Row {number} has the picture {cut(PurePosixPath(path).name)}. Its name must read A_left_of_B.jpeg, with one "
                     f"of {', '.join(OPTIONS[kind])} between the two things.", "name of the picture")
    thing, other = match[1], match[3]
    question = f"Where is the {_plain(thing)} in relation to the {_plain(other)}? {_listed(kind)}"
    return Item(number - 1, pictures.opener(path), question, OPTIONS[kind], relation, relation, f"{thing}_{other}")


def _photo(row: object, number: int, *, kind: str, pictures: _Pictures) -> Item:
    image, caption = None, ""
    if isinstance(row, list) and len(row) == 3 and isinstance(row[1], str):
        image, caption = as_text(row[0]), row[1]
    found = (_ONE if "one" in kind else _TWO).search(caption) if image is not None and image.isdecimal() else None
    if found is None or image is None:
        raise OddRow(f"Row {number} is {cut(row)}. It must be a picture's number, the right caption ('A photo of a cup to the left "
                     "of a book') and the wrong one.", "no caption")
    path = f"vg_images/{image}.jpg" if kind.startswith("VG") else f"val2017/{int(image[:12]):012d}.jpg"
    relation = _relation(found[2].lower(), kind)
    where = "in the photo" if "one" in kind else f"in relation to the {found[3]}"
    question = f"Where is the {found[1]} {where}? {_listed(kind)}"
    return Item(number - 1, pictures.opener(path), question, OPTIONS[kind], relation, relation, image)


def _relation(words: str, kind: str) -> str:
    return words if "one" in kind else next((name for name in _RELATIONS if name in words), "above")  # on top of: above


def _vsr(row: object, number: int, *, kind: str, pictures: _Pictures) -> Item:
    fields = row if isinstance(row, dict) else {}
    caption, is_true = as_text(fields.get("caption")), truth(fields.get("label"))
    if is_true is None or not caption or not caption.strip():
        raise OddRow(f"Row {number} is {cut(row)}. It must have an image, a caption and a label 0 or 1.", "no caption or label")
    path = as_text(fields.get("image_link")) or as_text(fields.get("image")) or ""
    question = VSR_PROMPT.format(caption)
    return Item(number - 1, pictures.opener(path), question, OPTIONS[kind], "yes" if is_true else "no",
                as_text(fields.get("relation")) or "", PurePosixPath(path).name,
                released=whole(VSR_RELEASED.replace("{question}", question)))


class _Missing:
    """Stands for a picture that is not there."""

    def __init__(self, base: str) -> None:
        self.base = base

    def __call__(self) -> np.ndarray:
        raise InputError(f"The picture {self.base[:80]!r} is not there.")


def _picture(files: Files, name: str) -> np.ndarray:
    return read_picture(files.read(name), max_side_px=PICTURE_PX, name=name)


def _present(items: list[Item], source: _Source, notes: list[str]) -> list[Item]:
    """Return the items whose picture is there, and note how many are not."""
    missing = [item.open.base for item in items if isinstance(item.open, _Missing)]
    if not missing:
        return items
    told = f"Of {source.kind} {len(missing):,} of {len(items):,} pictures are missing, the first is {missing[0][:80]!r}."
    if len(missing) == len(items):
        raise InputError(f"{told} Put the pictures into the same zip or folder.")
    notes.append(f"{told} Their items are left out, and their sets are counted as incomplete.")
    return [item for item in items if not isinstance(item.open, _Missing)]


def _plain(name: str) -> str:
    return name.replace("-", " ")


def _listed(kind: str) -> str:
    options = OPTIONS[kind]
    return f"Answer with {', '.join(options[:-1])} or {options[-1]}."
