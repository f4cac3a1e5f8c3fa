"""Actions of the table top come from the agent's replies, step by step, and what does not fit is told."""

import json

from backends.era.formats import episode, found
from backends.era.formats.seen import views
from tests.backends.era import made_logs
from tests.backends.era.made_logs import POSES, Logs, below, opened, table_reply
from tests.backends.era.reading import ends, only, shape


def test_poses_are_taken_from_the_replies_in_order():
    run, entry, read = only(made_logs.manipulation())

    assert (run.head.layout, run.head.model, run.head.experiment, run.head.subset) == ("manipulation", "vlm-3b", "baseline", "visual")
    assert [action.name for _, action in read.steps()] == [str(pose) for pose in POSES]
    assert [action.ok for _, action in read.steps()] == [True, True, False, True]
    assert [action.rewards for _, action in read.steps()] == [{"environment": reward} for reward in (0.0, 0.0, -1.0, 1.0)]
    assert (len(read.turns), read.num_steps, entry.invalid, read.progress, read.notes) == (2, 4, 1, None, ())
    assert ends([turn.frame for turn in read.turns]) == [f"episode_1_step_{step}_front_rgb_annotated.png" for step in (0, 2)]
    assert ends([action.frame for _, action in read.steps()]) == [f"episode_1_step_{step}_front_rgb.png" for step in range(1, 5)]


def test_all_pictures_of_a_step_are_found_by_their_view():
    files = opened(made_logs.manipulation())
    frame = episode(files, found(files).runs[0].entries[0]).turns[0].frame

    assert set(views(frame, files.names)) == {"front_rgb", "front_rgb_annotated"}


def test_eras_fork_of_the_table_top_is_read():
    _, entry, read = only(made_logs.era_manipulation())

    assert [action.name for _, action in read.steps()] == [str(pose) for pose in POSES]
    assert (len(read.turns), read.notes, entry.planner_calls) == (4, (), 4)


def in_visual(logs: Logs) -> Logs:
    return below("running/eb_manipulation/vlm-3b/baseline/visual", logs)


def test_an_unreadable_reply_takes_one_random_step():
    replies = [table_reply(["move up"]), "I cannot.", table_reply(str([POSES[0], POSES[1]]))]
    result = made_logs.table_episode(1, replies, annotated=(0, 1, 2), planner_steps=3, planner_output_error=2)

    _, entry, read = only(in_visual(result))

    assert shape(read.turns) == [("failed", 0, 1, ""), ("failed", 0, 1, ""), ("ok", 2, 2, "")]
    assert [action.name for _, action in read.steps()][:2] == ["random action"] * 2
    assert entry.output_errors == 2
    assert any("2 steps at random" in note for note in read.notes)


def test_an_empty_plan_adds_an_entry_without_a_step():
    replies = [table_reply(str(list(POSES))), table_reply("[]")]
    _, entry, read = only(in_visual(made_logs.table_episode(
        1, replies, annotated=(0, 4), reward=[0.0, 0.0, -1, 0.0, 0.0], action_success=[1.0, 1.0, 0.0, 1.0, 0.0], task_success=0.0,
        planner_output_error=-1)))

    assert shape(read.turns) == [("ok", 4, 4, ""), ("empty", 0, 0, "")]
    assert (read.num_steps, read.ended, entry.output_errors, read.reported["planner_output_error"]) == (4, "empty plan", 0, -1)
    assert [note for note in read.notes if "counts" in note] == ["The log counts an empty plan as -1 output errors."]
    assert entry.invalid == 1


def test_an_empty_plan_alone_is_no_invalid_action():
    _, entry, read = only(in_visual(made_logs.table_episode(
        1, [table_reply("[]")], annotated=(0,), reward=[0.0], action_success=[0.0], task_success=0.0, num_steps=0, planner_steps=1,
        planner_output_error=-1)))

    assert (entry.steps, entry.invalid, entry.output_errors) == (0, 0, 0) == (read.num_steps, read.num_invalid, 0)


def test_where_the_number_of_steps_is_not_told_all_that_are_listed_count():
    _, entry, _ = only(in_visual(made_logs.table_episode(1) | {"results/episode_1_res.json": json.dumps(
        {name: value for name, value in made_logs.table_result().items() if name != "num_steps"}).encode()}))

    assert (entry.steps, entry.invalid) == (None, 1)


def test_a_plan_longer_than_the_steps_is_cut():
    replies = [table_reply(str(list(POSES))), table_reply(str(list(POSES)))]
    cut = made_logs.table_episode(1, replies, annotated=(0, 4), num_steps=6, reward=[0.0] * 6, action_success=[1.0] * 6)

    _, _, read = only(in_visual(cut))

    assert shape(read.turns) == [("ok", 4, 4, ""), ("ok", 4, 2, "success")]


def test_missing_replies_leave_steps_unknown():
    logs = {name: content for name, content in made_logs.manipulation([1]).items() if "planner_output" not in name}

    _, _, read = only(logs)

    assert [action.name for _, action in read.steps()] == [""] * 4
    assert [action.frame != "" for _, action in read.steps()] == [True] * 4
    assert "are missing" in read.notes[0]


def test_without_a_result_all_that_was_planned_is_shown():
    logs = made_logs.table_episode(1, [table_reply(str(list(POSES))), table_reply("[]")])

    _, entry, read = only(in_visual({name: content for name, content in logs.items() if not name.endswith("_res.json")}))

    assert shape(read.turns) == [("ok", 4, 4, ""), ("empty", 0, 0, "")]
    assert (entry.success, read.success, [action.ok for _, action in read.steps()]) == (None, None, [None] * 4)


def test_frames_with_boxes_that_do_not_fit_the_plans_are_told():
    _, _, read = only(in_visual(made_logs.table_episode(1, annotated=(0, 3))))

    assert any("do not stand where the plans begin" in note for note in read.notes)


def test_replies_that_are_missing_are_asked_for_by_name():
    logs = {name: content for name, content in made_logs.manipulation().items() if "planner_output" not in name}

    files = opened(logs)

    read = episode(files, found(files).runs[0].entries[0])

    assert any("'running/eb_manipulation/vlm-3b/baseline/visual/results/planner_output_episode_1.txt'" in note for note in read.notes)
