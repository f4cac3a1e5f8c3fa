"""Questions about what no single view shows, answered from where everything really is (arXiv 2506.21458, Sec. 2.1).

A question is asked from a pose, the place of a camera or of a thing, after a turn or not. What lies in the quarter to the left of
that pose lies to the left; no rule of a setting is used. The ids are those of the benchmark's grammar, the texts are our own:

    among_G_qK_1_1, _1_2      which way did I move from image 1 to image 2: diagonally forward to the left, to the right
    among_G_qK_1_3, _1_4      the same, directly to the left, to the right (not in the benchmark, where every move is diagonal)
    among_G_qK_2_1            what is behind me at image K + 1
    among_G_qK_2_2, _2_3      I turn left, right and move forward: do I get closer to X
    among_G_qK_5_1, _5_2      what is left, right of the centre, from image K + 1
    among_G_gen_3_1, _3_2     in the centre's place, facing as it does: can I see X
    among_G_gen_4_1, _4_2     there: what is to my left, right
    among_G_gen_6_N           in the place of a neighbour that has a face: what is left (odd N), right of the centre; N counts from
                              the south clockwise
    around_G_q1_1 .. _4       which way did I move: front to left, front to right, back to left, back to right
    around_G_q1_5 .. _8       the same after a step to the left, right from the front, and from the back (not in the benchmark)
    around_G_q2_1, _2         the nearest thing behind X in the left, right view; _7, _8: image 1 is from the back
    around_G_q2_5, _6         is Y behind X in the left, right view
    around_G_q4_1, _2         in the place of X, facing as it does: what is nearest on my left, right
    rotation_G_qV_N           at image V, turned or not: what is to my left, right, behind me; N counts what can be asked there
    free_G_qV_N               the same in a free scene, where one thing alone lies in that quarter

Labels are balanced where the benchmark's are not: yes and no come evenly, every scene has as many moves of each kind, and options are
shuffled. Not generated: around q3 (what if, in the released code only) and the setting of translation.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from worlds.rooms.questions.among import among_asks
from worlds.rooms.questions.around import around_asks
from worlds.rooms.questions.asks import Ask, lies_in
from worlds.rooms.questions.moves import move_between
from worlds.rooms.questions.question import LETTERS, MOVES, NO, TEMPLATES, YES, Question, Template
from worlds.rooms.questions.turns import turn_asks
from worlds.rooms.scenes import Scene

__all__ = ["LETTERS", "MOVES", "NO", "TEMPLATES", "YES", "Question", "Template", "draw_question", "lies_in", "meta_info",
           "move_between", "questions_of"]

# the benchmark's labels: what is related (P a person, O a thing), what happens, whose perspective; which is which is our reading
_LABELS: dict[Template, tuple[str, str, str]] = {
    "among_1": ("PP", "meanwhile", "self"), "among_2_1": ("PO", "rotation", "self"), "among_2_2": ("PO", "sequence", "self"),
    "among_5": ("OO", "translation", "self"), "among_gen_3": ("PO", "rotation", "other_level_1"),
    "among_gen_4": ("PO", "rotation", "other_level_2"), "among_gen_6": ("OO", "meanwhile", "other_level_2"),
    "around_q1": ("PP", "meanwhile", "self"), "around_q2_nearest": ("OO", "meanwhile", "self"),
    "around_q2_behind": ("OO", "meanwhile", "self"), "around_q4": ("PO", "meanwhile", "other_level_2"),
    "rotation": ("PO", "rotation", "self"), "free": ("PO", "rotation", "self"),
}


def questions_of(scene: Scene, *, seed: int, group: str = "group0") -> tuple[Question, ...]:
    """Return all questions about a scene; equal scenes and seeds give equal questions.

    Args:
        group: what stands for the scene in the ids, without "_".
    """
    asks = list(_asks(scene))
    return tuple(_question(scene, ask, np.random.default_rng([seed, place]), group) for place, ask in enumerate(asks))


def draw_question(rng: np.random.Generator, scene: Scene, *, group: str = "group0", templates: Sequence[Template] | None = None
                  ) -> Question | None:
    """Return one question, its template drawn evenly from those that the scene has; None where it has none of them."""
    asks: dict[Template, list[Ask]] = {}
    for ask in _asks(scene):
        if templates is None or ask.template in templates:
            asks.setdefault(ask.template, []).append(ask)
    if not asks:
        return None
    found = list(asks.values())[int(rng.integers(len(asks)))]
    return _question(scene, found[int(rng.integers(len(found)))], rng, group)


def meta_info(scene: Scene) -> list[object]:
    """The benchmark's `meta_info` of a scene: its things in the order of the setting's map, and how they face.

    Raises:
        ValueError: the benchmark has no such setting.
    """
    faces = [{None: None, 180: "face", 0: "back", 270: "left", 90: "right"}[thing.facing] for thing in scene.things]
    names = list(scene.names)
    if scene.family == "rotation":
        return [*names]
    if scene.family == "among":
        return [names, faces]
    if scene.family == "around":
        return [[len(scene.cameras)], [len(names), names, faces, []]]
    raise ValueError("the benchmark has no free scenes")


def _question(scene: Scene, ask: Ask, rng: np.random.Generator, group: str) -> Question:
    made = ask.make(rng)
    options = tuple(made.options[int(place)] for place in rng.permutation(len(made.options)))
    pattern = "linear" if scene.family == "around" or scene.setting == "two_view_opposite" else "perpendicular"
    return Question(f"{scene.family}_{group}_{ask.number}", ask.template, made.text, options, LETTERS[options.index(made.answer)],
                    tuple(made.cameras), made.start, made.pose, made.direction, made.names, (pattern, *_LABELS[ask.template]))


def _asks(scene: Scene) -> Iterator[Ask]:
    """All that can be asked of a scene."""
    return {"among": among_asks, "around": around_asks}.get(scene.family, turn_asks)(scene)
