"""Pictures of table episodes: bare, with axes, with numbered frames; as logs have them; and the time line's words and colours."""

import io

import numpy as np
import pytest
from PIL import Image

from backends.era.results import EraResult
from backends.era.run import run
from backends.era.settings import EraSettings
from backends.run import Inputs, last
from visualizers.alt import sentence_of
from visualizers.era import curves, figures, scenes
from visualizers.era.timeline import timeline
from visualizers.era.verbs import CLOSED, OPEN, OTHER
from worlds.minitable.drawing import draw
from worlds.minitable.state import read_state


@pytest.fixture(scope="module")
def played() -> EraResult:
    return last(run(EraSettings(world="table", number=1, actions=(".", ".", "!drop")), Inputs()))


def test_a_state_is_drawn_bare_with_axes_and_with_numbered_frames(played):
    state = played.episode.turns[0].state
    bare, axes, boxes = (scenes.drawn(state, "minitable", marks=marks) for marks in ("plain", "axes", "boxes"))

    assert np.array_equal(bare, draw(read_state(state), 500)) and np.array_equal(axes, draw(read_state(state), 500, axes=True))
    assert not np.array_equal(bare, axes) and not np.array_equal(axes, boxes)
    assert scenes.drawn(state, "minihome") is None and scenes.drawn({"wall": "odd"}, "minitable", marks="boxes") is None


def test_a_home_has_one_picture_whatever_is_to_be_drawn_over_it():
    state = last(run(EraSettings(max_turns=1), Inputs())).episode.turns[0].state

    assert np.array_equal(scenes.drawn(state, "minihome"), scenes.drawn(state, "minihome", marks="boxes"))


def test_what_an_action_does_is_said_in_words_where_its_name_does_not(played):
    turns = played.episode.turns
    first, mishap = turns[0], turns[2]

    assert scenes.told(first.state, first.actions[0], "minitable").startswith("Go over the ")
    assert scenes.told(mishap.state, mishap.actions[0], "minitable") == ""
    assert scenes.told({"wall": "odd"}, first.actions[0], "minitable") == scenes.told(None, first.actions[0], "minitable") == ""
    assert scenes.told(first.state, first.actions[0].model_copy(update={"ok": False}), "minitable") == ""


def test_logs_have_the_axes_in_every_picture_and_frames_where_a_call_began(played):
    pictures = scenes.logged(played.episode)
    last_step = played.episode.num_steps

    assert list(pictures.plain) == list(range(last_step + 1))
    assert list(pictures.given) == list(range(last_step))  # not after the call that ended the episode
    state = played.episode.turns[0].state
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(pictures.plain[0]))), draw(read_state(state), 500, axes=True))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(pictures.given[0]))), draw(read_state(state), 500, axes=True, boxes=True))


def test_the_time_line_has_the_gripper_for_a_verb_and_rewards_every_term(played):
    kinds = [trace.name for trace in timeline(played.episode).data[1:]]
    assert set(kinds) == {OPEN, CLOSED, OTHER}

    terms = {trace.name: sum(trace.y) for trace in curves.rewards(played.episode).data if trace.name != "return so far"}
    assert terms["success"] == 3 and terms["subgoal"] == 2 and terms["behaviour"] == 0.5 * played.episode.num_steps
    assert f"{played.episode.total_reward:+.2f}" in sentence_of(curves.rewards(played.episode))


def test_the_film_the_cover_and_the_newest_picture_are_of_the_table(played):
    frames = list(scenes.captioned(played.episode, size_px=128))

    assert len(frames) == len(played.episode.turns) + 1
    ((picture, caption),) = figures.pictures(played)
    assert picture.shape == (500, 500, 3) and played.episode.instruction in caption
    assert figures.cover(played).std() > 20
