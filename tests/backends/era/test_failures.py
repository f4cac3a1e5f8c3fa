"""What a log suggests of a failure, and what the training would have paid."""

import pytest

from backends.episode import Action, Episode, Planned, Turn
from backends.era.failures import KINDS, suggestions
from backends.era.shaping import Shaped, shaped, shaped_return


def turns(*actions: Action, **more: object) -> Episode:
    return Episode(turns=tuple(Turn(index=place, actions=(action,), parse="ok") for place, action in enumerate(actions)),
                   success=False, **more)


def failed(name: str, feedback: str = "") -> Action:
    return Action(name=name, ok=False, feedback=feedback, step=1)


def done(name: str) -> Action:
    return Action(name=name, ok=True, step=1)


def kinds(made: Episode) -> list[tuple[str, int]]:
    return [(suggestion.kind, suggestion.count) for suggestion in suggestions(made)]


def test_rewards_are_recomputed_as_the_training_pays():
    steps = (Action(name="a", ok=True, progress=0.5), Action(name="b", ok=False, progress=0.0),
             Action(name="c", ok=True, progress=0.5), Action(name="d", ok=True, progress=1.0, success=True))
    made = Episode(world="minihome", turns=tuple(Turn(index=place, actions=(action,)) for place, action in enumerate(steps)))

    assert shaped(made) == (Shaped(subgoal=1.0), Shaped(behaviour=-0.5), Shaped(), Shaped(success=3.0, subgoal=1.0))
    assert (shaped_return(made), shaped_return(made, is_dense=False)) == (4.5, 3.0)
    assert shaped_return(made.model_copy(update={"world": "eb_manipulation"})) == 3.0
    assert shaped_return(Episode(turns=(made.turns[3], made.turns[3]))) == 4.0  # a task is done once


@pytest.mark.parametrize(("made", "kind"), [
    pytest.param(turns(failed("open the Fridge")), [("invalid action", 1)], id="failed"),
    pytest.param(turns(done("find a Mug"), failed("pick up the Mug"), failed("pick up the Mug")),
                 [("invalid action", 2), ("reflection error", 1)], id="again"),
    pytest.param(turns(failed("pick up the Mug")), [("invalid action", 1), ("missing step", 1)], id="pick without find"),
    pytest.param(turns(failed("put down the object in hand", "The fridge is closed.")), [("invalid action", 1), ("missing step", 1)],
                 id="put into closed"),
    pytest.param(turns(failed("find a Mug", "Cannot find Mug.")), [("invalid action", 1), ("insufficient exploration", 1)],
                 id="not found"),
    pytest.param(turns(failed("find a Mug", "Cannot find Mug."), done("find a Mug_2")), [("invalid action", 1)], id="another tried"),
    pytest.param(Episode(success=False, progress=0.5, turns=(Turn(index=0, parse="empty"),)), [("wrong termination decision", 1)],
                 id="empty plan"),
    pytest.param(Episode(success=False, turns=(Turn(index=0, parse="failed"),)), [("invalid action", 1)], id="unreadable"),
    pytest.param(Episode(success=False, turns=(Turn(index=0, planned=(Planned(id="3", name="find a Cup"),), actions=(
        Action(id="3", name="find a Mug"),)),)), [("action id mismatch", 1)], id="mismatch"),
    pytest.param(turns(failed("open the Fridge")).model_copy(update={"success": True}), [], id="a success")])
def test_a_log_suggests_why_an_episode_failed(made, kind):
    assert sorted(kinds(made)) == sorted(kind)


def test_the_table_tops_descriptions_are_held_against_the_true_objects():
    state = {"objects": [["star", "red", [40, 43, 18]], ["container", "navy", [60, 70, 17]]]}
    seen = "From left to right, I can see a blue star at [40, 43, 18] and a cube at [10, 10, 17]."
    made = Episode(success=False, turns=(Turn(index=0, state=state, sections={"visual_description": seen}, actions=(
        done("[40, 45, 30, 0, 60, 90, 1]"), done("[90, 90, 17, 0, 60, 90, 0]"))),))

    assert sorted(kinds(made)) == [("hallucination", 1), ("inaccurate action", 1), ("wrong recognition", 1)]


def test_every_suggestion_is_of_the_taxonomy():
    assert {(stage, kind) for stage, names in KINDS.items() for kind in names} >= {
        (one.stage, one.kind) for one in suggestions(turns(failed("pick up the Mug"), failed("pick up the Mug")))}


@pytest.mark.parametrize(("kind", "says"), [("apple", "An apple is described"), ("star", "A star is described")])
def test_what_is_described_has_its_article(kind, says):
    turn = Turn(index=0, state={"objects": [["cup", "red", [1, 2, 3]]]},
                sections={"visual_description": f"a red {kind} at [1, 2, 3]"})

    assert [one.why for one in suggestions(Episode(turns=(turn,)))] == [f"{says}, and there is none."]
