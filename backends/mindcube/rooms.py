"""A drawn room and a question about it, in MindCube's own form: an item with its true map and the chain that leads to its answer.

The images of a drawn room may come in any order, where MindCube's come in that of their setting. In among and around the names of the
images say which is which; a rotation's chain is made in the setting's order and then counted as the images are shown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from backends.files.rows import OddRow
from backends.mindcube import maps
from backends.mindcube.chains import Step, chain
from backends.mindcube.ids import parse_id
from backends.mindcube.items import Facts, Item, Option, facts_of, kind_named
from backends.mindcube.maps import COMPASS, Facing, Map, Side, Spot, to_json, without
from backends.mindcube.settings import DRAWN, EVALUATED, LAYOUT_NAMES, WANTED_NAMES, Family, MindCubeSettings
from worlds.errors import InputError
from worlds.rooms.generator import SETTINGS, scene_at
from worlds.rooms.layouts import between
from worlds.rooms.questions import LETTERS, Question, draw_question, lies_in, meta_info, questions_of
from worlds.rooms.rendering import picture
from worlds.rooms.scenes import ROTATIONS, Camera, Pose, Scene, Setting
from worlds.rooms.texts import read_scene

REAL_PX = 384  # side of a view for a real model; MindCube allows 480 x 480
_NUMBERS: dict[str, int] = {"front": 1, "left": 2, "right": 3, "back": 4}  # of around's images, in groups of up to four
_ASKED_AT = re.compile(r"(?<=shown in image )\d")
_COUNTED = re.compile(r"(?<=\bimage )\d", re.IGNORECASE)
_DRAWN = "drawn"  # begins the group of a drawn room
_GRID = 9  # of a free scene's map the walls are at 0 and 9


@dataclass(frozen=True)
class Posed:
    """A question about a drawn room.

    Attributes:
        true: the map with its cameras, of what its images show.
        steps: of the chain; nothing where MindCube has none.
        notes: what is to be said of map and chain.
    """

    scene: Scene
    question: Question
    item: Item
    true: Map
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()

    def pictures(self, size_px: int, frames: int = 0) -> list[np.ndarray]:
        """What the question's cameras see, each (size_px, size_px, 3) uint8 RGB, with so many frames between each two."""
        return [picture(self.scene, camera, size_px) for camera in self.cameras(frames)]

    def cameras(self, frames: int = 0) -> list[Camera]:
        """The question's cameras with so many interpolated between each two."""
        first, *others = self.question.cameras
        found = [first]
        for camera in others:
            before = found[-1]
            found += [between(before, camera, number / (frames + 1)) for number in range(1, frames + 1)]
            found.append(camera)
        return found


def posed_by(settings: MindCubeSettings) -> Posed:
    """Return the room and the question that settings name.

    Raises:
        InputError: the room is none, or has no such question.
    """
    if settings.scene == EVALUATED:
        return evaluated_room(settings.families, settings.index, seed=settings.seed)
    if settings.scene == DRAWN:
        layouts: Sequence[Setting] = SETTINGS if settings.layout == "any" else (settings.layout,)
        scene = scene_at(settings.index, subset="test", seed=settings.seed, settings=layouts, cue="shuffled")
        group = f"{_DRAWN}{settings.index}"
    else:
        scene, group = read_scene(settings.scene), "own"
    asked = questions_of(scene, seed=settings.seed, group=group)
    found = [one for one in asked if settings.wanted in ("any", one.template)]
    if not found:
        there = ", ".join(dict.fromkeys(WANTED_NAMES[one.template] for one in asked))
        room = scene.setting if scene.setting == "free" else LAYOUT_NAMES[scene.setting].partition(":")[0]
        why = f"It can be asked: {there}." if there else "Nothing can be asked of it: put more things around a camera, apart."
        raise InputError(f"Of this room ({room}) the question {WANTED_NAMES[settings.wanted]!r} cannot be asked. {why}" if asked
                         else f"This room has no question. {why}")
    return posed(scene, found[settings.number % len(found)])


def drawn_rooms(families: Sequence[Family], count: int, *, seed: int) -> list[Posed]:
    """Return questions about held-out rooms, one each, evenly over the families and, in each, over the kinds of question."""
    return [evaluated_room(families, place, seed=seed) for place in range(count)]


def evaluated_room(families: Sequence[Family], place: int, *, seed: int) -> Posed:
    """Return one of them."""
    layouts: dict[Family, tuple[Setting, ...]] = {"rotation": ROTATIONS, "among": ("among",), "around": ("around",)}
    scene = scene_at(place, subset="test", seed=seed, settings=layouts[families[place % len(families)]], cue="shuffled")
    question = draw_question(np.random.default_rng([seed, place, 2]), scene, group=f"{_DRAWN}{place}")
    assert question is not None  # of every setting something can be asked
    return posed(scene, question)


def place_of(name: str) -> int | None:
    """Return at which place of an evaluation the question with this id stands; None where it is none of drawn rooms."""
    group = parse_id(name).group
    place = group.removeprefix(_DRAWN)
    return int(place) if group.startswith(_DRAWN) and place.isdecimal() else None


def posed(scene: Scene, question: Question) -> Posed:
    """Return a question about a room as an item of MindCube's."""
    is_free, notes = scene.family == "free", []
    true = _free_map(scene, question) if is_free else _true_map(scene, question)
    if any(not camera.side for camera in question.cameras) and scene.family in ("among", "around"):
        notes.append("One image is taken beside another, for which MindCube has no place on its maps and no chain of thought.")
    if is_free:
        notes.append("MindCube has no free rooms: this map is to scale, with the walls at its edges. There is no chain of thought.")
    item = _item(scene, question, true)
    steps: tuple[Step, ...] = ()
    if not notes:
        try:
            steps = _steps(scene, item)
        except OddRow as error:
            notes.append(f"There is no chain of thought. {error}")
    return Posed(scene, question, _as_shown(scene, item), true, steps, tuple(notes))


def _item(scene: Scene, question: Question, true: Map) -> Item:
    options = tuple(Option(letter, text) for letter, text in zip(LETTERS, question.options))
    place = parse_id(question.id)
    facts = None if scene.family == "free" else facts_of(place.setting, meta_info(scene))
    images = tuple(_image(scene, camera, number) for number, camera in enumerate(question.cameras, 1))
    return Item(id=question.id, place=place, question=question.full_text, stem=question.text, options=options, images=images,
                answer=question.letter, category=question.category, kind=kind_named(scene.setting), facts=facts,
                grounded=to_json(true))


def _image(scene: Scene, camera: Camera, number: int) -> str:
    """The name of an image, in which MindCube's own rules find from where it was taken."""
    is_row = scene.family == "around"
    base = f"{_NUMBERS.get(camera.side, 9)}_frame_{number:05}" if is_row else f"{camera.side or 'image'}_{number:03}"
    return f"drawn/{scene.family}/{base}.png"


def _as_shown(scene: Scene, item: Item) -> Item:
    """An item without the facts of which the rules of a rotation would think that the images are in its order."""
    return item if scene.family != "rotation" or list(scene.order) == sorted(scene.order) else replace(item, facts=None)


def _steps(scene: Scene, item: Item) -> tuple[Step, ...]:
    """The chain of an item. Raises OddRow where it has none."""
    if scene.family != "rotation":
        return chain(item).steps
    there = {str(number): str(place + 1) for number, place in enumerate(scene.order, 1)}  # as shown -> in the setting's order
    shown = {place: number for number, place in there.items()}
    stem = _ASKED_AT.sub(lambda match: there[match[0]], item.stem)
    images = tuple(sorted(item.images, key=lambda image: there[str(item.images.index(image) + 1)]))
    steps = [replace(step, text=_COUNTED.sub(lambda match: shown[match[0]], step.text),
                     images=tuple(int(shown[str(image)]) for image in step.images))
             for step in chain(replace(item, stem=stem, images=images)).steps]
    observed = sorted((step for step in steps if step.kind == "observe"), key=lambda step: step.images)
    return (*observed, *(step for step in steps if step.kind != "observe"))


def _true_map(scene: Scene, question: Question) -> Map:
    """The map of what a question's images show; without a camera that MindCube has no place for."""
    if scene.family == "rotation":
        laid = maps.rotation(scene.setting, scene.names, question=question.text)  # type: ignore[arg-type]  # a rotation's setting
        assert laid.views is not None
        views = [replace(laid.views[place], name=maps.view_name(question.text, number))
                 for number, place in enumerate(scene.order, 1)]
        return replace(laid, views=tuple(views))
    facts: Facts = facts_of(scene.family, meta_info(scene))  # type: ignore[arg-type]  # among or around
    sides: list[Side] = [camera.side for camera in question.cameras if camera.side]  # type: ignore[misc]  # the others have none
    make = maps.among if scene.family == "among" else maps.around
    true = make(facts.objects, facts.facings, sides, question=question.text)
    if question.template != "among_1":
        return true
    centre = scene.things[0]
    seen = {centre.name, *(thing.name for camera in question.cameras
                           for thing in lies_in(scene, Pose(centre.x, centre.y, camera.heading), "front"))}
    return without(true, *(name for name in scene.names if name not in seen))  # two images show no more


def _free_map(scene: Scene, question: Question) -> Map:
    """The map of a room that somebody built, to scale."""
    def spot(name: str, x: float, y: float, facing: Facing | None) -> Spot:
        return Spot(name, (_on_grid(scene, x), _on_grid(scene, -y)), facing)

    views = tuple(spot(maps.view_name(question.text, number), camera.x, camera.y, _compass(camera.heading))
                  for number, camera in enumerate(question.cameras, 1))
    return Map(tuple(spot(thing.name, thing.x, thing.y, None if thing.facing is None else _compass(thing.facing))
                     for thing in scene.things), views)


def _on_grid(scene: Scene, metres: float) -> float:
    return round((metres / scene.room.half + 1) * _GRID / 2, 1)


def _compass(heading: float) -> Facing:
    return COMPASS[round(heading / 90) % 4]
