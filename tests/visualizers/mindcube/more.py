"""Figures that no recorded run of MindCube has: every kind of room, steps of chains, maps of a file, all ways of answering."""

import plotly.graph_objects as go

from backends.mindcube.results import Asked, Step
from tests.visualizers.mindcube import made
from visualizers.mindcube import evaluation, gaze, learning, maps, relations, turns
from visualizers.mindcube.figures import of_asked
from visualizers.mindcube.methods import LEARNED_AS
from visualizers.mindcube.room import room
from visualizers.mindcube.verdicts import verdicts
from worlds.rooms.scenes import Setting

ROOMS: dict[str, tuple[Setting, str]] = {
    "among": ("among", "among_2_1"), "a row": ("around", "around_q2_nearest"), "a turn": ("four_view", "rotation")}


def stands(asked: Asked) -> Step:
    """The step at which somebody takes a stand."""
    return next(step for step in asked.steps if step.kind == "stand")


def figures() -> dict[str, go.Figure]:
    """By title."""
    among, row, turn = (made.asked(made.room(setting, template)) for setting, template in ROOMS.values())
    strange, moved = made.of_file(), made.asked(made.room("among", "among_1"), has_replies=False)
    found: dict[str, go.Figure | None] = {f"among, {title}": figure for title, figure in of_asked(among).items()}
    found |= {"a row, map": maps.true_map(row), "a row, map, step": maps.written_map(row, row.replies[-1], stands(row)),
              "a turn, room, step": room(turn, stands(turn)), "a turn, map, step": maps.true_map(turn, stands(turn)),
              "moved, room": room(moved), "moved, map": maps.true_map(moved)}
    found |= {f"file, {title}": figure for title, figure in maps.panels(strange).items()}
    found |= {"file, verdicts": verdicts(strange), "file, relations": relations.relations(strange, strange.replies[0])}
    all_ways = evaluation.charts(made.all_ways())
    found |= {f"all ways, {title}": figure for title, figure in all_ways.items() if "templates" not in title}
    found["templates"] = evaluation.templates(made.reports()[0])
    found |= {f"trained, {title}": figure for title, figure in learning.charts(made.trained()).items()}
    found["six trainings"] = learning.beside({way: made.trained(way, rounds=0, ends=0.9) for way in LEARNED_AS})
    long = made.replied("FFR", made.room().true, None, gaze=made.gaze(300, has_map=False))
    found |= {"long gaze": gaze.words(long, 100), "long gaze, whole": gaze.strip(long)}
    assert among.true is not None
    found["turning, looked at"] = turns.turning(among.true, among.true, 45)
    return {name: figure for name, figure in found.items() if figure is not None}
