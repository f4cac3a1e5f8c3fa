"""Our own log is read back as it was written, and as RAGEN's own record is."""

import json

import numpy as np
import pytest

from backends.episode import Action, Episode, Planned, Turn
from backends.files.archive import single
from backends.ragen.formats import found, rollout
from backends.ragen.formats.writing import log_files, metrics_line, rollout_line
from backends.ragen.rollouts import ENVIRONMENT, FORMAT, Rollout
from tests.backends.ragen import made_rollouts as made
from tests.backends.ragen.made_rollouts import LAST, NEXT, START, every, opened

RUN = {"config": {"learning_rate": 0.001}, "version": "1.2", "seeds": [0, 1]}
ODD = made.record(env_id=9, penalty=-0.2, tag="Bandit", history=[
    made.played("arms A B", 1, [], 0.0, "no form at all"),
    made.played("arms A B", 1, ["Dragon"], 0.25, "<think></think><answer>x</answer>"), {"state": "", "actions_left": 0}])


def log(rollouts: list[Rollout]) -> dict[str, bytes]:
    return log_files(rollouts, [(0, {"success": 0.5, "in_group_std": 0.2}), (1, {"success": float("nan"), "in_group_std": 0.1})],
                     config={"learning_rate": 0.001}, version="1.2", seeds=[0, 1])


def a_rollout() -> Rollout:
    """A rollout with everything that is known of one that was just played."""
    turn = Turn(
        index=0, state={"text": START, "actions_left": 10, "noise": [1, 2]}, prompt="<user> …",
        reply="<think>a</think><answer>Right || up</answer>", thought="a", answer="Right || up", parse="ok",
        planned=(Planned(id="3", name="Right"), Planned(name="up")),
        actions=(Action(id="3", name="Right", step=1, ok=False, feedback="slipped", success=False, rewards={ENVIRONMENT: 0.25}),),
        rewards={FORMAT: -0.1}, value=0.5, advantage=1.5, token_ids=np.array([1, 2, 3]), logprobs=np.array([-0.5, -1.0, 0.0]),
        mask=np.array([False, True, True]), kept=True)
    episode = Episode(world="FrozenLake", seed=10_003, number=5, instruction="Reach the goal.", group="2", source="uploaded",
                      layout="log", turns=(turn,), success=False, ended="step limit", reported={"n_tokens": 2.0})
    return Rollout(iteration=7, group=2, member=5, tag="FrozenLake", score=0.15, penalty=-0.1, kept=False, advantage=-0.75,
                   entropies=((0.5, 0.25),), final={"text": NEXT, "actions_left": 9}, episode=episode)


@pytest.mark.parametrize("row", [
    made.record(), made.record(iter=4, kept=True, advantage=0.5, seed=11), ODD, made.record(penalty=-0.7)])
def test_ragens_record_keeps_states_rewards_and_penalties_on_its_way_through_our_log(row):
    first, = every({"r.jsonl": made.lines([row])})
    again, = every(log([first]))

    assert again.states == first.states and again.final == first.final
    assert (again.score, again.penalty, again.group, again.member, again.kept, again.advantage) == (
        first.score, first.penalty, first.group, first.member, first.kept, first.advantage)
    for one, other in zip(first.episode.turns, again.episode.turns, strict=True):
        assert (other.rewards, other.reply, other.thought, other.answer, other.parse) == (
            one.rewards, one.reply, one.thought, one.answer, one.parse)
        assert (other.planned, other.actions, other.state) == (one.planned, one.actions, one.state)
    assert (again.episode.success, again.episode.total_reward) == (first.episode.success, first.episode.total_reward)


def test_what_is_read_of_our_log_is_written_as_the_same_bytes_again():
    first = log([read.model_copy(update={"iteration": 3}) for read in every({"r.jsonl": made.lines([made.record(), ODD])})])

    assert log(every(first)) == first


def test_everything_that_is_known_of_a_rollout_comes_back():
    due = a_rollout()
    read, = every(log([due]))

    assert read.missing == ()
    turn, told = read.episode.turns[0], due.episode.turns[0]
    for name in ("token_ids", "logprobs", "mask"):
        np.testing.assert_array_equal(getattr(turn, name), getattr(told, name))
    bare = {"token_ids": None, "logprobs": None, "mask": None}
    turns = (told.model_copy(update=bare),)
    read_turns = (turn.model_copy(update=bare),)
    reported = {**due.episode.reported, "FrozenLake/success": 0.0}
    assert read.model_copy(update={"episode": read.episode.model_copy(update={"turns": read_turns})}) == due.model_copy(
        update={"episode": due.episode.model_copy(update={"turns": turns, "reported": reported})})


def test_a_line_of_ours_is_ragens_record_to_other_tools():
    row = json.loads(rollout_line(a_rollout()))
    turn, last = row["history"]

    assert (row["env_id"], row["group_id"], row["tag"], row["penalty"], row["metrics"]["FrozenLake/success"]) == (
        5, 2, "FrozenLake", -0.1, 0.0)
    assert (turn["state"], turn["actions_left"], turn["actions"], turn["reward"]) == (START, 10, [3], 0.25)
    assert turn["info"] == {"action_is_effective": False, "action_is_valid": False, "success": False}
    assert (turn["llm_response"], turn["n_tokens"], turn["valid"]) == ("<think>a</think><answer>Right || up</answer>", 2, False)
    assert last == {"state": NEXT, "actions_left": 9}


def test_a_log_has_its_configuration_and_its_curves():
    brought = found(opened(log([a_rollout()])))

    assert brought.configs == {"": RUN}
    assert (brought.entries[0].layout, brought.entries[0].iteration, brought.entries[0].kept) == ("log", 7, False)
    assert {name: (curve.iterations, curve.values, curve.metric) for name, curve in brought.curves.items()} == {
        "success": ((0,), (0.5,), "success"), "in_group_std": ((0, 1), (0.2, 0.1), "in_group_std")}


def test_a_training_can_add_lines_and_a_line_that_is_being_written_is_passed_over():
    content = metrics_line(0, {"success": 0.5}) + metrics_line(1, {"success": 0.75}) + metrics_line(2, {"success": 1.0})[:12]

    brought = found(single("metrics.jsonl", content.encode()))

    assert brought.curves["success"].values == (0.5, 0.75)
    assert brought.notes == ("The last line of metrics.jsonl is cut off: it is left out.",)


def test_a_number_that_is_not_finite_is_written_as_json_has_it():
    assert metrics_line(1, {"a": float("nan"), "b": float("inf"), "c": 0.5, "d": None}) == (
        '{"iter": 1, "a": null, "b": null, "c": 0.5, "d": null}\n')


def test_other_layouts_are_kept_by_our_log_too():
    logs = {"20.jsonl": made.lines([made.sample()]), "v.jsonl": made.lines([made.conversation()]), **made.page()}
    reads = every(logs)

    for first in reads:
        again, = every(log([first]))
        assert (again.states, again.score) == (first.states, first.score)
        assert [(turn.rewards, turn.thought, turn.answer) for turn in again.episode.turns] == [
            (turn.rewards, turn.thought, turn.answer) for turn in first.episode.turns]


def test_the_last_state_of_a_rollout_is_the_one_after_its_last_turn():
    read = rollout(files := single("r.jsonl", made.lines([made.record()])), found(files).entries[0])

    assert read.states[-1] == LAST and read.final == {"text": LAST, "actions_left": 8}
