"""Questions about rooms in the mappers' words: what is shown, the true map, and the thought that leads to the answer.

Every image is its number and the places of what an eye says of it. North is where the north wall is, so that views may come in any
order. A thought looks things up, and writes what it looks up behind what it looks it up by: the image, or the thing, in whose place
one stands and which way it looks; which way one looks after a turn; and then

    what lies left, right, behind, in front     where it lies
    is it closer, can it be seen, is it behind  each thing that is asked about, and where it stands
    what is nearest                             the thing, where it stands, and where the nearest one does
    which way did I move                        the second image, and which way it looks, instead of a turn

Where the key stands far from its value, "east" alone for image 2, a decoder of this size does not learn to look it up.
"""

from collections.abc import Sequence

from models.mappers.examples import Example, Spot
from models.mappers.words import (
    AS,
    AT,
    CENTRE,
    CLOSER,
    COMPASS,
    IMAGE,
    IS,
    MOVED,
    NEAREST,
    NUMBERS,
    OF,
    ROW,
    SEES,
    SPECIAL,
    TURNS,
    word_of,
)
from worlds.rooms.layouts import HEADINGS_OF
from worlds.rooms.questions import Question, Template
from worlds.rooms.scenes import DIRECTIONS, Scene

IMAGE_TOKENS = 4  # of one picture
MOVES: tuple[Template, ...] = ("among_1", "around_q1")
_GRID = {CENTRE: (5, 5), "north": (5, 2), "east": (8, 5), "south": (5, 8), "west": (2, 5)}
_GRID_TURNED = {"north": (5, 3), "east": (7, 5), "south": (5, 7), "west": (3, 5)}  # what stands around a camera that turns
_FIRST_OF_ROW = {2: 4, 3: 4, 4: 3}  # by the length of the row


def example_of(scene: Scene, question: Question) -> Example:
    """A question about a scene in words.

    Raises:
        ValueError: the scene is none of a setting.
    """
    views = [word for number in NUMBERS[:len(question.cameras)] for word in (number, *[SPECIAL[IMAGE]] * IMAGE_TOKENS)]
    spots = spots_of(scene)
    answer = word_of(question.answer)
    thought = _thought(question, {spot.thing: spot.place for spot in spots}, answer)
    if question.template == "among_1":  # two images show no more than this
        seen = {COMPASS[int(camera.heading) // 90] for camera in question.cameras} | {CENTRE}
        spots = tuple(spot for spot in spots if spot.place in seen)
    return Example(tuple(views), spots, _asked(question), thought, answer)


def spots_of(scene: Scene) -> tuple[Spot, ...]:
    """The true map of a scene, listed from the centre, then clockwise from the north, or from west to east.

    Raises:
        ValueError: the scene is none of a setting.
    """
    if scene.family == "among":
        places: Sequence[str] = (CENTRE, "south", "west", "north", "east")
    elif scene.family == "around":
        places = ROW[:len(scene.things)]
    elif scene.family == "rotation":
        places = [COMPASS[heading // 90] for heading in HEADINGS_OF[scene.setting]]  # type: ignore[index]  # a rotation's setting
    else:
        raise ValueError(f"a {scene.setting} scene has no map here; those of the paper's settings have")
    by_place = {place: Spot(place, word_of(thing.name), "" if thing.facing is None else COMPASS[thing.facing // 90])
                for place, thing in zip(places, scene.things, strict=True)}
    return tuple(by_place[place] for place in (CENTRE, *COMPASS, *ROW) if place in by_place)


def grid_of(spots: Sequence[Spot]) -> list[tuple[int, int]]:
    """Where the spots are on MindCube's grid of 10 x 10, x to the right and y down, in their order (section 2.3 of its scaffolds)."""
    is_among, row = any(spot.place == CENTRE for spot in spots), sum(spot.place in ROW for spot in spots)
    first = _FIRST_OF_ROW.get(row, 4)
    return [(first + ROW.index(spot.place), 5) if spot.place in ROW else (_GRID if is_among else _GRID_TURNED)[spot.place]
            for spot in spots]


def _asked(question: Question) -> tuple[str, ...]:
    """The question in words: from where, turned how, what."""
    names = [word_of(name) for name in question.names]
    if question.template in MOVES:
        return (MOVED,)
    turn = TURNS[int(question.pose.heading - question.start.heading) % 360 // 90]
    direction = question.direction or ""
    stood = _stood(question)
    start, others = ((AT, stood), names) if stood in NUMBERS else ((AS, stood), names[1:])
    what: dict[Template, tuple[str, ...]] = {
        "among_2_2": (CLOSER, *others), "among_gen_3": (SEES, *others), "around_q2_nearest": (NEAREST, OF, *others),
        "around_q2_behind": (IS, *others), "around_q4": (NEAREST, direction)}
    beside = (direction, OF, *others) if question.template in ("among_5", "among_gen_6") else (direction,)
    return (*start, turn, *what.get(question.template, beside))


def _thought(question: Question, places: dict[str, str], answer: str) -> tuple[str, ...]:
    start, after = (COMPASS[int(pose.heading) % 360 // 90] for pose in (question.start, question.pose))
    names = [word_of(name) for name in question.names]
    stood = _stood(question)
    if question.template in MOVES:
        return stood, start, NUMBERS[1], after
    if question.template in ("among_2_2", "among_gen_3"):
        return stood, start, after, names[-1], places[names[-1]]
    if question.template == "around_q2_behind":
        return stood, start, after, *(word for name in names for word in (name, places[name]))
    if question.template in ("around_q2_nearest", "around_q4"):
        return stood, start, after, names[0], places[names[0]], places[answer]
    assert question.direction is not None  # all others ask for what lies in one
    quarters = int(question.pose.heading) // 90 + DIRECTIONS.index(question.direction)
    return stood, start, after, COMPASS[quarters % 4]


def _stood(question: Question) -> str:
    """In whose place one stands: an image's number, or a thing."""
    views = [number for number, camera in zip(NUMBERS, question.cameras) if camera.pose == question.start]
    return views[0] if views else word_of(question.names[0])
