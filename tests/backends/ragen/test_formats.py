"""Every layout of the field is read as its files say, from a zip and as one file alike; what it does not say is named."""

import json
from pathlib import Path

import pytest

from backends.files.archive import open_upload, single
from backends.ragen.formats import found, rollout
from backends.ragen.rollouts import ENVIRONMENT, FORMAT, MIXED, MIXED_FIRST, Rollout
from tests.backends.era.made_logs import vagen
from tests.backends.ragen import made_rollouts as made
from tests.backends.ragen.made_rollouts import BAD, DOWN, LAST, NEXT, RIGHT, START, alone, every, lines, opened


def test_ragens_record_is_a_turn_per_reply_and_a_last_state():
    entry, read = alone("rollouts.json", json.dumps([made.record(), made.record(env_id=4)]).encode())

    assert (entry.layout, entry.member, entry.group, entry.tag) == ("internal", 3, 0, "FrozenLake")
    assert (entry.turns, entry.success) == (2, True)
    assert (entry.score, entry.penalty, read.score, read.penalty) == (0.9, -0.1, 0.9, -0.1)
    assert read.states == (START, NEXT, LAST)
    assert [turn.state["actions_left"] for turn in read.episode.turns if turn.state] == [10, 9]
    assert [turn.rewards for turn in read.episode.turns] == [{ENVIRONMENT: 0.0, FORMAT: -0.1}, {ENVIRONMENT: 1.0, FORMAT: 0.0}]
    assert (read.episode.total_reward, read.episode.success, read.episode.world) == (0.9, True, "FrozenLake")


def test_a_turn_tells_what_was_named_what_was_carried_out_and_what_is_no_action():
    _, read = alone("rollouts.jsonl", lines([made.record()]))
    first, second = read.episode.turns

    assert first.reply == BAD.replace("</think>", "</think> ")
    assert (first.thought, first.answer, first.parse) == ("hm", "Right || jump", "ok")
    assert [(planned.id, planned.name) for planned in first.planned] == [("3", "Right"), ("", "jump")]
    assert [(action.id, action.name, action.step, action.ok) for action in (*first.actions, *second.actions)] == [
        ("3", "Right", 1, True), ("2", "Down", 2, True)]
    assert (second.actions[0].success, first.actions[0].success) == (True, False)
    assert "log-probabilities" in read.missing and "rewards by turn" not in read.missing and "iteration" in read.missing


def test_a_penalty_that_the_replies_do_not_earn_is_taken_and_said_once():
    turn = {"state": START, "actions_left": 10, "actions": [3], "reward": 0.0,
            "info": {"action_is_effective": True, "action_is_valid": True, "success": False},
            "llm_response": RIGHT, "llm_raw_response": RIGHT.replace("</think>", "</think> ")}

    _, read = alone("r.jsonl", lines([made.record(history=[turn, {"state": NEXT, "actions_left": 9}])]))
    _, honest = alone("r.jsonl", lines([made.record(history=[{**turn, "llm_response": BAD, "llm_raw_response": BAD}])]))
    _, free = alone("r.jsonl", lines([made.record(history=[{**turn, "llm_response": BAD, "llm_raw_response": BAD}], penalty=0.0)]))

    assert [turn.rewards for turn in read.episode.turns] == [{ENVIRONMENT: 0.0, FORMAT: -0.1}]
    assert [note for note in read.episode.notes if "penalty" in note] == [
        "The log says a penalty of -0.1 for 1 turn, and as the replies are read here they would cost 0. The log's word is taken."]
    assert not any("penalty" in note for note in honest.episode.notes)
    assert free.episode.turns[0].rewards[FORMAT] == 0 and sum("would cost -0.1" in note for note in free.episode.notes) == 1


def test_five_turns_without_the_form_cost_exactly_half_and_are_no_success():
    turns = [made.played(START, 10, [], 0.0, "!!!!!!")] * 5

    entry, read = alone("r.jsonl", lines([made.record(penalty=-0.5, history=[*turns, {"state": START}], metrics={})]))

    assert (entry.score, read.score, read.episode.success) == (-0.5, -0.5, False)
    assert [turn.rewards for turn in read.episode.turns] == [{ENVIRONMENT: 0.0, FORMAT: -0.1}] * 5
    assert [(turn.parse, turn.actions, turn.reply) for turn in read.episode.turns] == [("failed", (), "!!!!!!")] * 5


def test_rollouts_of_an_iteration_stand_by_their_group():
    rows = [made.record(group_id=group, env_id=member) for member, group in enumerate((2, 0, 2))]

    brought = found(opened({"1.jsonl": lines(rows)}))

    assert {group: [entry.member for entry in entries] for group, entries in brought.groups(1).items()} == {
        ("", 2): [0, 2], ("", 0): [1]}


@pytest.mark.parametrize("name", ["12.jsonl", "traj/12.jsonl", "iter_12.jsonl", "global_step_12.jsonl"])
def test_a_file_that_is_named_after_its_iteration_says_it_unless_the_rows_do(name):
    assert found(opened({name: lines([made.record()])})).entries[0].iteration == 12
    assert found(opened({name: lines([made.record(iter=7)])})).entries[0].iteration == 7


def test_a_date_in_a_files_name_is_no_iteration():
    assert found(opened({"val_rollouts_20260101.jsonl": lines([made.record()])})).entries[0].iteration is None


def test_rollouts_stand_in_the_order_of_their_iterations():
    brought = found(opened({f"{step}.jsonl": lines([made.sample(step=step)] * 2) for step in (100, 9, 20)}))

    assert [entry.iteration for entry in brought.entries] == [9, 9, 20, 20, 100, 100]
    assert (brought.iterations, len(brought.of_iteration(20)), brought.layouts) == ((9, 20, 100), 2, ("samples",))


def test_rollouts_of_one_file_stand_in_the_order_of_their_iterations_and_those_of_none_last():
    rows = [made.record(env_id=member, iter=iteration) for member, iteration in enumerate((20, None, 9, 20))]

    assert [entry.member for entry in found(opened({"r.jsonl": lines(rows)})).entries] == [2, 0, 3, 1]


def test_of_several_actions_the_games_word_is_on_the_last_alone():
    turn = made.played(START, 10, [3, 2], 1.0, "<think></think><answer>Right || Down</answer>", success=True)

    _, read = alone("r.jsonl", lines([made.record(history=[turn])]))

    assert [(action.ok, action.success, action.step) for _, action in read.episode.steps()] == [(None, None, 1), (True, True, 2)]


def test_a_plan_that_was_not_carried_out_whole_says_so():
    three = "<think></think><answer>Right || Right || Down</answer>"
    turns = [made.played(START, 10, [3, 3], 0.0, three), made.played(NEXT, 8, [3, 3, 2], 0.0, three)]
    _, record = alone("r.jsonl", lines([made.record(history=turns)]))
    _, chat = alone("1.jsonl", lines([made.sample(output=made.chat([(START, 10, three), (NEXT, 8, RIGHT)]))]))

    assert [(len(turn.actions), turn.cut) for turn in record.episode.turns] == [(2, "unknown"), (3, "")]
    assert [(len(turn.actions), turn.cut) for turn in chat.episode.turns] == [(2, "unknown"), (0, "unknown")]


def test_of_actions_left_that_grow_nothing_is_concluded():
    text = made.chat([(START, 8, RIGHT), (NEXT, 9, RIGHT), (LAST, 9, RIGHT)], [0, 0])

    _, read = alone("1.jsonl", lines([made.sample(output=text)]))

    assert [len(turn.actions) for turn in read.episode.turns] == [0, 0, 0]


def test_a_dump_of_samples_alone_has_the_curves_of_its_rollouts():
    rows = {step: [made.sample(step=step, input=f"start {place // 2}", score=float(score)) for place, score in enumerate(scores)]
            for step, scores in ((9, (0, 1, 2, 2)), (100, (1, 3, 5, 5)))}

    curves = found(opened({f"{step}.jsonl": lines(own) for step, own in rows.items()})).curves

    assert {name: (curve.metric, curve.iterations, curve.values) for name, curve in curves.items()} == {
        "mean score of the rollouts": ("score", (9.0, 100.0), (1.25, 3.5)),
        "mean std of the scores in a group": ("in_group_std", (9.0, 100.0), pytest.approx((0.5**0.5 / 2, 2**0.5 / 2)))}
    assert found(opened({"9.jsonl": lines(rows[9])})).curves == {}


def test_a_chat_of_verls_dump_is_split_into_its_turns():
    entry, read = alone("20.jsonl", lines([made.sample()]))

    assert (entry.layout, entry.iteration, entry.score, entry.turns, entry.tag) == ("samples", 20, 1.0, 2, "FrozenLake")
    assert read.states == (START, NEXT) and read.final is None
    assert [turn.thought for turn in read.episode.turns] == ["go right", "d"]
    assert [turn.answer for turn in read.episode.turns] == ["Right", "Down"]
    assert "solving the FrozenLake puzzle" in read.episode.turns[0].prompt and "Turn 2:" in read.episode.turns[1].prompt
    assert [action.name for _, action in read.episode.steps()] == ["Right"]  # of the last turn nobody says what became
    assert read.episode.turns[1].cut == "unknown"


def test_the_last_turns_reward_is_what_the_score_leaves():
    _, read = alone("20.jsonl", lines([made.sample(output=made.chat([(START, 10, BAD), (NEXT, 9, RIGHT)], [0.25]), score=1.15)]))

    assert [turn.rewards for turn in read.episode.turns] == [{ENVIRONMENT: 0.25, FORMAT: -0.1}, {ENVIRONMENT: 1.0, FORMAT: 0.0}]
    assert (read.episode.total_reward, read.penalty) == (pytest.approx(1.15), -0.1)


def test_where_the_games_actions_are_unknown_the_rest_of_the_score_stays_mixed():
    _, read = alone("20.jsonl", lines([made.sample(output=made.chat(game="A game."), score=0.9)]))

    assert [turn.rewards for turn in read.episode.turns] == [{ENVIRONMENT: 0.0}, {MIXED: 0.9}]
    assert read.penalty is None and "penalty by turn" in read.missing and any("together" in note for note in read.episode.notes)


def test_actions_that_a_prompt_lists_are_the_games():
    text = made.chat([("arms", 1, "<think>a</think><answer>dragon || Unicorn</answer>")], [], game="A bandit game.",
                     actions="Your available actions are:\nPhoenix, Dragon\n")

    _, read = alone("1.jsonl", lines([made.sample(output=text, score=0.9)]))

    assert [(one.id, one.name) for one in read.episode.turns[0].planned] == [("2", "dragon"), ("", "Unicorn")]
    assert read.episode.turns[0].rewards == {ENVIRONMENT: 1.0, FORMAT: -0.1} and read.tag == "Bandit"


@pytest.mark.parametrize("text", [made.chat(first=3), made.chat(actions="You can make up to 12 actions, separated by \" || \"\n")],
                         ids=["counted on", "counted from 1 again"])
def test_a_text_that_begins_later_leaves_the_rewards_before_it_unknown(text):
    _, read = alone("1.jsonl", lines([made.sample(output=text)]))

    assert ENVIRONMENT not in read.episode.turns[-1].rewards
    assert any("begins in the middle of its episode" in note for note in read.episode.notes)


def test_a_text_with_its_whole_budget_left_begins_at_the_beginning():
    text = made.chat(actions="You can make up to 10 actions, separated by \" || \"\n")

    _, read = alone("1.jsonl", lines([made.sample(output=text)]))

    assert read.episode.turns[-1].rewards == {ENVIRONMENT: 1.0, FORMAT: 0.0}


def test_states_and_rewards_are_found_where_the_turns_are_not_counted():
    text = f"system\nHelp.\nuser\nState:\n{START}\nYou have 5 actions left. Go.\nassistant\n{RIGHT}\nuser\nReward: -0.1\n" \
           f"State:\n{NEXT}\nYou have 4 actions left. Go.\nassistant\n{RIGHT}"

    _, read = alone("1.jsonl", lines([made.sample(output=text)]))

    assert read.states == (START, NEXT) and read.episode.turns[0].rewards[ENVIRONMENT] == -0.1


def test_prompt_and_reply_apart_are_one_turn_and_equal_prompts_a_group():
    prompt = "system\nHelp.\nuser\nWhich way?\nassistant\n"
    rows = [{"input": prompt.replace("way", way), "output": RIGHT, "score": 1, "step": 3} for way in ("way", "way", "door")]

    brought = found(opened({"3.jsonl": lines(rows)}))
    read = every({"3.jsonl": lines(rows)})[0]

    assert [entry.group for entry in brought.entries] == [0, 0, 1]
    assert [(turn.thought, turn.answer) for turn in read.episode.turns] == [("go right", "Right")]
    assert "Which way?" in read.episode.turns[0].prompt


def test_chat_markers_are_role_words_too():
    text = f"<|im_start|>system\nHelp.<|im_end|>\n<|im_start|>user\nWhich way?<|im_end|>\n<|im_start|>assistant\n{RIGHT}<|im_end|>\n"

    _, read = alone("1.jsonl", lines([made.sample(output=text)]))

    assert [(turn.prompt, turn.reply) for turn in read.episode.turns] == [("Help.\n\nWhich way?", RIGHT)]


def test_a_table_of_generations_gives_each_of_its_samples():
    files = single("generations.table.json", made.table())
    entries = found(files).entries

    assert [(entry.layout, entry.iteration, entry.score) for entry in entries] == [
        ("generations", step, step + own / 10) for step in (10, 20) for own in (1, 2, 3)]
    read = rollout(files, entries[4])
    assert (read.score, read.iteration, read.states) == (20.2, 20, ("20.2", NEXT))


def test_wandbs_tables_that_grow_are_each_validation_once():
    logs = {f"media/table/val/generations_{step}.table.json": made.table(steps) for step, steps in ((1, (10,)), (2, (10, 20)))}
    files = opened(logs)

    brought = found(files)

    assert [entry.score for entry in brought.entries] == [10.1, 10.2, 10.3, 20.1, 20.2, 20.3]
    assert brought.notes == ("In several tables of generations, which grow from one validation to the next: 3 samples. Each is "
                             "listed once.",)
    assert [rollout(files, entry).states[0] for entry in brought.entries[2:4]] == ["10.3", "20.1"]


def test_success_under_the_games_name_counts_and_the_other_one_does_not():
    entry, read = alone("val.jsonl", lines([made.conversation()]))

    assert (entry.success, read.episode.success, entry.tag, entry.group, entry.member) == (True, True, "CoordSokoban", 2, 5)
    assert "The file's `success` is false for every rollout: CoordSokoban/success counts." in read.episode.notes
    assert found(single("v", lines([made.conversation(**{"CoordSokoban/success": 0.0})]))).entries[0].success is False


def test_a_reward_behind_a_state_is_of_that_turn_and_the_first_is_what_is_left():
    _, read = alone("val.jsonl", lines([made.conversation()]))

    assert [turn.rewards for turn in read.episode.turns] == [{ENVIRONMENT: -0.1, FORMAT: 0.0}, {ENVIRONMENT: 1.0, FORMAT: 0.0}]
    assert read.states == (START, NEXT)
    assert [turn.answer for turn in read.episode.turns] == ["Right", "Down"]  # the first reply lacks its forced beginning
    assert read.episode.reported["n_tokens"] == 128


def test_a_turn_of_an_evaluation_without_a_reward_was_paid_nothing():
    row = made.conversation(total_reward=-0.1)
    row["messages"] = [{"role": "user", "content": START}, {"role": "assistant", "content": BAD}, {"role": "user", "content": NEXT},
                       {"role": "assistant", "content": RIGHT}, {"role": "user", "content": f"{LAST} (reward: 2)"}]

    _, read = alone("val.jsonl", lines([row]))

    assert [turn.rewards for turn in read.episode.turns] == [{MIXED_FIRST: -0.1}, {ENVIRONMENT: 0.0}]
    assert read.final == {"text": LAST} and any("all penalties" in note for note in read.episode.notes)


def test_a_page_of_the_project_has_thoughts_actions_and_pictures():
    files = opened(made.page())
    brought = found(files)
    read = rollout(files, brought.entries[0])

    assert brought.notes == ("The index names 1 file that is not here: data/box.json.",)
    assert (read.states, read.tag, read.episode.success, read.episode.task) == ((START, LAST), "FrozenLake", True, "One")
    turn, = read.episode.turns
    assert (turn.thought, [one.name for one in turn.planned]) == ("The goal is right and below.", ["Right", "Up"])
    assert turn.frame == "data/images/one.png"
    assert (read.episode.reported["valid"], read.episode.reported["effective"]) == (1.0, 0.0)


def test_trls_completions_are_grouped_by_prompt_and_scored_by_all_reward_functions():
    files = opened({"completions/completions_00010.parquet": made.completions()})
    entries = found(files).entries

    assert [(entry.layout, entry.iteration, entry.group, entry.score, entry.advantage, entry.is_empty) for entry in entries] == [
        ("completions", 10, group, reward + 0.5, reward - 0.5, not reward) for group in (0, 1) for reward in (1.0, 0.0)]
    read = rollout(files, entries[0])
    assert (read.episode.turns[0].answer, read.episode.turns[0].prompt) == ("Right", "Which way, A?")
    assert read.episode.turns[0].rewards == {"reward_game": 1.0, "reward_form": 0.5}
    assert rollout(files, entries[1]).episode.turns == ()


def test_trls_completions_are_read_from_wandbs_table_too():
    columns = ["step", "prompt", "completion", "reward_game", "advantage"]
    table = {"columns": columns, "data": [["10", "p", RIGHT, 1, 0.5], ["10", "p", BAD, 0.0, -0.5], ["10", "q", BAD, None, None]]}
    files = opened({"completions.table.json": json.dumps(table).encode()})
    entries = found(files).entries

    assert [(entry.layout, entry.iteration, entry.group, entry.score, entry.advantage) for entry in entries] == [
        ("completions", 10, 0, 1.0, 0.5), ("completions", 10, 0, 0.0, -0.5), ("completions", 10, 1, None, None)]
    assert [rollout(files, entry).episode.turns[0].reply for entry in entries] == [RIGHT, BAD, BAD]


def test_trls_messages_and_episodes_of_many_turns_are_turns():
    messages = [{"role": "user", "content": "Which way?"}]
    reply = [{"role": "assistant", "content": RIGHT}, {"role": "user", "content": "And now?"}, {"role": "assistant", "content": BAD}]
    text = f"{RIGHT}\nuser\nAnd now?\nassistant\n{BAD}"
    reads = [every({"completions_00001.parquet": made.completions(rows=[{"step": 1, "prompt": prompt, "completion": completion}])})[0]
             for prompt, completion in ((messages, reply), ("Which way?", text))]

    for read in reads:
        assert [(turn.prompt, turn.reply) for turn in read.episode.turns] == [("Which way?", RIGHT), ("And now?", BAD)]
        assert "score" in read.missing


TOLD = f"{RIGHT}\nuser\nReward:\n0.5\nTurn 2:\nState:\n{NEXT}\nYou have 9 actions left.\nassistant\n{DOWN}"
NO_ROLES = f"{RIGHT}\nReward:\n0.5\nTurn 2:\nState:\n{NEXT}\nYou have 9 actions left. Always output: <think> ... </answer>\n{DOWN}"


@pytest.mark.parametrize("completion", [
    pytest.param(TOLD, id="a text"), pytest.param([{"role": "assistant", "content": TOLD}], id="one message"),
    pytest.param(NO_ROLES, id="without role words"), pytest.param([{"role": "assistant", "content": NO_ROLES}], id="neither")])
def test_a_completion_of_several_turns_is_paid_once_and_comes_to_its_score(completion):
    row = {"step": 1, "prompt": f"FrozenLake\nState:\n{START}\nYou have 10 actions left.", "completion": completion, "reward": 1.5}

    read, = every({"completions_00001.parquet": made.completions(rows=[row])})

    assert [(turn.reply, turn.rewards) for turn in read.episode.turns] == [(RIGHT, {ENVIRONMENT: 0.5}), (DOWN, {MIXED: 1.0})]
    assert read.states == (START, NEXT)
    assert read.score == read.episode.total_reward == 1.5 and read.episode.reported == {"reward": 1.5}


def test_a_reward_behind_the_last_reply_leaves_nothing_over():
    row = {"step": 1, "prompt": "Go.", "completion": f"{NO_ROLES}\nReward:\n1.0\n", "reward": 1.5}

    read, = every({"completions_00001.parquet": made.completions(rows=[row])})

    assert [turn.rewards for turn in read.episode.turns] == [{ENVIRONMENT: 0.5}, {ENVIRONMENT: 1.0}]
    assert read.episode.total_reward == 1.5


def test_what_a_reward_function_gave_for_a_bad_reply_is_not_cut_by_our_penalty():
    row = {"step": 1, "prompt": "FrozenLake", "completion": BAD, "reward": 1.0}

    read, = every({"completions_00001.parquet": made.completions(rows=[row])})

    assert read.score == read.episode.total_reward == 1.0 and read.episode.turns[0].rewards == {"reward": 1.0}


def test_a_thought_that_speaks_of_rewards_is_one_turn():
    told = "<think>\nReward:\n1 is far.\nState:\nP_</think><answer>Right</answer>"

    row = {"step": 1, "prompt": "Go.", "completion": told, "reward": 0.0}

    read, = every({"completions_00001.parquet": made.completions(rows=[row])})

    assert [turn.reply for turn in read.episode.turns] == [told]


def test_vagens_dump_is_a_rollout():
    read, = every(vagen())

    assert (read.tag, read.score, read.episode.success, len(read.episode.turns)) == ("FrozenLake", 1.1, True, 2)


def dumped(*replies: str, folder: str = "FrozenLake_seed_7", **metrics: object) -> Rollout:
    """A dump of VAGEN with these replies."""
    logs = {"assistant_texts.json": list(replies), "metrics.json": {"rewards": [0.5] * len(replies), **metrics}}
    read, = every({f"tag_1/{folder}/{name}": json.dumps(value).encode() for name, value in logs.items()})
    return read


def test_an_answer_of_a_dump_is_every_action_that_it_names():
    turns = dumped("<think>go</think><ans>Up || left</ans>", "<answer>Down</answer>", "<answer>||</answer>").episode.turns

    assert [[(one.id, one.name) for one in turn.planned] for turn in turns] == [[("4", "Up"), ("1", "left")], [("2", "Down")], []]
    assert [[(done.name, done.step, done.rewards) for done in turn.actions] for turn in turns] == [
        [("Up", 1, {}), ("left", 2, {"environment": 0.5})], [("Down", 3, {"environment": 0.5})], [("", 4, {"environment": 0.5})]]
    assert [turn.parse for turn in turns] == ["ok", "ok", "empty"]


def test_in_another_world_than_ragens_an_answer_stays_whole():
    turn, = dumped("<answer>a || b</answer>", folder="ToolShop_seed_7").episode.turns

    assert [one.name for one in turn.planned] == ["a || b"]


@pytest.mark.parametrize("content", [
    pytest.param(lines(made.scalars()), id="lines"), pytest.param(json.dumps(made.scalars()).encode(), id="a list"),
    pytest.param(json.dumps({key: [row[key] for row in made.scalars()] for key in made.scalars()[0]}).encode(), id="columns"),
    pytest.param(json.dumps({"columns": list(made.scalars()[0]), "data": [list(row.values()) for row in made.scalars()]}).encode(),
                 id="columns and data"),
    pytest.param(json.dumps({"log_history": made.scalars()}).encode(), id="a trainer's state"),
    pytest.param("".join(",".join(map(str, row)) + "\n" for row in [made.scalars()[0].keys(), *(
        row.values() for row in made.scalars())]).encode(), id="CSV")])
def test_scalars_are_curves_by_the_names_of_either_version(content):
    brought = found(single("export", content))

    curve = brought.curves["rollout/in_group_std"]
    assert (curve.iterations, curve.values, curve.metric) == ((0, 1, 2), (1.0, 0.5, 1 / 3), "in_group_std")
    assert brought.curves["train/FrozenLake/success"].values == (0.25, 0.25)
    assert {name: one.metric for name, one in brought.curves.items()} == {
        "rollout/in_group_std": "in_group_std", "actor/grad_norm": "grad_norm", "train/FrozenLake/success": "success"}


def test_a_chart_of_wandb_is_named_after_its_run_and_its_bounds_are_passed_over():
    name = "rollout/in_group_reward_std"
    content = f'"Step","run a - {name}","run a - x__MIN","run a - x__MAX"\n"5","0.5","1","2"\n"10","0.25","1","2"\n'

    curves = found(single("chart.csv", content.encode())).curves

    assert list(curves) == [name]
    assert (curves[name].metric, curves[name].iterations, curves[name].values) == ("in_group_std", (5, 10), (0.5, 0.25))


def test_a_curve_goes_up_in_iterations_however_its_rows_stand():
    curve = found(single("x.jsonl", lines([{"step": step, "a": step} for step in (30, 10, 20)]))).curves["a"]

    assert (curve.iterations, curve.values) == ((10, 20, 30), (10, 20, 30))


def test_two_trainings_in_one_archive_are_told_apart():
    logs = {f"{run}/{name}": content for run in "ab" for name, content in {
        "metrics.jsonl": lines([{"iter": 1, "success": 0.5 if run == "a" else 0.25}]), "run.json": b'{"config": {"seed": 1}}',
        "traj/1.jsonl": lines([made.record(iter=1, group_id=7)]), "completions/5.jsonl": lines([
            made.sample(input="Go.", step=1)])}.items()}

    brought = found(opened(logs))

    assert brought.runs == ("a", "b") and set(brought.configs) == {"a", "b"}
    assert {key: (curve.run, curve.name, curve.values) for key, curve in brought.curves.items()} == {
        "a: success": ("a", "success", (0.5,)), "b: success": ("b", "success", (0.25,))}
    assert {key: len(entries) for key, entries in brought.groups(1).items()} == {
        ("a", 0): 1, ("a", 7): 1, ("b", 1): 1, ("b", 7): 1}


def test_everything_in_one_archive_is_found(tmp_path: Path):
    logs = {"a/5.jsonl": lines([made.sample(step=5)]), "b/record.json": json.dumps([made.record()]).encode(),
            "c/t.json": made.table(), "d/val.jsonl": lines([made.conversation()]),
            "scalars.csv": b"_step,actor/grad_norm\n1,0.5\n", "README.md": b"# hello",
            "other.json": b'{"a": 1}', **made.page(), **vagen()}
    (tmp_path / "logs.zip").write_bytes(made.zipped(logs))
    files = open_upload(tmp_path / "logs.zip", "logs.zip")

    brought = found(files)

    assert set(brought.layouts) == {"samples", "internal", "generations", "evaluation", "page", "vagen"}
    assert len(brought.entries) == 11 and list(brought.curves) == ["actor/grad_norm"]
    for entry in brought.entries:
        read = rollout(files, entry)
        assert isinstance(read, Rollout) and len(read.episode.turns) == entry.turns and read.episode.layout == entry.layout
