"""Logs as a run shows them: which iteration and group, what is said of the rest, and what is refused."""

from pathlib import Path

import pytest

from backends.files.archive import zipped
from backends.ragen import reading
from backends.ragen.results import MAX_LISTED, MAX_SHOWN, Logs, RagenResult
from backends.ragen.run import run
from backends.ragen.settings import RagenSettings
from backends.run import Inputs, last
from tests.backends.ragen import made_rollouts as made
from worlds.errors import InputError


def shown(folder: Path, logs: dict[str, bytes], **changes: object) -> RagenResult:
    (folder / "logs.zip").write_bytes(zipped(logs))
    result = last(run(RagenSettings(task="logs", file="upload:logs.zip", **changes), Inputs({"logs.zip": folder / "logs.zip"})))
    assert isinstance(result, RagenResult) and isinstance(result.logs, Logs)
    return result


def of_iterations(*iterations: int, groups: tuple[int, ...] = (0,), members: int = 1) -> dict[str, bytes]:
    rows = [made.record(group_id=group, env_id=member) for group in groups for member in range(members)]
    return {f"{iteration}.jsonl": made.lines(rows) for iteration in iterations}


def test_the_first_iteration_and_its_first_group_are_shown_where_none_is_named(tmp_path):
    logs = shown(tmp_path, of_iterations(7, 3, groups=(4, 2), members=2)).logs

    assert (logs.iterations, logs.at, logs.groups, logs.group) == ((3, 7), 3, (2, 4), 2)
    assert (logs.num_rollouts, len(logs.entries), len(logs.rollouts)) == (8, 4, 2)
    assert {(one.iteration, one.group) for one in logs.rollouts} == {(3, 2)}


def test_another_iteration_and_group_are_shown_by_their_numbers(tmp_path):
    logs = shown(tmp_path, of_iterations(3, 7, groups=(2, 4)), at=7, group=4).logs

    assert {(one.iteration, one.group) for one in logs.rollouts} == {(7, 4)}


@pytest.mark.parametrize(("changes", "said"), [
    ({"at": 5}, "There is no iteration 5 in these logs. There are 3, 7."),
    ({"group": 9}, "There is no group 9 in these logs. There are 2, 4.")], ids=["iteration", "group"])
def test_what_is_not_in_the_logs_is_refused_with_what_is(tmp_path, changes, said):
    with pytest.raises(InputError) as refused:
        shown(tmp_path, of_iterations(3, 7, groups=(2, 4)), **changes)

    assert str(refused.value) == said


def test_turns_and_actions_of_all_that_is_shown_are_bounded_together(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MAX_DONE_SHOWN", 20)

    result = shown(tmp_path, of_iterations(1, members=9))

    done = [1 + len(turn.planned) + len(turn.actions) for one in result.logs.rollouts for turn in one.episode.turns]
    assert len(result.logs.entries) == 9 and 20 - sum(done) / len(result.logs.rollouts) < sum(done) <= 20  # one more would not fit
    assert result.notes[-1] == (f"Of the episodes of this group {len(result.logs.rollouts)} are shown whole: at most 20 turns and "
                                "actions are, of all together.")


def test_one_episode_is_one(tmp_path):
    assert [shown(tmp_path, of_iterations(1, members=many)).brief for many in (1, 2)] == ["1 episode", "2 episodes"]


def test_of_many_iterations_some_are_named_in_the_refusal(tmp_path):
    with pytest.raises(InputError, match=r"There are 0, 1, 2, 3, 4, 5, 6, 7, \.\.\.\.$"):
        shown(tmp_path, of_iterations(*range(12)), at=99)


def test_as_many_rollouts_are_read_whole_as_may_be_shown_and_all_are_counted(tmp_path):
    logs = shown(tmp_path, of_iterations(1, members=MAX_SHOWN + 6)).logs

    assert len(logs.rollouts) == MAX_SHOWN and logs.num_rollouts == len(logs.entries) == MAX_SHOWN + 6 < MAX_LISTED


def test_the_commonest_thoughts_of_what_is_shown_are_counted(tmp_path):
    logs = shown(tmp_path, of_iterations(1, members=3)).logs

    assert [(one.thought, one.count) for one in logs.repeated] == [("down", 3), ("hm", 3)]


def test_scalars_alone_are_curves_without_rollouts(tmp_path):
    logs = shown(tmp_path, {"history.csv": b"_step,train/FrozenLake/success,actor/entropy_loss\n0,0.1,0.7\n1,0.2,0.6\n"}).logs

    assert logs.num_rollouts == 0 and logs.at is None and not logs.rollouts
    assert {curve.metric: curve.values for curve in logs.curves.values()} == {"success": (0.1, 0.2), "entropy": (0.7, 0.6)}


def test_a_zip_that_holds_no_logs_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(InputError) as refused:
        shown(tmp_path, {"letter.txt": b"Dear reader"})

    assert "\n" not in str(refused.value) and str(refused.value).endswith(".") and len(str(refused.value)) < 600


def test_a_damaged_line_is_left_out_and_said(tmp_path):
    good = of_iterations(1, members=2)
    result = shown(tmp_path, {"1.jsonl": good["1.jsonl"] + b'{"env_id": 3, "history": [\n'})

    assert result.logs.num_rollouts == 2 and any("1.jsonl" in note for note in result.notes)


def test_the_result_says_which_layouts_it_read(tmp_path):
    result = shown(tmp_path, of_iterations(1))

    assert result.logs.layouts == ("RAGEN's internal record",) and result.model_id == "RAGEN's internal record"
    assert not result.is_miniature and result.brief == "1 episode"
