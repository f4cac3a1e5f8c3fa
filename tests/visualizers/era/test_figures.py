"""Time line, rewards, values and memory of an episode: what stands in them, and that odd logs draw too."""

import pytest

from backends.episode import Action, Episode, Turn
from backends.era.environments import ENVIRONMENTS
from visualizers.alt import sentence_of
from visualizers.era.curves import memory, rewards, terms_of, values, words_given
from visualizers.era.timeline import ROW, cells, timeline
from visualizers.era.verbs import COLOURS, MISHAPS, OTHER, disturbance, verb

FIND = Action(id="1", name="find a Mug", ok=True, step=1, feedback="Last action executed successfully.")
PICK = Action(id="9", name="pick up the Mug", ok=False, step=2, feedback="Last action is invalid. <b>closed</b>",
              rewards={"behaviour": -0.5})
DONE = Action(id="7", name="put down the object in hand", ok=True, step=3, success=True, rewards={"success": 3.0, "subgoal": 1.0})
EPISODE = Episode(turns=(
    Turn(index=0, actions=(FIND, PICK), parse="ok", sections={"reasoning_and_reflection": "The mug is in the fridge."}, value=1.5,
         advantage=-0.25),
    Turn(index=1, parse="failed"),
    Turn(index=2, actions=(DONE,), by="person", rewards={"format": 0.5}, value=2.0, advantage=1.0)))


@pytest.mark.parametrize(("name", "kind"), [
    ("find a Mug_2", "find"), ("pick up the Mug", "pick up"), ("turn on the Lamp", "turn on"), ("Turn off the Lamp", "turn off"),
    ("[40, 43, 26, 0, 60, 90, 1]", "gripper open"), ("[40, 43, 26, 0, 60, 90, 0]", "gripper closed"), ("[1, 2, 3]", OTHER),
    ("teleport", OTHER), ("", OTHER), ("finder of mugs", OTHER), ("open the Fridge", "open")])
def test_an_action_has_the_colour_of_its_verb_and_an_unknown_one_is_grey(name, kind):
    assert verb(Action(name=name)) == kind and kind in COLOURS


def test_every_step_has_a_cell_and_a_reply_that_did_nothing_too():
    assert [(turn.index, action and action.name) for turn, action in cells(EPISODE)] == [
        (0, "find a Mug"), (0, "pick up the Mug"), (1, None), (2, "put down the object in hand")]
    heat, *legend = timeline(EPISODE).data
    assert list(heat.z[0]) == [0, 1, 2, 3] + [None] * (ROW - 4)
    assert [entry.name for entry in legend] == ["find", "pick up", "no action", "put down"]


def test_failures_are_framed_calls_bracketed_and_the_step_that_is_looked_at_marked():
    def shapes(kind: str, at: int | None = None) -> list[float]:
        return [shape.x0 + 0.45 for shape in timeline(EPISODE, at).layout.shapes if shape.type == kind]

    assert shapes("rect") == pytest.approx([1, 2]) and shapes("rect", at=3) == pytest.approx([1, 2, 3])
    assert len(shapes("line")) == 3
    assert len(timeline(EPISODE, at=99).layout.shapes) == 5


def test_what_a_log_says_is_text_and_never_html():
    hovered = timeline(EPISODE).data[0].hovertext[0]

    assert "&lt;b&gt;closed" in hovered[1] and hovered[2] == "3: the reply could not be read"


def test_a_long_episode_goes_on_in_the_next_row():
    long = Episode(turns=(Turn(index=0, actions=tuple(FIND for _ in range(ROW + 3))),))
    figure = timeline(long)

    assert len(figure.data[0].z) == 2
    assert [shape.y0 for shape in figure.layout.shapes if shape.type == "line"] == [-0.5, 0.5]  # one call, broken at the row's end


def test_rewards_stand_by_term_and_add_up_to_the_return():
    assert terms_of(EPISODE.turns[2]) == {"format": 0.5, "success": 3.0, "subgoal": 1.0}
    figure = rewards(EPISODE)

    assert {trace.name: list(trace.y) for trace in figure.data} == {
        "behaviour": [-0.5, 0, 0], "format": [0, 0, 0.5], "success": [0, 0, 3.0], "subgoal": [0, 0, 1.0],
        "return so far": [-0.5, -0.5, 4.0]}
    assert "+4.00" in sentence_of(figure)


def test_values_are_drawn_where_they_are_known():
    figure = values(EPISODE)

    assert list(figure.data[0].x) == [1, 3] and list(figure.data[0].y) == [-0.25, 1.0] and list(figure.data[1].y) == [1.5, 2.0]
    assert values(Episode(turns=(Turn(index=0),))) is None


def test_a_full_history_grows_and_a_summary_does_not():
    turns = tuple(EPISODE.turns[0].model_copy(update={"index": index}) for index in range(12))
    episode = Episode(turns=turns)

    assert words_given(episode, "full")[-1] > 10 * words_given(episode, "full")[1]
    assert len(set(words_given(episode, "summary")[1:])) == 1
    assert {trace.name for trace in memory(episode).data} == {"full", "summary", "evaluation", "last 5", "last action"}


def test_an_episode_without_turns_draws():
    for draw in (timeline, rewards, memory):
        assert sentence_of(draw(Episode()))


def test_what_goes_wrong_by_itself_is_named_in_words_and_is_no_call_of_the_agent():
    shut = Turn(index=1, by="perturbation", actions=(Action(name="!shut", feedback="The Fridge shut by itself."),))
    figure = timeline(Episode(turns=(Turn(index=0, actions=(FIND,)), shut)))

    assert disturbance(shut, shut.actions[0]) == "disturbance: a door falls shut" and disturbance(EPISODE.turns[0], FIND) == ""
    assert figure.data[0].hovertext[0][1] == "2: disturbance: a door falls shut<br>The Fridge shut by itself."
    assert sentence_of(figure) == "2 steps in 1 call, 0 failed: find a Mug, disturbance: a door falls shut."
    assert {name for world in ENVIRONMENTS.values() for name in world.mishaps} == set(MISHAPS)
