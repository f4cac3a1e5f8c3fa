"""Logs that were cut off, written twice, half lost or meant to harm: what exists is shown, and only one sentence is ever raised."""

import gc
import json
import random
from collections.abc import Callable

import pytest

from backends.episode import MAX_TURNS, Episode
from backends.era.formats import SECOND, Entry, calls, episode, found, index
from backends.era.logs import chosen, line_of
from backends.era.replies import Reply, read_reply
from backends.era.settings import EraSettings
from backends.files import logs as reading
from backends.files.archive import Files, ZipLimits, joined
from tests.backends.era import made_logs
from tests.backends.era.made_logs import FIND, FIRST, PICK, PNG, Logs, alfred_episode, below, frames, lines, opened, reply, row
from tests.backends.era.reading import shape
from tests.backends.files.damage import damaged
from worlds.errors import InputError

ROOT = "running/eb_alfred/vlm-3b_baseline/base"
MAKERS: list[Callable[[], Logs]] = [
    made_logs.alfred, made_logs.habitat, made_logs.era_alfred, made_logs.manipulation, made_logs.era_manipulation,
    made_logs.navigation, made_logs.challenge, made_logs.wrapper, made_logs.vagen, made_logs.training, made_logs.trajectories,
    made_logs.prior]


def first(logs: Logs) -> tuple[Entry, Episode]:
    files = opened(logs)
    entry = found(files).runs[0].entries[0]
    return entry, episode(files, entry)


def test_a_zip_that_holds_only_episodes_7_9_and_31_opens():
    logs = made_logs.alfred([7, 9, 31])
    files = opened(logs)

    entries = found(files).runs[0].entries

    assert [entry.number for entry in entries] == [7, 9, 31]
    assert [episode(files, entry).num_steps for entry in entries] == [6, 6, 6]


def test_what_macos_adds_and_hidden_files_are_no_logs():
    logs = made_logs.alfred([1])
    junk = {f"__MACOSX/{ROOT}/._episode_2_step_3.json": b"\0", f"{ROOT}/.ipynb_checkpoints/episode_3_step_1.json": b"{}",
            ".DS_Store": b"x"}

    brought = found(opened(logs | junk))

    assert [(run.title, len(run.entries)) for run in brought.runs] == [("EB-ALFRED · vlm-3b · baseline · base", 1)]


def test_frames_that_are_numbered_from_1_are_shifted_and_told():
    logs = {name: content for name, content in alfred_episode(1).items() if not name.startswith("images")} | frames(1, 7, first=1)

    _, read = first(below(ROOT, logs))

    assert [turn.frame.rpartition("_")[2] for turn in read.turns] == ["1.png", "3.png", "3.png", "5.png"]
    assert "The frames are numbered from 1: the first is taken as the one before the first step." in read.notes


def test_a_missing_frame_is_an_empty_name_and_a_note():
    logs = {name: content for name, content in alfred_episode(1).items() if "_step_3.png" not in name}

    _, read = first(below(ROOT, logs))

    assert [action.frame == "" for _, action in read.steps()] == [False, False, True, False, False, False]
    assert "The frame of step 3 is missing." in read.notes


def test_a_truncated_last_line_leaves_the_others():
    logs = alfred_episode(1)
    name = "episode_1_step_6.json"

    _, read = first(below(ROOT, {**logs, name: logs[name][:-40]}))

    assert (read.num_steps, read.progress, read.success) == (5, 1.0, True)  # what the result says and no line is left to say
    assert any("the result's is taken, since the last steps are not in the log" in note for note in read.notes)
    assert f"The last line of base/{name} is cut off: it is left out." in read.notes
    assert "The log counts 6 steps; its rows show 5." in read.notes


STEPS = alfred_episode(1)["episode_1_step_6.json"]
ROWS = made_logs.alfred_rows()
SPREAD = "base/episode_1_step_6.json holds its objects in one array, or over many lines. Each is read as a line of JSON."


@pytest.mark.parametrize(("content", "notes"), [
    pytest.param(json.dumps(ROWS).encode(), (SPREAD,), id="an array"),
    pytest.param(json.dumps(ROWS, indent=1).encode(), (SPREAD,), id="an indented array"),
    pytest.param("\n".join(json.dumps(told, indent=2) for told in ROWS).encode(), (SPREAD,), id="indented objects"),
    pytest.param(STEPS.replace(b"\n", b"\r"), (), id="CR"),
    pytest.param(json.dumps(ROWS, indent=1).replace("\n", "\r").encode(), (SPREAD,), id="an array with CR"),
    pytest.param(STEPS.replace(b"\n", b"\r\n"), (), id="CR and LF"),
    pytest.param(STEPS.decode().encode("utf-16"), (), id="UTF-16")])
@pytest.mark.parametrize("has_result", [True, False])
def test_rows_are_read_however_they_are_cut_into_lines(content, notes, has_result):
    logs = {**alfred_episode(1), "episode_1_step_6.json": content}

    entry, read = first(below("mine", {"base/" + name: told for name, told in logs.items() if has_result or "final" not in name}))

    assert (entry.head.environment, entry.steps, entry.planner_calls, entry.invalid, entry.output_errors) == ("eb_alfred", 6, 4, 2, 1)
    assert shape(read.turns) == [("ok", 3, 2, "failure"), ("failed", 0, 0, ""), ("ok", 2, 2, ""), ("ok", 3, 2, "success")]
    assert read.notes == notes


def test_an_array_that_was_cut_off_gives_the_rows_before_and_says_so():
    _, read = first(below(ROOT, {**alfred_episode(1), "episode_1_step_6.json": json.dumps(ROWS).encode()[:-60]}))

    assert read.num_steps == 5
    assert read.notes[:2] == (SPREAD, "The last line of base/episode_1_step_6.json is cut off: it is left out.")


def test_the_last_rows_progress_is_found_in_an_array_too():
    logs = alfred_episode(1, task_progress=0.0, task_success=0.0)

    entry, _ = first(below(ROOT, {**logs, "episode_1_step_6.json": json.dumps(ROWS, indent=1).encode()}))

    assert (entry.progress, entry.success) == (1.0, True)


def test_what_an_array_would_become_is_bounded():
    bomb = ("[{" + '"a": [' + "[]," * 100_001 + "[]]}]").encode()

    _, read = first(below(ROOT, {**alfred_episode(1), "episode_1_step_6.json": bomb}))

    assert read.turns == () and any("At most 100,000 are read" in note for note in read.notes)


def test_text_in_utf_32_is_told_what_would_be_right():
    _, read = first(below(ROOT, {**alfred_episode(1), "episode_1_step_6.json": STEPS.decode().encode("utf-32")}))

    assert any("It must be text in UTF-8 or UTF-16." in note for note in read.notes)


@pytest.mark.parametrize("ending", [b"\r", b"\r\n"])
def test_a_training_is_read_however_its_lines_end(ending):
    logs = {name: content.replace(b"\n", ending) for name, content in made_logs.training().items()}

    assert first(logs)[1] == first(made_logs.training())[1]


@pytest.mark.parametrize(("logs", "said"), [
    ({}, "What was brought is empty, and not"), ({".DS_Store": b"x"}, "What was brought holds hidden files alone, and is not"),
    ({"a.txt": b"x"}, "'a.txt' is not"), ({"a.txt": b"x", "b.txt": b"x"}, "None of the 2 files is")])
def test_what_is_no_log_is_said_in_one_sentence(logs, said):
    with pytest.raises(InputError) as error:
        found(opened(logs))

    assert str(error.value).startswith(f"{said} a log of an embodied agent that is read here. Bring a folder or .zip with logs of ")


def test_one_odd_line_never_refuses_a_file():
    logs = alfred_episode(1)
    text = logs["episode_1_step_6.json"].decode().split("\n")
    odd = "\n".join([text[0], "not json", "[1, 2]", "9" * 5000, *text[1:]])

    _, read = first(below(ROOT, {**logs, "episode_1_step_6.json": odd.encode()}))

    assert read.num_steps == 6
    assert "base/episode_1_step_6.json: lines 2, 3, 4 are no JSON object, and left out." in read.notes


def test_nan_is_a_number_that_is_not_known():
    logs = below(ROOT, alfred_episode(1, [row(1, FIND, FIRST, progress=float("nan"))], reward=float("nan"), num_steps=1))

    _, read = first(logs)

    assert (read.reported["reward"], read.turns[0].actions[0].progress) == (None, None)


@pytest.mark.parametrize(("num_steps", "kept"), [(2, 2), (3, 3), (9, 3)])
def test_of_two_step_files_the_one_of_the_result_is_read_else_the_newest(num_steps, kept):
    told = reply([FIND, PICK, FIND])
    rows = [row(step, FIND, told) for step in (1, 2, 3)]
    logs = {**alfred_episode(1, rows[:2], num_steps=num_steps), "episode_1_step_3.json": lines(rows)}

    entry, read = first(below(ROOT, logs))

    assert (len(entry.parts.steps), read.num_steps) == (2, kept)
    assert "There are 2 step files of this episode;" in " ".join(read.notes)


def test_newest_is_what_was_written_last_and_not_what_is_longest():
    told = reply([FIND, PICK, FIND])
    rows = [row(step, FIND, told) for step in (1, 2, 3)]
    logs = below(ROOT, {"episode_1_step_2.json": lines(rows[:2]), "episode_1_step_3.json": lines(rows)})
    zipped = opened(logs)
    stamps = {name: (2026, 1, 2 if name.endswith("step_2.json") else 1, 0, 0, 0) for name in logs}
    files = Files(zipped.names, zipped.read, written=stamps)

    assert episode(files, found(files).runs[0].entries[0]).num_steps == 2


def test_results_without_steps_and_steps_without_results_are_shown():
    logs = alfred_episode(1) | alfred_episode(2)
    files = opened(below(ROOT, {name: content for name, content in logs.items()
                                if not name.startswith("episode_1_step") and "episode_2_final" not in name}))
    one, two = found(files).runs[0].entries

    assert (one.success, episode(files, one).turns, two.success, episode(files, two).num_steps) == (True, (), True, 6)
    assert ("The step file is missing: only the result is known. It was looked for as "
            f"'{ROOT}/episode_1_step_N.json', N being its last step.") in episode(files, one).notes


@pytest.mark.parametrize(("logged", "told"), [
    (1e14, None), (999_999_999_999, 999_999_999_999), (-1, 0), (-1e14, 0), ("2", 2), ([3], 3), (0.5, None), (float("nan"), None)])
def test_a_number_that_nothing_counts_is_not_known(logged, told):
    keys = ("planner_output_error", "num_steps", "planner_steps", "num_invalid_actions")
    rows = [row(1, FIND, FIRST)]

    for key in keys:
        entry, _ = first(below(ROOT, alfred_episode(2, rows, **{key: logged})))
        line = line_of(entry)

        found_told = dict(zip(keys, (line.output_errors, line.steps, line.calls, line.invalid)))[key]
        assert found_told == (None if told == 0 and key != "planner_output_error" else told)


def test_one_odd_number_leaves_the_replay():
    logs = below(ROOT, alfred_episode(1, [row(1, FIND, FIRST)], planner_output_error=1e14, num_steps=1e14, planner_steps=-3))

    entry, read = first(logs)

    assert (line_of(entry).steps, len(read.turns), read.reported["planner_output_error"]) == (None, 1, 1e14)


def test_rows_without_steps_or_replies_say_so():
    rows = [{"action_id": 14, "action_description": "find a Mug", "last_action_success": 1.0},
            {"env_step": "x", "action_id": None, "task_progress": 7, "reasoning": 3}]

    _, read = first(below(ROOT, {"episode_1_step_2.json": lines(rows)}))

    assert (read.num_steps, len(read.turns), read.progress) == (0, 2, None)
    assert "1 row without the agent's reply: each is shown as a call of its own." in read.notes
    assert "2 rows without env_step: whether the world moved is not known." in read.notes


def test_a_list_of_episodes_reads_a_reply_only_where_its_plan_tells_a_call_from_the_next(monkeypatch):
    read: list[str] = []

    def reading(text: str) -> Reply:
        read.append(text)
        return read_reply(text)

    monkeypatch.setattr(calls, "read_reply", reading)
    different = [row(step, FIND, reply([FIND], reflection=str(step))) for step in range(1, 31)]
    equal = [row(step, FIND, reply([FIND, PICK])) for step in (1, 2, 3)]
    files = opened(below(ROOT, {"episode_1_step_30.json": lines(different), "episode_2_step_3.json": lines(equal)}))

    entries = found(files).runs[0].entries

    assert [entry.planner_calls for entry in entries] == [30, 2] and read == [reply([FIND, PICK])]


def test_a_plan_of_thousands_is_no_plan():
    plan = "[" + "(1,2)," * 16_000 + "]"
    logs = below(ROOT, {"episode_1_step_1.json": lines([row(1, FIND, json.dumps({"executable_plan": plan}))])})

    entry, read = first(logs)

    assert (entry.planner_calls, read.turns[0].planned, read.turns[0].parse, read.num_steps) == (1, (), "unknown", 1)


def test_more_turns_than_a_page_shows_are_cut_and_told():
    told = reply([FIND])
    logs = below(ROOT, {"episode_1_step_1200.json": lines(row(step, FIND, told, ok=False) for step in range(1, MAX_TURNS + 201))})

    _, read = first(logs)

    assert len(read.turns) == MAX_TURNS
    assert f"The log has {MAX_TURNS + 200:,} calls. The first {MAX_TURNS:,} are shown." in read.notes


@pytest.mark.parametrize("logs", [
    pytest.param({"a.txt": b"x", "b.png": PNG}, id="other files"), pytest.param({}, id="nothing"),
    pytest.param({"question.json": b'[{"question": "q"}]'}, id="a table"), pytest.param({"x.json": b"[" * 100_000}, id="a bomb"),
    pytest.param(below("images/episode_1", {"episode_1_step_1.png": PNG}), id="frames alone"),
    pytest.param({"a/episode_1.json": b'{"title": "Pilot"}', "a/episode_2.json": b"[1]"}, id="episodes of something else"),
    pytest.param({"conversation_history_step_1.txt": b"nothing"}, id="an empty conversation")])
def test_a_zip_of_something_else_is_refused_with_what_would_work(logs):
    with pytest.raises(InputError, match=r"log of an embodied agent.*Bring a folder or \.zip with logs of EmbodiedBench"):
        found(opened(logs))


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_every_layout_survives_damage_to_any_of_its_files(maker):
    logs = maker()
    rng = random.Random(0)
    for name in [name for name in logs if not name.endswith(".png")]:
        for content in damaged(logs[name], rng):
            files = opened({**logs, name: content})
            try:
                brought = found(files)
            except InputError as error:
                assert "log of an embodied agent" in str(error)
                continue
            for run in brought.runs:
                for entry in run.entries[:2]:
                    episode(files, entry)


def test_a_file_that_is_too_large_counts_as_missing():
    files = opened(below(ROOT, alfred_episode(1)), ZipLimits(file_mb=0.001))

    read = episode(files, found(files).runs[0].entries[0])

    assert read.turns == ()
    assert any("At most" in note for note in read.notes)


def test_lines_are_bounded_in_number_and_in_length(monkeypatch):
    monkeypatch.setattr(reading, "MAX_LINES", 3)
    monkeypatch.setattr(reading, "MAX_LINE", 40)
    notes = reading.Notes()

    kept = reading.lines_of('{"a": 1}\n{"a": "' + "x" * 40 + '"}\n{"a": 3}\n{"a": 4}\n', "It", notes)

    assert [line.row["a"] for line in kept] == [1, 3]
    assert notes.all() == ("It has more than 3 lines. At most so many are read.", "It: line 2 is no JSON object, and left out.")


def test_notes_are_as_many_as_an_episode_takes():
    notes = reading.Notes()
    for number in range(100):
        notes.add(f"note {number}")

    assert (len(notes.all()), notes.all()[-1]) == (40, "There are 61 more notes.")


def test_names_that_are_no_text_are_passed_over():
    files = opened(made_logs.alfred([1]))
    names = (f"{ROOT}/images/episode_1/episode_1_step_9_\udcff.png", f"{ROOT}/\udcff/episode_1_step_1.json")
    odd = Files((*files.names, *names), files.read)

    runs = found(odd).runs

    assert [(run.head.subset, len(run.entries[0].parts.frames)) for run in runs] == [("base", 7)]


def test_episodes_are_bounded_in_number(monkeypatch):
    monkeypatch.setattr(index, "MAX_EPISODES", 3)

    brought = found(opened(made_logs.alfred([1, 2]) | made_logs.manipulation([1, 2]) | made_logs.habitat()))

    assert [len(run.entries) for run in brought.runs] == [2, 1]
    assert brought.notes == ("There are 5 episodes. The first 3 are listed.",)


@pytest.mark.parametrize("maker", [made_logs.trajectories, made_logs.prior], ids=lambda maker: maker.__name__)
def test_of_data_sets_no_more_episodes_are_made_than_are_listed(monkeypatch, maker):
    name, content = next(iter(maker().items()))
    longer = json.dumps(json.loads(content) * 20).encode()
    monkeypatch.setattr(index, "MAX_EPISODES", 3)
    made: list[tuple[object, ...]] = []
    kinds = {"entry_of": index.entry_of, "entries_of": index.entries_of}
    monkeypatch.setattr(index, "entry_of", lambda *args: (made.append(args), kinds["entry_of"](*args))[1])
    monkeypatch.setattr(index, "entries_of", lambda samples, name, most: (made.extend([()] * most), kinds["entries_of"](
        samples, name, most))[1])

    brought = found(opened({f"{folder}/{name}": longer for folder in "abc"}))

    assert ([len(run.entries) for run in brought.runs], len(made)) == ([3], 4)
    assert brought.notes == ("There are more than 3 episodes. The first 3 are listed.",)


def test_a_second_uploads_episodes_leave_the_room_to_the_first(monkeypatch):
    name, content = next(iter(made_logs.trajectories(3).items()))
    monkeypatch.setattr(index, "MAX_EPISODES", 4)

    brought = found(joined(opened({name: content}), opened(made_logs.alfred([1, 2, 3])), below=SECOND))

    assert [(run.is_second, len(run.entries)) for run in brought.runs] == [(False, 3), (True, 1)]
    assert brought.notes == ("There are 6 episodes. The first 4 are listed.",)


def test_json_files_of_no_name_are_looked_into_up_to_a_number(monkeypatch):
    monkeypatch.setattr(index, "MAX_SETS", 1)
    logs = {f"{name}.json": next(iter(made_logs.trajectories().values())) for name in "ab"}

    brought = found(opened(logs))

    assert (brought.num_episodes, len(brought.runs)) == (2, 1)
    assert brought.notes == ("Not looked into: 1 more JSON file. Of those whose names say nothing, 1 are.",)


def test_a_config_that_is_no_dictionary_is_text():
    logs = made_logs.alfred([1])
    name = next(name for name in logs if name.endswith("config.txt"))

    run = found(opened({**logs, name: b"model_name: acme"})).runs[0]

    assert (run.config, run.config_text, run.head.model) == (None, "model_name: acme", "vlm-3b_baseline")
    assert run.notes == ("config.txt is no dictionary; it is shown as text.",)


def test_a_data_set_that_was_cut_off_gives_what_stands_before():
    name, content = next(iter(made_logs.trajectories(5).items()))

    brought = found(opened({name: content[:-30]}))

    assert brought.num_episodes == 4
    assert "after 4 entries: it is cut off or damaged." in brought.notes[0]


@pytest.mark.parametrize(("given", "numbers", "notes"), [
    ([1, 1], [1, 2], ("1 episode with the number of an earlier one: it is numbered on, from 2.",)),
    ([7, 3, 7, 3, 7], [7, 3, 8, 9, 10], ("3 episodes with the number of an earlier one: they are numbered on, from 8.",)),
    ([1_000_000, 1_000_000], [1_000_000, 1], ("1 episode with the number of an earlier one: it is numbered on, from 1.",)),
    ([5_000_000, 10**11], [1, 2], ("2 episodes with a number above 1,000,000: they are numbered by place.",)),
    ([1, 5_000_000, 2], [1, 3, 2], ("1 episode with a number above 1,000,000: it is numbered by place.",)),
    ([0, 1_000_000, None, -3], [0, 1_000_000, 3, 4], ())])
def test_every_episode_of_a_data_set_has_a_number_by_which_it_opens(given, numbers, notes):
    name, content = next(iter(made_logs.trajectories(len(given)).items()))
    rows = [{**told, "episode_id": number, "instruction": f"task {place}"}
            for place, (told, number) in enumerate(zip(json.loads(content), given))]
    files = opened({name: json.dumps(rows).encode()})

    run, = found(files).runs

    assert ([entry.number for entry in run.entries], run.notes) == (numbers, notes)
    for place, number in enumerate(numbers):
        settings = EraSettings(task="replay", file="upload:logs.zip", episode=number)
        read = episode(files, chosen(found(files), settings)[1])
        assert (read.number, read.instruction) == (number, f"task {place}")


def test_an_episode_whose_file_has_a_number_that_is_too_large_opens():
    files = opened(made_logs.alfred([2, 9_999_999]))

    run, = found(files).runs

    assert [(entry.number, episode(files, entry).num_steps) for entry in run.entries] == [(2, 6), (3, 6)]


@pytest.mark.parametrize("maker", [made_logs.trajectories, made_logs.prior, made_logs.training], ids=lambda maker: maker.__name__)
def test_a_file_that_many_episodes_share_is_read_once_for_all_of_them(maker):
    zipped = opened(maker())
    read: list[str] = []

    def reading(name: str) -> bytes:
        read.append(name)
        return zipped.read(name)

    files = Files(zipped.names, reading)
    runs = found(files).runs
    for run in runs:
        read.clear()
        told = [episode(files, entry) for entry in run.entries * 5]

        assert len(told) >= 5 and len(read) == len(set(read)) <= 2
        assert told[:len(run.entries)] == [episode(zipped, entry) for entry in run.entries]


def test_two_runs_beside_each_other_are_read_once_each():
    both = joined(opened(made_logs.trajectories()), opened(made_logs.trajectories()), below=SECOND)
    read: list[str] = []

    def reading(name: str) -> bytes:
        read.append(name)
        return both.read(name)

    files = Files(both.names, reading)
    runs = found(files).runs
    read.clear()
    for first_entry, second_entry in zip(runs[0].entries * 5, runs[1].entries * 5):
        assert episode(files, first_entry).turns[0].reply == episode(files, second_entry).turns[0].reply

    assert len(read) <= 2


def test_what_is_kept_of_an_archive_goes_with_it():
    files = opened(made_logs.trajectories())
    episode(files, found(files).runs[0].entries[0])
    read = files.read
    assert read in reading._kept

    count = len(reading._kept)
    del files, read
    gc.collect()

    assert len(reading._kept) < count


def test_a_data_set_may_be_json_lines():
    name, content = next(iter(made_logs.trajectories(3).items()))
    files = opened({name: lines(json.loads(content))})

    entries = found(files).runs[0].entries

    assert [episode(files, entry).number for entry in entries] == [1, 2, 3]


def test_an_entry_whose_file_is_gone_says_so():
    entry = found(opened(made_logs.alfred([1]))).runs[0].entries[0]

    read = episode(opened({"other.txt": b"x"}), entry)

    assert read.turns == ()
    assert any("has no" in note for note in read.notes)
