"""What is written in the benchmark's layout is read again as it was: rows, plans, frames and numbers."""

import json

import numpy as np
import pytest

from backends.episode import MAX_TURNS, Action, Episode, Planned, Turn
from backends.era.formats import episode, found
from backends.era.formats.writing import Pictures, written, written_run
from backends.era.results import EraResult
from backends.era.settings import EraSettings
from backends.files.archive import open_zip, zipped
from backends.files.saved import load_result, save_result
from tests.backends.era.made_logs import PNG, below, lines, opened, reply, table_episode, table_reply

THOUGHT = "<|think_start|>visual_description: A mug. reasoning_and_reflection: Start. language_plan: 1. go<|think_end|>"
FIND = Action(id="14", name="find a Mug", ok=True, feedback="You are near.", step=1, progress=0.0, success=False, seconds=0.5,
              rewards={"subgoal": 0.0}, state={"agent": "sink", "open": ["Fridge"]})
PICK = Action(id="97", name="pick up the Mug", ok=False, feedback="The fridge is closed.", step=2, progress=0.5, success=False,
              rewards={"behaviour": -0.5, "subgoal": 1.0})
PUT = Action(id="133", name="put down the object in hand", ok=True, step=3, progress=1.0, success=True, rewards={"success": 3.0})
HOUSEHOLD = Episode(
    world="minihome", task="clean", seed=42, instruction="Put the mug away.", agent="epl", success=True, progress=1.0,
    ended="task done", turns=(
        Turn(index=0, prompt="Put the mug away.", reply=f"{THOUGHT}<|action_start|>[14, 'find a Mug']<|action_end|><|diff_marker|>",
             thought="visual_description: A mug. reasoning_and_reflection: Start. language_plan: 1. go", answer="[14, 'find a Mug']",
             sections={"visual_description": "A mug.", "reasoning_and_reflection": "Start.", "language_plan": "1. go"},
             planned=(Planned(id="14", name="find a Mug"),), actions=(FIND,), parse="ok", value=1.5, advantage=-0.25,
             token_ids=np.arange(3), mask=np.array([False, True, True]), logprobs=np.array([-0.1, -0.2, -0.3])),
        Turn(index=1, reply="I would rather", parse="failed"),
        Turn(index=2, by="person", planned=(Planned(id="97", name="pick up the Mug"),), actions=(PICK,)),
        Turn(index=3, by="person", planned=(Planned(id="133", name="put down the object in hand"), Planned(name="find a Mug")),
             cut="success", actions=(PUT,), rewards={"format": 0.5})))
POSE = [40, 43, 18, 0, 60, 90, 0]
POSES = ("[40, 43, 26, 0, 60, 90, 1]", "[40, 43, 18, 0, 60, 90, 0]", "[60, 70, 30, 0, 60, 90, 0]")


def pose_reply(name: str) -> str:
    thought = "visual_description: {odd}\nlanguage_plan: x"
    return f"<|think_start|>{thought}<|think_end|><|action_start|>{name}<|action_end|><|diff_marker|>"


TABLE = Episode(
    world="minitable", agent="mini", instruction="Put the star into the box.", success=False, progress=0.5, ended="empty plan",
    layout="manipulation", turns=(
        *(Turn(index=place, reply=pose_reply(name), thought="visual_description: {odd}\nlanguage_plan: x", answer=name,
               parse="ok", sections={"visual_description": "{odd}", "language_plan": "x"}, planned=(Planned(name=name),),
               actions=(Action(name=name, ok=place != 1, feedback=f"fed {place}", step=place + 1, progress=0.25 * place,
                               success=False, rewards={"environment": -1.0 if place == 1 else 0.0, "subgoal": 1.0},
                               state={"objects": [["star", "red", [40, 43, 18]]]}),))
          for place, name in enumerate(POSES)),
        Turn(index=3, reply="{no", parse="failed"),
        Turn(index=4, reply='{"executable_plan": []}', parse="empty", answer="[]")))


def read_back(logs: dict[str, bytes], place: int = 0) -> Episode:
    files = opened(logs)
    return episode(files, found(files).runs[0].entries[place])


def bare(made: Episode) -> Episode:
    """Without what the log gives and the miniature does not: names of frames, numbers of the result, the layout."""
    turns = tuple(turn.model_copy(update={"frame": "", "token_ids": None, "mask": None, "logprobs": None, "actions": tuple(
        action.model_copy(update={"frame": ""}) for action in turn.actions)}) for turn in made.turns)
    return made.model_copy(update={"turns": turns, "reported": {}, "layout": "", "group": "", "number": None, "source": "live",
                                   "notes": ()})


@pytest.mark.parametrize("made", [HOUSEHOLD, TABLE], ids=["household", "table top"])
def test_an_episode_comes_back_as_it_was(made):
    pictures = Pictures({step: PNG for step in range(made.num_steps + 1)}, {0: PNG} if made is TABLE else {})

    read = read_back(written_run([(made, pictures), (made, pictures)], model="mini", experiment="epl", subset="base"), place=1)

    assert [note for note in read.notes if "-1 output errors" not in note] == []
    assert bare(read) == bare(made)
    assert (read.number, read.group, read.num_steps, read.num_invalid) == (2, "base", made.num_steps, made.num_invalid)


def test_tokens_and_their_probabilities_come_back():
    read = read_back(written_run([(HOUSEHOLD, Pictures())], model="mini", experiment="", subset="base")).turns[0]

    assert read.token_ids is not None and read.mask is not None and read.logprobs is not None
    assert (read.token_ids.tolist(), read.mask.tolist()) == ([0, 1, 2], [False, True, True])
    assert read.logprobs.tolist() == [-0.1, -0.2, -0.3]


def test_frames_come_back_per_step():
    pictures = Pictures({step: PNG for step in range(4)})

    read = read_back(written_run([(HOUSEHOLD, pictures)], model="mini", experiment="x", subset="base"))

    assert [action.frame.rpartition("/")[2] for _, action in read.steps()] == [f"episode_1_step_{step}.png" for step in (1, 2, 3)]
    assert [turn.frame.rpartition("/")[2] for turn in read.turns] == [f"episode_1_step_{step}.png" for step in (0, 1, 1, 2)]


def test_other_readers_find_the_benchmarks_own_keys():
    files = written(HOUSEHOLD, k=7)
    rows = [json.loads(line) for line in files["episode_7_step_3.json"].decode().splitlines()]

    assert list(rows[0]) == ["task_success", "task_progress", "instruction", "env_step", "env_feedback", "episode_elapsed_seconds",
                             "last_action_success", "action_id", "action_description", "reasoning"]
    assert rows[1] == {"last_action_success": 0.0, "action_id": -1, "action_description": "invalid action",
                       "reasoning": "I would rather"}
    assert json.loads(files["results/episode_7_final_res.json"]) == {
        "reward": pytest.approx(3.5 / 3), "num_invalid_actions": 2, "empty_plan": 0, "instruction": "Put the mug away.",
        "task_success": 1.0, "task_progress": 1.0, "num_steps": 3, "planner_steps": 4, "planner_output_error": 1,
        "num_invalid_action_ratio": pytest.approx(2 / 3), "episode_elapsed_seconds": 0.5}
    result = json.loads(written(TABLE, k=1)["results/episode_1_res.json"])
    assert (result["reward"], result["action_success"], result["num_steps"], result["planner_output_error"]) == (
        [0.0, -1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0], 3, -1)


def test_a_log_of_the_benchmark_is_the_same_after_it_was_read_and_written():
    told = reply([(14, "find a Mug"), (97, "pick up the Mug"), (3, "go")])
    logged = Episode(world="eb_alfred", instruction="Rinse.", success=False, progress=0.5, turns=(
        Turn(index=0, reply=told, actions=(FIND, PICK.model_copy(update={"rewards": {}})), parse="ok"),))
    once = read_back(written_run([(logged, Pictures())], model="m", experiment="x", subset="spatial"))

    twice = read_back(written_run([(once, Pictures())], model="m", experiment="x", subset="spatial"))

    assert bare(twice) == bare(once)
    assert (once.turns[0].cut, len(once.turns[0].planned)) == ("failure", 3)


def test_without_our_file_the_layouts_own_parts_come_back():
    logs = written_run([(HOUSEHOLD, Pictures())], model="mini", experiment="epl", subset="base")

    read = read_back({name: content for name, content in logs.items() if "orrery" not in name})

    assert [(turn.parse, len(turn.actions)) for turn in read.turns] == [("ok", 1), ("failed", 0), ("unknown", 1), ("unknown", 1)]
    assert [action.name for _, action in read.steps()] == [action.name for _, action in HOUSEHOLD.steps()]
    assert read.progress == 1.0


def test_a_line_with_a_list_for_a_pose_and_objects_is_read():
    logs = below("running/eb_manipulation/v/b/base", table_episode(1, [table_reply(str([POSE])) for _ in range(4)], planner_steps=4))
    told = [{"env_step": step, "planner_step": step, "action": POSE, "env_feedback": "Last action was successful.",
             "objects": [["star", "red", [40, 43, 18]]], "r": {"success": 0, "subgoal": 1, "behaviour": 0.5}, "value": 1.7,
             "adv_raw": 0.4, "prompt_tokens": 61, "response_tokens": 34} for step in (1, 2, 3, 4)]

    turn = read_back({**logs, "running/eb_manipulation/v/b/base/orrery_episode_1.jsonl": lines(told)}).turns[1]

    assert (turn.value, turn.advantage, turn.actions[0].name, turn.actions[0].feedback) == (
        1.7, 0.4, str(POSE), "Last action was successful.")
    assert turn.actions[0].state == {"objects": [["star", "red", [40, 43, 18]]]}
    assert turn.actions[0].rewards == {"environment": 0.0, "success": 0.0, "subgoal": 1.0, "behaviour": 0.5}


def test_what_went_wrong_by_itself_is_no_row_and_no_call_and_comes_back_in_its_place():
    slip = Turn(index=1, by="perturbation", actions=(Action(name="!slip", feedback="It slipped.", state={"open": []}),))
    turns = (HOUSEHOLD.turns[0], slip, *HOUSEHOLD.turns[1:], slip)
    made = HOUSEHOLD.model_copy(update={"turns": tuple(turn.model_copy(update={"index": at}) for at, turn in enumerate(turns))})
    logs = written(made, k=1)

    rows = [json.loads(line) for line in logs["episode_1_step_3.json"].decode().splitlines()]
    assert [row["action_description"] for row in rows] == ["find a Mug", "invalid action", "pick up the Mug",
                                                           "put down the object in hand"]
    assert json.loads(logs["results/episode_1_final_res.json"])["planner_steps"] == 4
    assert [turn.actions[0].name for turn in read_back(below("running/eb_alfred/mini/base", logs)).turns if turn.by == "perturbation"
            ] == ["!slip", "!slip"]
    read = read_back(written_run([(made, Pictures())], model="mini", experiment="epl", subset="base"))
    assert bare(read) == bare(made) and read.notes == ()  # nobody counts a mishap as a call


def sidecar_of(made: Episode, *changed: dict[str, object]) -> Episode:
    """A household episode read with a sidecar whose first rows say this as well."""
    logs = written_run([(made, Pictures())], model="mini", experiment="epl", subset="base")
    name = next(name for name in logs if "orrery_episode" in name)
    head, *rows = [json.loads(line) for line in logs[name].decode().splitlines()]
    for row, change in zip(rows, changed):
        row |= change
    logs[name] = "".join(json.dumps(row) + "\n" for row in (head, *rows)).encode()
    return read_back(logs)


def test_half_characters_and_what_is_too_deep_or_too_large_come_from_no_sidecar():
    deep: object = "end"
    for _ in range(60):
        deep = {"a": deep}
    read = sidecar_of(HOUSEHOLD, {"action": "p\ud800", "env_feedback": "\udfff", "state": {"x": deep, "y": 10**30},
                                  "r": {"a": float("nan"), "b": 1e308, "c": 2.0},
                                  "turn": {"prompt": "p\ud800", "thought": "t" * 500_000, "state": {"x": deep}, "token_ids": [1, 2]}})

    (turn, *_), action = read.turns, read.turns[0].actions[0]
    assert turn.prompt == "p?" and action.feedback == "?" and action.rewards == {"c": 2.0}
    assert len(turn.thought) < 200_000 and action.state["y"] is None
    result = EraResult(seed=0, model_id="m", is_miniature=False, ended="finished", settings=EraSettings(), episode=read)
    kept = load_result(save_result(result), EraResult).episode
    assert kept.model_copy(update={"turns": ()}) == read.model_copy(update={"turns": ()}) and kept.turns[1:] == read.turns[1:]


def test_mishaps_without_end_and_one_that_does_not_fit_leave_the_episode_as_it_is():
    slip = Turn(index=1, by="perturbation", actions=(Action(name="!slip"),))
    made = HOUSEHOLD.model_copy(update={"turns": (*HOUSEHOLD.turns, slip.model_copy(update={"index": 4}))})
    logs = written_run([(made, Pictures())], model="mini", experiment="epl", subset="base")
    name = next(name for name in logs if "orrery_episode" in name)
    *lines_, aside = logs[name].decode().splitlines()
    many = read_back(logs | {name: "\n".join([*lines_, *[aside] * 1_200]).encode()})
    odd = read_back(logs | {name: "\n".join([*lines_, aside.replace('"by"', '"planned": 7, "by"')]).encode()})

    assert len(many.turns) == MAX_TURNS and any("not all of what went wrong" in note for note in many.notes)
    assert [turn.by for turn in odd.turns] == [turn.by for turn in HOUSEHOLD.turns]  # no phantom of a call
    assert any("left out" in note for note in odd.notes)


def test_what_a_reader_would_make_of_a_reply_stands_in_the_sidecar_where_it_was_otherwise():
    several = HOUSEHOLD.turns[0].model_copy(update={
        "reply": "<|action_start|>[[1, 2, 3, 4, 5, 6, 1], [1, 2, 3, 4, 5, 6, 0]]<|action_end|>", "cut": "", "actions": (
            FIND.model_copy(update={"id": "", "ok": False}),)})
    made = HOUSEHOLD.model_copy(update={"turns": (several, *HOUSEHOLD.turns[1:])})

    assert bare(read_back(written_run([(made, Pictures())], model="m", experiment="", subset="base"))) == bare(made)


def test_a_file_of_ours_that_does_not_fit_is_passed_over():
    logs = written_run([(HOUSEHOLD, Pictures())], model="mini", experiment="epl", subset="base")
    name = next(name for name in logs if "orrery" in name)
    lines = logs[name].decode().splitlines()

    short = read_back({**logs, name: "\n".join(lines[:-1]).encode()})
    odd = read_back({**logs, name: "\n".join([lines[0], lines[1].replace('"planned": ', '"planned": 7, "x": '),
                                              *lines[2:]]).encode()})

    assert "The file of Orrery beside the log does not fit it, and is passed over." in short.notes
    assert "What the file of Orrery says of call 1 does not fit, and is left out." in odd.notes
    assert (odd.turns[0].index, odd.turns[3].by) == (0, "person")


def test_equal_runs_are_equal_zips_that_open():
    one, other = (zipped(written_run([(HOUSEHOLD, Pictures({0: PNG}))], model="m", experiment="x", subset="base")) for _ in range(2))

    assert one == other
    assert found(open_zip(one)).num_episodes == 1


def test_a_run_of_both_kinds_or_of_none_is_refused():
    for episodes in ([], [(HOUSEHOLD, Pictures()), (TABLE, Pictures())]):
        with pytest.raises(ValueError, match="of one kind"):
            written_run(episodes, model="m", experiment="x", subset="base")
