"""One question of MindCube, whatever file it came from: its text, options, images, right letter, and what the scene holds.

Records are made of tuples: whoever lists objects in another order works on a copy, so that no chain of thought can be led astray by
a prompt that shuffled (upstream's generator shuffles the item's own list in place, and builds its chain from it afterwards).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from backends.files.cells import as_text, cut
from backends.files.logs import said, whole
from backends.files.rows import OddRow
from backends.mindcube.ids import Id, Setting
from backends.mindcube.maps import ANNOTATED, KINDS, Facing, Kind

LETTERS = "ABCDE"
MAX_NAME = 200  # characters of an object's name
Answer = Literal["yes", "no", "forward left", "forward right", "left", "right", "object"]
_FIRST = re.compile(r"(?<![A-Za-z0-9])A\.\s")
_MOVES: dict[str, Answer] = {"diagonally forward and left": "forward left", "forward-left": "forward left",
                             "diagonally forward and right": "forward right", "forward-right": "forward right",
                             "directly left": "left", "directly right": "right"}


@dataclass(frozen=True)
class Option:
    """One choice; its text stands as in the question, a full stop included."""

    letter: str
    text: str

    @property
    def plain(self) -> str:
        """The text without case, blanks at its ends, or a full stop."""
        return plain_text(self.text)


@dataclass(frozen=True)
class Facts:
    """What meta_info says of a scene.

    Attributes:
        objects: among: centre, south, west, north, east. around: from left to right in the front view. rotation: one per view.
        facings: of each object; around and among only.
        group_views: around: how many images the whole group has, which tells what image numbers mean.
    """

    objects: tuple[str, ...]
    facings: tuple[Facing | None, ...]
    group_views: int | None = None


@dataclass(frozen=True)
class Item:
    """A question.

    Attributes:
        stem: the question without its options.
        answer: the right letter; "" where the file does not say.
        kind: a rotation's type.    facts: None where the file does not say, or says it in another form.
        grounded: the true map, as the file writes it.    prompt, target, chain: as the pipeline made them; "" where it has not.
        task: the key of its configuration; "" where nothing tells.
    """

    id: str
    place: Id
    question: str
    stem: str
    options: tuple[Option, ...]
    images: tuple[str, ...]
    answer: str
    category: tuple[str, ...] = ()
    kind: Kind | None = None
    facts: Facts | None = None
    grounded: str = ""
    prompt: str = ""
    target: str = ""
    chain: str = ""
    task: str = ""

    @property
    def setting(self) -> Setting:
        return self.place.setting

    @property
    def template(self) -> str:
        """As the id tells it; the setting's name where it does not."""
        return self.place.template or self.setting

    @property
    def right(self) -> Option | None:
        """The option that is right; None where it is not among them."""
        return next((option for option in self.options if option.letter == self.answer), None)


def plain_text(text: str) -> str:
    """Return what two texts of one option have in common: "No." and "no" are one answer."""
    return " ".join(text.split()).strip(" .").casefold()


def options_in(question: str) -> tuple[str, tuple[Option, ...]]:
    """Return a question's stem and its options, which stand inline: "... ? A. TV B. Door". None where it has no A and B."""
    after = question.rfind("? A.")
    match = _FIRST.search(question, after + 1 if after >= 0 else 0)
    if not match:
        return question.strip(), ()
    starts = [match.start()]
    for letter in LETTERS[1:]:
        found = re.compile(rf"\s{letter}\.(?:\s|$)").search(question, starts[-1] + 2)
        if not found:
            break
        starts.append(found.start() + 1)
    if len(starts) < 2:
        return question.strip(), ()
    ends = [*starts[1:], len(question)]
    options = [Option(letter, question[start + 2:end].strip()) for letter, start, end in zip(LETTERS, starts, ends)]
    return question[:starts[0]].strip(), tuple(options)


def with_options(stem: str, options: Sequence[Option]) -> str:
    """Return a question with its options inline; the inverse of `options_in`."""
    return " ".join([stem, *(f"{option.letter}. {option.text}" for option in options)])


def with_rotated_options(item: Item, by: int) -> Item:
    """Return the same question with every option that many letters further on, and the right letter with them.

    A model that knows the answer names the same option again; one that likes a letter names the same letter.
    """
    count = len(item.options)
    if not count:
        return item
    texts = [item.options[(place - by) % count].text for place in range(count)]
    options = tuple(Option(letter, text) for letter, text in zip(LETTERS, texts))
    letters = [option.letter for option in item.options]
    answer = LETTERS[(letters.index(item.answer) + by) % count] if item.answer in letters else item.answer
    return replace(item, question=with_options(item.stem, options), options=options, answer=answer, prompt="", target="")


def answer_kind(item: Item) -> Answer:
    """Return what kind of thing the right answer is, over which accuracy is balanced: yes, no, a movement, or an object."""
    return kind_of(item.right.text) if item.right else "object"


def kind_of(text: str) -> Answer:
    """Return what kind of answer an option is."""
    plain = plain_text(text)
    if plain in ("yes", "no"):
        return "yes" if plain == "yes" else "no"
    return _MOVES.get(plain, "object")


def facts_of(setting: Setting, meta: object) -> Facts:
    """Return what meta_info says.

    Raises:
        OddRow: it has another form than the setting's.
    """
    found = None
    if setting == "rotation":
        found = _names(meta)
        facts = Facts(found, (None,) * len(found)) if found else None
    elif setting == "among" and isinstance(meta, list) and len(meta) >= 2:
        found = _names(meta[0])
        facts = Facts(found, _facings(meta[1], len(found))) if len(found) == 5 else None
    elif setting == "around" and isinstance(meta, list) and len(meta) >= 2 and isinstance(meta[0], list) and meta[0]:
        scene, views = meta[1], whole(meta[0][0])
        found = _names(scene[1]) if isinstance(scene, list) and len(scene) >= 3 else ()
        facts = Facts(found, _facings(scene[2], len(found)), views) if 2 <= len(found) <= 4 and isinstance(scene, list) else None
    else:
        facts = None
    if facts is None:
        form = _FORMS.get(setting, "one of among, around or rotation")
        raise OddRow(f"Its meta_info is {cut(meta)}. That of {setting} must be {form}.", f"meta_info of {setting}")
    return facts


_FORMS = {"rotation": "a list of names, one per view", "among": "[[centre, S, W, N, E], [five facings or null]]",
          "around": "[[number of views], [number, [2 to 4 names], [facings], [others]]]"}


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 2 <= len(value) <= 5:
        return ()
    names = tuple(said(name, MAX_NAME).strip() for name in value if as_text(name) is not None)
    return names if len(names) == len(value) and all(names) else ()


def _facings(value: object, count: int) -> tuple[Facing | None, ...]:
    """Return the annotated facings; what is no known word is none, as "None" and "null" are."""
    words = value if isinstance(value, list) else []
    facings = [ANNOTATED.get(word.strip().lower()) if isinstance(word, str) else None for word in words[:count]]
    return (*facings, *[None] * (count - len(facings)))


def kind_named(value: object) -> Kind | None:
    """Return a rotation's type, if it is one."""
    return next((kind for kind in KINDS if kind == value), None)


@dataclass(frozen=True)
class Answered:
    """A question and what a model replied.

    Attributes:
        reply: None where the file holds none.
        own_map: the model's map, where a file keeps it beside the reply; never the true one.
        is_cut: whether the reply's length ran out, where that is known.
    """

    item: Item
    reply: str | None
    model: str = ""
    own_map: str = ""
    is_cut: bool = False
