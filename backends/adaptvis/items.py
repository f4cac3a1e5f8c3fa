"""What is asked: a picture, a question, its options and, where they are known, the right one and the boxes of both things.

Drawn scenes know all of it. Their condition's scenes are numbered from 0 in sets of four; validation and test scenes come from
seeds of their own, so what is chosen never meets what is tested.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from backends.adaptvis.choosing import official_validation
from backends.adaptvis.settings import MAX_OPTION, MAX_OPTIONS, AdaptVisSettings
from backends.run import Inputs
from models.vlm import VisionLanguageModel
from worlds.errors import InputError
from worlds.kit import KINDS, SHAPES, parse_name
from worlds.pictures import read_picture
from worlds.scenes.drawing import picture
from worlds.scenes.scene import (
    IMBALANCED,
    RELATIONS,
    Layout,
    Scene,
    Scenery,
    Thing,
    condition,
    draw_sets,
    place_scene,
    relation_question,
)

NamedBox = tuple[str, float, float, float, float]  # name, x1 y1 x2 y2 in shares of the picture
SHOWN_PX = 384
MAX_INPUT_PX = 1024
PLACED_RADIUS = 5.5 / 48  # of a thing that somebody put there; as large as most
_VALIDATION, _TEST = 11_000, 41_000
_TRAINED_ON: Mapping[str, Scenery] = {"shapes-vlm": "board"}  # every other model gets rooms
_LISTED = re.compile(r"answer\b[^.?!\n]*?\bwith (.+?)(?:(?<!\bst)(?<!\bdr)(?<!\bmr)[.?!:;]+(?=\s|$)|\n\s*\n|\s*$)",
                     re.IGNORECASE | re.DOTALL)  # to the end of its sentence; "St. Paul" ends none


@dataclass(frozen=True)
class Item:
    """One question. `open` gives the picture as the model gets it, (height, width, 3) uint8."""

    number: int
    open: Callable[[], np.ndarray]
    question: str
    options: tuple[str, ...]
    right: str
    relation: str
    group: str
    boxes: tuple[NamedBox, ...] = ()
    released: str | None = None  # the whole prompt of a released file, byte for byte, with <image> where the picture goes


@dataclass(frozen=True)
class DataSet:
    """Items to choose on, and items to test on."""

    name: str
    validation: tuple[Item, ...]
    test: tuple[Item, ...]
    frequencies: Mapping[str, float] | None = None  # how often each relation occurs where the model learned
    has_sets: bool = True  # whether items of one group are pairs and sets of relations, as WhatsUp's and drawn scenes are
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """One picture to look at."""

    shown: np.ndarray  # (height, width, 3) uint8, for people
    given: np.ndarray  # for the model
    question: str
    options: tuple[str, ...]
    right: str | None
    boxes: tuple[NamedBox, ...]
    notes: tuple[str, ...] = ()


def split_condition(name: str) -> tuple[str, Layout]:
    """Return the name of `worlds.scenes.scene` and which relations are asked."""
    plain = name.removesuffix("-depths")
    return plain, "heights" if plain == name else "depths"


def validation_seed(name: str, seed: int = 0) -> int:
    """Return where a condition's validation scenes start; with seed 0 as the miniature's own card has them."""
    return _VALIDATION + sum(map(ord, name)) + 100_000 * seed


def test_seed(name: str, seed: int = 0) -> int:
    """Return where a condition's test scenes start, far from those that anything is chosen on."""
    return validation_seed(name, seed) + _TEST - _VALIDATION


def scenery_of(settings: AdaptVisSettings) -> Scenery:
    """Return what is behind the things of drawn scenes."""
    return _TRAINED_ON.get(settings.model, "rooms") if settings.scenery == "trained" else settings.scenery


def known_things(settings: AdaptVisSettings) -> str:
    """Return the things and relations of the drawings that a miniature was trained on, for a sentence."""
    is_board = _TRAINED_ON.get(settings.model, "rooms") == "board"
    relations = dict.fromkeys([*RELATIONS["heights"], *(() if is_board else RELATIONS["depths"])])
    return f"{', '.join(SHAPES if is_board else KINDS)}; {', '.join(relations)}"


def scenes_of(name: str, scenery: Scenery, sets: int, *, start: int) -> list[Scene]:
    """Return 4 scenes per set. Raises InputError where there is no such condition."""
    condition, layout = split_condition(name)
    return draw_sets(condition, sets, seed=start, layout=layout, scenery=scenery)


def input_px(vlm: VisionLanguageModel) -> int:
    """Return the side of a drawn picture that the model would not have to resize, where it has one."""
    side = getattr(getattr(vlm.model.config, "vision_config", None), "image_size", None)
    return min(int(side), MAX_INPUT_PX) if isinstance(side, int) else SHOWN_PX


def asked_of(settings: AdaptVisSettings, inputs: Inputs, vlm: VisionLanguageModel) -> Asked:
    """Return the picture and the question of the settings.

    Raises:
        InputError: the picture cannot be read, or a question or its options are missing.
    """
    kind, _, name = settings.picture.partition(":")
    if kind == "upload":
        return _brought(settings, read_picture(inputs.file(name), name=name))
    scene = scene_of(settings)
    asked = relation_question(scene)
    question, options = settings.question.strip() or asked.text, checked_options(settings.options)
    options = options or options_in(question) or asked.options
    is_own = not settings.question.strip() and asked.answer in options
    return Asked(picture(scene, SHOWN_PX), picture(scene, input_px(vlm)), question, options, asked.answer if is_own else None,
                 boxes_of(scene))


def scene_of(settings: AdaptVisSettings) -> Scene:
    """Return the drawn scene of the settings: one of its condition, or the things that somebody placed."""
    start, scenery = validation_seed(settings.condition, settings.seed), scenery_of(settings)
    kind, _, placed = settings.picture.partition(":")
    if kind == "two":
        name, layout = split_condition(settings.condition)
        rng = np.random.default_rng(start + settings.index)
        return place_scene(rng, [_thing(text) for text in placed.split(";") if text.strip()], condition(name), layout=layout,
                           scenery=scenery)
    if settings.picture != "scene":
        raise InputError(f"The picture {settings.picture[:80]!r} is not known. Use 'scene', 'two:NAME X Y; NAME X Y', or "
                         "'upload:NAME' for your own.")
    return scenes_of(settings.condition, scenery, settings.index // 4 + 1, start=start)[settings.index]


def _thing(text: str) -> Thing:
    """Return the thing of a text such as "red star 0.3 0.5". Raises InputError where it is none."""
    *name, x, y = ("", "", *text.split())
    try:
        parse_name(" ".join(name).strip())
        thing = Thing(" ".join(name).strip(), float(x), float(y), PLACED_RADIUS)
    except ValueError as error:
        raise InputError(f"{text.strip()[:80]!r} is no thing with its place. Write it as: red star 0.3 0.5.") from error
    if not (0 <= thing.x <= 1 and 0 <= thing.y <= 1):
        raise InputError(f"{text.strip()[:80]!r} lies outside the picture. Both numbers are from 0 to 1.")
    return thing


def _brought(settings: AdaptVisSettings, shown: np.ndarray) -> Asked:
    question = settings.question.strip()
    if not question:
        raise InputError("There is no question about this picture. Write one with its options, such as: "
                         "Where is the cup in relation to the book? Answer with left, right, on or under.")
    options = checked_options(settings.options) or options_in(question)
    if not options:
        raise InputError("There is no option to choose from. End the question with 'Answer with A, B or C.', or name the options.")
    return Asked(shown, shown, question, options, None, ())


def checked_options(options: tuple[str, ...]) -> tuple[str, ...]:
    """Return the options without blanks around them. Raises InputError where one is empty, too long or named twice."""
    plain = tuple(option.strip() for option in options)
    if any(not option or len(option) > MAX_OPTION for option in plain):
        raise InputError(f"An option is empty or longer than {MAX_OPTION} characters. Name words such as left and right.")
    if len({option.lower() for option in plain}) < len(plain):
        raise InputError(f"The options {', '.join(plain)[:80]!r} name one word twice. Name each once.")
    return plain


def options_in(question: str) -> tuple[str, ...]:
    """Return the words after "Answer with", or nothing."""
    match = _LISTED.search(question)
    words = re.split(r",\s*or\s+|,\s*|\s+or\s+", match[1].strip()) if match else []
    found = tuple(dict.fromkeys(" ".join(word.split()) for word in words if word.strip()))
    return found if 2 <= len(found) <= MAX_OPTIONS and all(len(word) <= MAX_OPTION for word in found) else ()


def boxes_of(scene: Scene) -> tuple[NamedBox, ...]:
    """Return the boxes of the thing that is asked for and of its reference."""
    return tuple((thing.name, *thing.box) for thing in (scene.asked, scene.reference))


def item_of(scene: Scene, number: int, group: str, size_px: int) -> Item:
    """Return a drawn scene with its own question."""
    asked = relation_question(scene)
    return Item(number, partial(picture, scene, size_px), asked.text, asked.options, asked.answer, scene.relation,
                group, boxes_of(scene))


def drawn(settings: AdaptVisSettings, size_px: int) -> DataSet:
    """Return drawn scenes of one condition: validation and test from seeds of their own, or torn apart as released."""
    name, seed, scenery = settings.condition, settings.seed, scenery_of(settings)
    layout = split_condition(name)[1]
    validation = scenes_of(name, scenery, settings.num_sets, start=validation_seed(name, seed))
    test = scenes_of(name, scenery, settings.num_sets, start=test_seed(name, seed))
    first, second = (tuple(item_of(scene, number, f"{part}-{number // 4}", size_px) for number, scene in enumerate(scenes))
                     for part, scenes in (("validation", validation), ("test", test)))
    frequencies = dict(zip(RELATIONS[layout], IMBALANCED))
    data = DataSet(f"drawn scenes, {name}", first, second, frequencies)
    return data if settings.split == "groups" else _torn(data)


def _torn(data: DataSet) -> DataSet:
    """Return the same items with a random 20 % as validation part, whatever sets they belong to."""
    items = tuple(replace(item, number=number) for number, item in enumerate((*data.validation, *data.test)))
    chosen = set(official_validation(len(items)))
    return replace(data, validation=tuple(item for item in items if item.number in chosen),
                   test=tuple(item for item in items if item.number not in chosen))
