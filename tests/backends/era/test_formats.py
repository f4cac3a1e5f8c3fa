"""Every layout of the field is read as its files say, from a zip and from a folder alike."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from backends.episode import Planned
from backends.era.formats import SECOND, Brought, episode, found
from backends.era.formats.listing import ENVIRONMENTS
from backends.era.formats.seen import Frames
from backends.era.formats.sets import Pictures
from backends.files.archive import Files, joined, open_folder
from backends.files.logs import Notes
from tests.backends.era import made_logs
from tests.backends.era.made_logs import Logs, opened
from tests.backends.era.reading import ends, in_base, only, shape

OTHER_TRAINING = {name: content.replace(b"1.903211", b"9.999999") for name, content in made_logs.training().items()}
WITHOUT_VALUES = {name: content for name, content in made_logs.training().items() if "value" not in name}


def test_rows_of_eb_alfred_become_calls_with_what_was_cut_of_their_plans():
    run, entry, read = only(made_logs.alfred())

    assert (run.head.model, run.head.experiment, run.head.subset, run.head.environment) == ("vlm-3b", "baseline", "base", "eb_alfred")
    assert run.config is not None and run.config["n_shots"] == 10
    assert (entry.success, entry.progress, entry.steps, entry.planner_calls) == (True, 1.0, 6, 4)
    assert (entry.invalid, entry.output_errors) == (2, 1)
    assert shape(read.turns) == [("ok", 3, 2, "failure"), ("failed", 0, 0, ""), ("ok", 2, 2, ""), ("ok", 3, 2, "success")]
    assert (len(read.turns), read.num_steps, read.num_invalid) == (entry.planner_calls, entry.steps, entry.invalid)
    assert (read.success, read.progress, read.ended, read.notes, read.group) == (True, 1.0, "task done", (), "base")


def test_frames_stand_before_and_after_each_step():
    _, _, read = only(made_logs.alfred())

    assert ends([turn.frame for turn in read.turns]) == [f"episode_1_step_{step}.png" for step in (0, 2, 2, 4)]
    assert ends([action.frame for _, action in read.steps()]) == [f"episode_1_step_{step}.png" for step in range(1, 7)]


@pytest.mark.parametrize("folder", ["", "./", "my logs/", "a/b/c/d/"])
def test_any_number_of_folders_may_stand_above(folder):
    run, entry, read = only({folder + name: content for name, content in made_logs.alfred().items()})

    assert (run.head.model, run.head.experiment, run.head.subset) == ("vlm-3b", "baseline", "base")
    assert len(read.turns) == entry.planner_calls


def test_one_subset_zipped_alone_is_told_by_its_config():
    logs = {name.removeprefix("x/"): content for name, content in made_logs.alfred(root="x").items()}

    run, _, read = only(logs)

    assert (run.head.environment, run.head.model, run.head.experiment, run.head.subset) == ("eb_alfred", "vlm-3b", "baseline", "base")
    assert read.num_steps == 6


def test_a_model_may_stand_above_the_environment_and_rows_in_a_folder_of_their_own():
    root = "results/my-model/eb_alfred/base"
    rows = made_logs.lines(made_logs.alfred_rows())
    result = next(content for name, content in made_logs.alfred([1]).items() if name.endswith("final_res.json"))
    logs = {f"{root}/log/episode_1.json": rows, f"{root}/results/episode_1_final_res.json": result}

    run, entry, read = only(logs)

    assert (run.head.model, run.head.environment, run.head.subset) == ("my-model", "eb_alfred", "base")
    assert (len(read.turns), entry.success) == (4, True)


def test_an_unknown_subset_is_unknown_and_says_so():
    run, _, _ = only(made_logs.alfred(root="running/eb_alfred/vlm-3b_baseline/my_own"))

    assert run.head.subset == "unknown"
    assert "subset is unknown" in run.notes[0]


def test_habitats_lists_of_one_and_truth_values_are_read():
    run, entry, read = only(made_logs.habitat())

    assert (run.head.environment, entry.success, read.success, entry.steps) == ("eb_habitat", True, True, 2)
    assert [action.seconds for _, action in read.steps()] == [11.4, 21.4]
    assert [action.success for _, action in read.steps()] == [False, True]
    assert read.reported["subgoal_reward"] == 0.5


def test_eras_thoughts_without_actions_are_a_call_each_even_where_they_repeat():
    _, _, read = only(made_logs.era_alfred())

    assert shape(read.turns) == [("ok", 0, 1, "")] * 3
    assert read.turns[0].sections["reasoning_and_reflection"] == "Note: it is dirty."
    assert read.notes == ()


def test_navigation_shows_the_last_of_many_attempts():
    _, entry, read = only(made_logs.navigation(attempts=19))

    assert (read.num_steps, len(read.turns), read.success, entry.steps) == (4, 2, True, 4)
    assert "The file holds 18 earlier attempts; the last one is shown." in read.notes
    assert ends([action.frame for _, action in read.steps()])[0] == "episode_1_step_1_20260101_101801_front.png"
    assert read.turns[0].actions[0].state == {"distance": 1.9}


def test_an_attempt_of_one_step_is_an_attempt_too():
    logs = made_logs.navigation()
    row = json.dumps(made_logs.nav_row(1, 1.0, "Walk on."))  # earlier by the clock, and yet the step is the same
    logs = {name: f"{row}\n".encode() + content if name.endswith("episode_1.json") else content for name, content in logs.items()}

    _, entry, read = only(logs)

    assert (read.num_steps, entry.steps) == (4, 4) and "The file holds 1 earlier attempt; the last one is shown." in read.notes


def test_frames_from_one_with_a_hole_are_shifted_all_the_same():
    notes = Notes()
    frames = Frames([f"images/episode_1/episode_1_step_{step}.png" for step in (1, 2, 4, 5, 6)], num_steps=5, notes=notes)

    assert frames.after(0).endswith("step_1.png") and frames.after(5).endswith("step_6.png") and frames.after(2) == ""
    assert notes.all()[-1] == "The frame of step 2 is missing."


def test_navigation_with_texts_for_replies_is_cut_at_blank_lines():
    logs = {"running/eb_nav/test_base/episode_3.json": made_logs.nav_rows(2, plan="Walk on.")}

    run, entry, read = only(logs)

    assert (run.head.environment, run.head.model, run.head.subset) == ("eb_navigation", "", "base")
    assert [len(turn.actions) for turn in read.turns] == [2, 2]
    assert (entry.steps, entry.success, read.turns[0].reply) == (4, True, "Walk on.")


def test_a_run_without_a_folder_of_its_name_is_told_by_what_is_in_it():
    bare = {name.rpartition("base/")[2]: content for name, content in made_logs.navigation().items()}
    without_rows = {name: content for name, content in bare.items() if name != "episode_1.json"}
    kept = {name.rpartition("base/")[2]: content for name, content in made_logs.habitat().items()}

    told = [found(opened(logs)).runs[0].head for logs in (bare, without_rows, kept)]

    assert [(head.environment, head.layout) for head in told] == [
        ("eb_navigation", "navigation"), ("eb_navigation", "navigation"), ("eb_habitat", "rows")]


def test_the_challenges_zip_needs_no_results():
    files = opened(made_logs.challenge())
    runs = found(files).runs

    assert [(run.head.environment, run.head.experiment, run.head.model) for run in runs] == [
        ("eb_alfred", "team_run", ""), ("eb_navigation", "team_run", "")]
    assert [(entry.steps, entry.success, entry.invalid, entry.output_errors) for entry in runs[0].entries] == [(6, True, 2, 1)] * 2
    assert [entry.planner_calls for run in runs for entry in run.entries] == [4, 4, 2, 2]
    assert len(episode(files, runs[0].entries[1]).turns) == 4


def test_a_wrappers_sets_come_as_lists():
    _, entry, read = only(made_logs.wrapper())

    assert (entry.instruction, entry.success, entry.progress, entry.steps) == ("Put the bowl away.", True, 1.0, 2)
    assert read.turns[0].actions[0].state == {"visible": ["Fridge"], "held": [], "open": ["Fridge"]}
    assert read.turns[1].actions[0].state == {"summary": "The bowl is in the fridge."}
    assert ends([action.frame for _, action in read.steps()]) == ["frame_001.png", "frame_002.png"]
    assert read.turns[1].frame == read.turns[0].actions[0].frame


WRAPPED = made_logs.wrapper()["agent_outputs/eb_alfred/episode_1/log.json"]


@pytest.mark.parametrize(("logs", "steps"), [
    pytest.param(in_base(made_logs.alfred_episode(1)), 6, id="steps"),
    pytest.param(in_base({"episode_1_step_6.json": made_logs.alfred_episode(1)["episode_1_step_6.json"]}), 6, id="steps alone"),
    pytest.param({"running/eb_nav/m_x/base/episode_1.json": made_logs.nav_rows()}, 4, id="navigation"),
    pytest.param(made_logs.manipulation([1]), 4, id="table")])
def test_what_the_benchmark_logged_is_read_and_not_a_wrappers_log_beside_it(logs, steps):
    root = next(name for name in logs if "episode_1" in name).partition("/results/")[0].partition("/episode_1")[0]

    run, entry, read = only(logs | {f"{root}/episode_1/log.json": WRAPPED, f"{root}/episode_2/log.json": WRAPPED})

    assert (read.num_steps, entry.steps, read.notes) == (steps, steps, only(logs)[2].notes)
    other = episode(opened({f"{root}/episode_2/log.json": WRAPPED}), run.entries[1])
    assert (other.num_steps, other.instruction, other.layout, run.entries[1].steps) == (2, "Put the bowl away.", "wrapper", 2)


def test_a_wrappers_log_is_read_beside_an_episode_of_something_else():
    _, _, read = only(made_logs.wrapper() | {"agent_outputs/eb_alfred/episode_1.json": b'{"title": "Pilot"}'})

    assert (read.num_steps, read.layout) == (2, "wrapper")


def test_vagens_dump_is_a_turn_per_reply():
    run, entry, read = only(made_logs.vagen() | made_logs.vagen(9))

    assert (len(run.entries), entry.seed, entry.success, read.world) == (2, 7, True, "FrozenLake")
    assert [(turn.thought, turn.answer) for turn in read.turns] == [("The goal is right.", "right"), ("Down now.", "down")]
    assert [(action.ok, action.rewards["environment"]) for _, action in read.steps()] == [(True, 0.1), (False, 1.0)]
    assert (read.instruction, read.ended) == ("reach the goal.", "done")
    assert "You walk on ice." in read.turns[0].prompt and read.turns[1].prompt == "You moved right."
    assert ends([read.turns[0].frame, read.turns[1].actions[0].frame]) == ["turn_01_01.png", "turn_03_01.png"]


def test_a_training_is_joined_with_its_values_and_advantages():
    files = opened(made_logs.training())
    train, validation = found(files).runs

    first, second = (episode(files, entry) for entry in train.entries)

    assert [(entry.head.subset, entry.seed, entry.instruction) for entry in train.entries] == [
        ("complex_instruction", 307, "Put a mug away."), ("base", 42, "Put a mug away.")]
    assert [(turn.value, turn.advantage, turn.rewards) for turn in first.turns] == [
        (1.903211, 4.412345, {"training": 1.0}), (1.700001, -1.100203, {"training": -0.5})]
    assert [(action.id, action.name, action.ok) for _, action in first.steps()] == [
        ("14", "find a Mug", True), ("97", "pick up the Mug", False)]
    assert [turn.value for turn in second.turns] == [None, None]
    assert episode(files, validation.entries[0]).turns[0].value is None
    assert validation.entries[0].head.subset == "spatial"


@pytest.mark.parametrize(("logs", "values"), [
    pytest.param(made_logs.below("a", made_logs.training()) | made_logs.below("b", OTHER_TRAINING), [1.903211, 9.999999], id="two"),
    pytest.param({name.replace("checkpoints/advantage", "advantage"): content for name, content in OTHER_TRAINING.items()}
                 | made_logs.below("a", made_logs.training()), [1.903211, 9.999999], id="one above"),
    pytest.param(made_logs.below("a", made_logs.training()) | made_logs.below("b", WITHOUT_VALUES), [1.903211, None], id="one")])
def test_a_training_has_its_own_values(logs, values):
    files = opened(logs)
    runs = [run for run in found(files).runs if "validation" not in run.head.experiment]

    assert sorted((episode(files, run.entries[0]).turns[0].value for run in runs), key=str) == values
    assert ["advantage_value_log.txt is missing: values and advantages are not known." in episode(files, run.entries[0]).notes
            for run in runs] == [episode(files, run.entries[0]).turns[0].value is None for run in runs]


def test_a_training_beside_another_has_its_own_values():
    for second, value in ((OTHER_TRAINING, 9.999999), (WITHOUT_VALUES, None)):
        files = joined(opened(made_logs.training()), opened(second), below=SECOND)
        first, _, other, _ = found(files).runs

        assert [episode(files, run.entries[0]).turns[0].value for run in (first, other, first)] == [1.903211, value, 1.903211]


def test_a_reward_of_another_step_is_no_turns_reward():
    text = made_logs.conversation().decode().replace("# Step 1: Reward=1", "# Step 7: Reward=1")

    _, _, read = only({"conversation_history_step_4.txt": text.encode()})

    assert [turn.rewards for turn in read.turns] == [{}, {"training": -0.5}]


def test_a_training_of_the_table_top_has_its_own_order_of_subsets():
    text = made_logs.conversation().decode().replace("[14, 'find a Mug']<", "[40, 43, 26, 0, 60, 90, 1]<")

    run, entry, _ = only({"conversation_history_step_4.txt": text.encode()})

    assert (run.head.environment, entry.head.subset) == ("eb_manipulation", "spatial")


def test_trajectory_sets_find_their_pictures_below_any_folder():
    run, entry, read = only(made_logs.trajectories())

    assert (run.head.model, run.head.subset, run.head.environment, len(run.entries)) == ("vlm-72b", "base", "eb_alfred", 2)
    assert (entry.number, entry.success, entry.steps, entry.planner_calls) == (1, True, 2, 2)
    assert [planned.id for planned in read.turns[0].planned] == ["14", "97"]
    assert (read.turns[0].frame, read.turns[1].parse) == ("data/images/base/episode_1/step_0.png", "empty")
    assert episode(opened(made_logs.trajectories()), run.entries[1]).turns[0].frame == "data/images/base/episode_2/step_0.png"


@pytest.mark.parametrize("maker", [made_logs.trajectories, made_logs.prior], ids=lambda maker: maker.__name__)
def test_a_data_set_beside_another_shows_its_own_pictures_or_none(maker):
    logs = maker()
    own = [turn.frame for turn in only(logs)[2].turns]
    alone = {name: content for name, content in logs.items() if name.endswith(".json")}

    for second, due in ((logs, [f"{SECOND}/{name}" for name in own]), (alone, ["" for _ in own])):
        files = joined(opened(logs), opened(second), below=SECOND)
        one, other = found(files).runs

        assert all(own) and [turn.frame for turn in episode(files, other.entries[0]).turns] == due
        assert [turn.frame for turn in episode(files, one.entries[0]).turns] == own


def test_of_pictures_that_fit_a_path_equally_the_nearest_to_the_data_set_is_shown():
    files = opened(made_logs.below("a", made_logs.trajectories()) | made_logs.below("b/c", made_logs.trajectories()))

    frames = [episode(files, run.entries[0]).turns[0].frame for run in found(files).runs]

    assert frames == [f"{folder}/data/images/base/episode_1/step_0.png" for folder in ("a", "b/c")]


@pytest.mark.parametrize(("path", "name"), [
    ("images/ep/1.png", "x/images/ep/1.png"), ("/home/me/ep/1.png", "ep/1.png"), ("C:\\me\\ep\\1.png", "ep/1.png"), ("2.png", ""),
    ("", ""), (None, ""), (["far/1.png"], "y\\far\\1.png"), ("elsewhere/1.png", "1.png")])
def test_a_picture_is_the_one_that_shares_the_longest_end(path, name):
    pictures = Pictures(("x/images/ep/1.png", "ep/1.png", "y\\far\\1.png", "1.png"), beside="set.json")

    assert pictures.named(path) == name


def test_samples_to_learn_from_are_put_together_to_episodes():
    files = opened(made_logs.prior())
    entries = found(files).runs[0].entries

    first, question = episode(files, entries[0]), episode(files, entries[1])

    assert [entry.planner_calls for entry in entries] == [2, 1, 1]
    assert [(turn.planned, turn.frame) for turn in first.turns] == [
        ((Planned(id="14", name="find a Mug"),), "images/ep3/step_0.png"),
        ((Planned(id="97", name="pick up the Mug"),), "images/ep3/step_1.png")]
    assert first.turns[0].actions[0].feedback == "Last action executed successfully."
    assert first.turns[0].reply.endswith("<|action_start|>[14, 'find a Mug']<|action_end|>")
    assert (question.turns[0].answer, question.turns[0].actions) == ("A mug.", ())


def test_splits_are_named_although_they_hold_no_episode():
    brought = found(opened({"splits.json": made_logs.splits()}))

    assert (brought.runs, {name: len(tasks) for name, tasks in brought.splits.items()}) == ((), {"base": 1, "long_horizon": 1})
    task = brought.splits["base"][0]
    assert (task.kind, task.object, task.movable, task.target, task.scene, task.repeat) == (
        "pick_clean_then_place_in_recep", "Ladle", "", "DiningTable", "4", 2)


def test_no_frame_is_read_neither_for_the_list_nor_for_an_episode():
    zipped = opened(made_logs.alfred() | made_logs.manipulation() | made_logs.navigation() | made_logs.vagen() |
                    made_logs.trajectories())
    read: list[str] = []

    def reading(name: str) -> bytes:
        read.append(name)
        return zipped.read(name)

    files = Files(zipped.names, reading)
    for run in found(files).runs:
        for entry in run.entries:
            episode(files, entry)

    assert read and not [name for name in read if name.endswith(".png")]


@pytest.mark.parametrize("second", [made_logs.alfred(), made_logs.manipulation(), made_logs.wrapper(), made_logs.vagen(),
                                    made_logs.training(), made_logs.trajectories(), {"results/episode_1_res.json": b"{}"}])
@pytest.mark.parametrize("first", [made_logs.navigation(), made_logs.vagen(), made_logs.below("zzz", made_logs.alfred())])
def test_logs_beside_others_say_what_they_say_alone_and_come_after_them(first, second):
    alone, beside = opened(second), joined(opened(first), opened(second), below=SECOND)

    runs, own = found(beside).runs, found(alone).runs
    count = len(found(opened(first)).runs)
    assert [run.title for run in runs[:count]] == [run.title for run in found(opened(first)).runs]
    assert [run.title for run in runs[count:]] == [f"{run.title} · {SECOND}" for run in own]
    for one, other in zip(runs[count:], own):
        assert replace(one.head, root="") == replace(other.head, root="") and len(one.entries) == len(other.entries)
        read, due = episode(beside, one.entries[0]), episode(alone, other.entries[0])
        assert [turn.reply for turn in read.turns] == [turn.reply for turn in due.turns] and read.agent == due.agent
        assert [action.name for _, action in read.steps()] == [action.name for _, action in due.steps()]


def test_a_wrappers_frame_by_its_whole_path_is_of_its_own_upload():
    logs = made_logs.wrapper()
    (name, content), *_ = logs.items()
    told = logs | {name: content.replace(b"frame_001.png", b"elsewhere/frame_009.png"), "elsewhere/frame_009.png": made_logs.PNG}
    beside = joined(opened(told), opened(told), below=SECOND)

    frames = [episode(beside, run.entries[0]).turns[0].actions[0].frame for run in found(beside).runs]
    assert frames == ["elsewhere/frame_009.png", f"{SECOND}/elsewhere/frame_009.png"]


def test_everything_in_one_archive_is_found_and_a_folder_is_read_as_a_zip(tmp_path, monkeypatch):
    makers: list[Callable[[], Logs]] = [made_logs.alfred, made_logs.habitat, made_logs.manipulation, made_logs.navigation,
                                        made_logs.vagen, made_logs.training, made_logs.trajectories]
    logs = {name: content for maker in makers for name, content in maker().items()}
    for name, content in logs.items():
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_bytes(content)
    monkeypatch.setenv("ORRERY_DATA_DIR", str(tmp_path))

    def told(brought: Brought) -> list[tuple[str, int]]:
        return [(run.title, len(run.entries)) for run in brought.runs]

    zipped, folder = opened(logs), open_folder("mine")

    assert told(found(zipped)) == told(found(folder))
    assert {run.head.environment for run in found(zipped).runs} == {*ENVIRONMENTS, "FrozenLake"}
    for one, other in zip(found(zipped).runs, found(folder).runs):
        assert episode(zipped, one.entries[0]) == episode(folder, other.entries[0])
