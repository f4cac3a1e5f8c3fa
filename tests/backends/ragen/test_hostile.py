"""Logs that were cut off, mixed up, half lost or meant to harm: what exists is shown, and only one sentence is ever raised."""

import json
import pickle
import random

import pytest

from backends.episode import MAX_TURNS
from backends.files.archive import Files, ZipLimits, single
from backends.files.logs import Notes
from backends.ragen.formats import found, index, rollout, samples, scalars, transcripts, turns
from backends.ragen.rollouts import ENVIRONMENT, FORMAT, SAID
from tests.backends.era.made_logs import vagen
from tests.backends.files.damage import damaged
from tests.backends.ragen import made_rollouts as made
from tests.backends.ragen.made_rollouts import DOWN, LAST, NEXT, RIGHT, START, Logs, alone, every, lines, opened
from worlds.errors import InputError

HTML = "<script>alert(1)</script><b onclick=x>"
LAYOUTS: dict[str, Logs] = {
    "record": {"5.jsonl": lines([made.record(), made.record(env_id=4)])},
    "list": {"r.json": json.dumps([made.record()], indent=1).encode()}, "samples": {"20.jsonl": lines([made.sample()] * 2)},
    "table": {"t.table.json": made.table()}, "evaluation": {"val.jsonl": lines([made.conversation()] * 2)}, "page": made.page(),
    "scalars": {"history.jsonl": lines(made.scalars())}, "csv": {"c.csv": b"_step,actor/grad_norm\n1,0.5\n2,0.25\n"},
    "vagen": vagen(), "log": {"run.json": b'{"config": {}}', "metrics.jsonl": b'{"iter": 1, "success": 0.5}\n',
                              "traj/1.jsonl": lines([made.record(iter=1, writer="orrery")])}}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_survives_damage_to_any_of_its_files(layout):
    logs, rng = LAYOUTS[layout], random.Random(0)
    for name in [name for name in logs if not name.endswith(".png")]:
        for content in damaged(logs[name], rng):
            files = opened({**logs, name: content})
            try:
                brought = found(files)
            except InputError as error:
                assert "is read here" in str(error) or "pickle" in str(error)
                continue
            for entry in brought.entries[:3]:
                rollout(files, entry)


def test_a_damaged_table_of_completions_is_one_sentence():
    content, rng = made.completions(), random.Random(1)
    for broken in (content[:len(content) // 2], content[:4] + b"\0" * 200 + content[-8:],
                   bytes(byte ^ (rng.random() < 0.02) * 255 for byte in content)):
        try:
            files = single("completions_00010.parquet", broken)
            for entry in found(files).entries:
                rollout(files, entry)
        except InputError as error:
            assert "Bring a .zip or one file of" in str(error)


@pytest.mark.parametrize("name", ["val_rollouts_1.pkl", "renamed.jsonl"])
def test_a_pickle_is_never_opened_and_what_would_work_is_said(name):
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (pytest.fail, ("it was opened",))

    with pytest.raises(InputError, match=r"is a Python pickle: .* none is read\. Bring JSON lines: RAGEN's scripts/convert"):
        found(single(name, pickle.dumps(Trap())))


def test_a_pickle_beside_json_lines_is_a_note():
    brought = found(opened({"val_rollouts_1.pkl": pickle.dumps([1]), "val.jsonl": lines([made.conversation()])}))

    assert len(brought.entries) == 1 and "'val_rollouts_1.pkl' is a Python pickle" in brought.notes[0]


@pytest.mark.parametrize(("logs", "start"), [
    ({}, "What was brought is empty, and not"), ({"a.txt": b"hello"}, "'a.txt' is not"),
    ({"a.json": b'{"question": "q"}'}, "'a.json' is not"), ({"a.json": b"[" * 100_000}, "'a.json' is not"),
    ({"a.json": b'{"a":' * 100_000}, "'a.json' is not"), ({"a.json": b""}, "'a.json' is not"),
    ({"a.csv": b"name,age\nx,3\n"}, "'a.csv' is not"), ({"a.json": b"null", "b.png": b"\x89PNG"}, "None of the 2 files is"),
    ({"a.json": b'{"history": 3}'}, "'a.json' is not"), ({"a.parquet": b"PAR1 nothing"}, "'a.parquet' is not")])
def test_what_is_no_log_is_one_sentence_with_what_would_work(logs, start):
    with pytest.raises(InputError) as error:
        found(opened(logs))

    assert str(error.value).startswith(f"{start} a log of an agent's training that is read here")
    assert "Bring a .zip or one file of: RAGEN's rollout records" in str(error.value) and "\n" not in str(error.value)


def test_an_entry_that_is_too_large_is_left_out_and_the_others_are_read():
    files = opened({"1.jsonl": lines([made.sample(step=1)] * 50), "2.jsonl": lines([made.sample(step=2)])}, ZipLimits(file_mb=0.001))

    brought = found(files)

    assert [entry.iteration for entry in brought.entries] == [2]
    with pytest.raises(InputError, match="At most 0 MB are read of one file"):
        found(opened({"1.jsonl": lines([made.sample(step=1)] * 50)}, ZipLimits(file_mb=0.001)))


def test_a_truncated_last_line_and_odd_ones_leave_the_others():
    content = lines([made.sample(step=1)]) + b"oops\n[1, 2]\n" + lines([made.sample(step=1), made.sample(step=1)])[:-30]

    brought = found(single("1.jsonl", content))

    assert len(brought.entries) == 2
    assert brought.notes == ("The last line of 1.jsonl is cut off: it is left out.",
                             "1.jsonl: lines 2, 3 are no JSON object, and left out.")


def test_a_broken_first_line_leaves_the_others():
    brought = found(single("1.jsonl", b"# made by hand\n" + lines([made.sample(), made.sample()])))

    assert (len(brought.entries), brought.notes) == (2, ("1.jsonl: line 1 is no JSON object, and left out.",))


def test_rows_of_other_schemas_are_counted():
    brought = found(single("1.jsonl", lines([made.sample(step=1), {"other": 1}, {"text": "x"}, made.record(), 3])))

    assert [entry.layout for entry in brought.entries] == ["samples", "internal"]
    assert "1.jsonl: 2 objects that are neither a rollout nor a step's scalars." in brought.notes


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 1e300, 10**400, "x", None, [], {}, True])
def test_numbers_that_nothing_can_be_counted_with_are_not_known(odd):
    turn = made.played(START, 10, [3], 0.0, RIGHT) | {"reward": odd, "actions_left": odd, "info": odd}
    text = json.dumps(made.record(env_id=odd, group_id=odd, penalty=odd, score=odd, advantage=odd, seed=odd, iter=odd, tag=odd,
                                  metrics=odd, history=[turn, {"state": odd, "actions_left": odd}]))

    entry, read = alone("r.json", text.encode())

    due = {True: (1, 1.0)}.get(odd if isinstance(odd, bool) else None, (None, None))
    assert (entry.member, entry.advantage, read.penalty) == (due[0], due[1], due[1])
    assert [ENVIRONMENT in turn.rewards for turn in read.episode.turns] == [odd is True]


def test_a_record_whose_turns_hold_something_else_is_read_without_it():
    turn = made.played(START, 10, [3], 0.0, RIGHT, tokens=["a"], entropy=[1, "x"], logp=[5.0], mask=[[1]], value="x", by="nobody",
                       kept={}, planned=3, action_names="no", rewards={"a": "b"})

    _, read = alone("r.jsonl", lines([made.record(history=[3, None, turn, {"llm_response": 7, "actions": 5}, {"state": LAST}])]))

    first, second = read.episode.turns
    assert (first.token_ids, first.logprobs, first.value, first.answer, second.actions) == (None, None, None, "Right", ())
    assert read.episode.notes[:2] == ("What turn 1 says of its value, advantage or actor does not fit, and is left out.",
                                      "What turn 1 says of its tokens does not fit, and is left out.")
    assert (read.final, read.entropies) == ({"text": LAST}, ())


def test_html_stays_text_in_every_field():
    reply = f"<think>{HTML}</think><answer>{HTML}</answer>"
    _, read = alone("r.jsonl", lines([made.record(tag=HTML, history=[made.played(HTML, 1, [1], 0.0, reply)])]))

    turn = read.episode.turns[0]
    assert (turn.thought, turn.answer, turn.state, read.tag) == (HTML, HTML, {"text": HTML, "actions_left": 1}, HTML)


def test_half_a_character_is_replaced():
    content = lines([made.record()]).replace(b"go right", b"\\ud800").replace(b"hm", b"\\ud800 hm")

    _, read = alone("r.jsonl", content)

    assert read.model_dump_json() and read.episode.turns[0].thought == "? hm"


def test_an_empty_answer_in_a_group_is_told_apart_and_still_shown():
    chat = made.chat([(START, 10, "")], [])
    rows = [made.sample(), made.sample(output=""), made.sample(output=chat)]
    files = opened({"1.jsonl": lines(rows)})

    entries = found(files).entries

    assert [(entry.is_empty, entry.turns) for entry in entries] == [(False, 2), (True, 0), (True, 0)]
    assert [entry.counts for entry in entries] == [True, False, False]
    assert [len(rollout(files, entry).episode.turns) for entry in entries] == [2, 0, 0]
    record = made.record(history=[made.played(START, 10, [], 0.0, ""), {"state": START}])
    assert alone("r.jsonl", lines([record]))[0].is_empty


def test_more_turns_than_are_shown_are_cut_and_told():
    turn = made.played(START, 10, [3], 0.0, RIGHT)
    texts = [(START, 10, RIGHT)] * (MAX_TURNS + 5)
    logs = {"r.jsonl": lines([made.record(history=[turn] * (MAX_TURNS + 5))]),
            "1.jsonl": lines([made.sample(output=made.chat(texts, [0.0] * len(texts)))])}

    for read in every(logs):
        assert len(read.episode.turns) == MAX_TURNS
        assert any(f"The first {MAX_TURNS:,} are shown." in note for note in read.episode.notes)


def test_rollouts_and_files_are_bounded_in_number(monkeypatch):
    monkeypatch.setattr(index, "MAX_ROLLOUTS", 3)
    logs = {f"{step}.jsonl": lines([made.sample(step=step)] * 2) for step in range(4)}

    assert len(found(opened({"0.jsonl": lines([made.sample()] * 3)})).entries) == 3
    assert not found(opened({"0.jsonl": lines([made.sample()] * 3)})).notes
    brought = found(opened(logs))
    assert (len(brought.entries), brought.notes) == (3, ("There are more than 3 rollouts. The first are listed.",))
    table = found(opened({"t.json": made.table()}))
    assert (len(table.entries), table.notes) == (3, ("There are more than 3 rollouts. The first are listed.",))


def test_what_is_read_of_all_files_together_is_bounded(monkeypatch):
    content = lines([made.sample()])
    monkeypatch.setattr(index, "MAX_READ_MB", 1.5 * len(content) / 1e6)

    brought = found(opened({"1.jsonl": content, "2.jsonl": content}))

    assert len(brought.entries) == 1 and "are read in all." in brought.notes[0]


def test_dumps_count_to_what_is_read_of_all_files_together(monkeypatch):
    metrics = next(content for name, content in vagen().items() if name.endswith("metrics.json"))
    logs = {f"tag_0/lake_seed_{seed}/{name}": content for seed in range(3)
            for name, content in (("metrics.json", metrics), ("assistant_texts.json", b'["<answer>Up</answer>"]'))}
    monkeypatch.setattr(index, "MAX_READ_MB", 2.5 * len(metrics) / 1e6)

    brought = found(opened(logs))

    assert len(brought.entries) == 2 and "are read in all." in brought.notes[0]
    monkeypatch.setattr(index, "MAX_READ_MB", 1)
    monkeypatch.setattr(index, "MAX_READ_CONTAINERS", metrics.count(b"[") + metrics.count(b"{"))
    brought = found(opened(logs))
    assert len(brought.entries) == 1 and brought.notes[0].startswith("2 files are not read, ")


def test_what_tables_unpack_to_counts_to_what_is_read_of_all_files_together(monkeypatch):
    row = {"step": 1, "prompt": "a" * 400, "completion": "b" * 600}
    logs = {f"completions_{step:05d}.parquet": made.completions(rows=[row | {"step": step}]) for step in (1, 2, 3)}
    monkeypatch.setattr(index, "MAX_READ_MB", 0.0025)

    brought = found(opened(logs))

    assert [entry.iteration for entry in brought.entries] == [1, 2] and "are read in all." in brought.notes[0]


@pytest.mark.parametrize("limit", ["MAX_READ_LINES", "MAX_READ_VALUES", "MAX_READ_CONTAINERS"])
def test_lines_and_values_of_all_files_together_are_bounded_and_a_smaller_file_behind_is_read(limit, monkeypatch):
    large, small = lines([made.sample(step=1, extra=[[], []])] * 2), lines([made.sample(step=3)])
    held = {"MAX_READ_LINES": 2, "MAX_READ_VALUES": large.count(b","), "MAX_READ_CONTAINERS": large.count(b"[") + large.count(b"{")}
    monkeypatch.setattr(index, limit, held[limit] + 6)
    logs = {"1.jsonl": large, "2.jsonl": large * 4, "3.jsonl": small}

    brought = found(opened(logs))

    assert [entry.iteration for entry in brought.entries] == [1, 1, 3]
    assert brought.notes[0].startswith("1 file is not read, 2.jsonl first: at most ")
    with pytest.raises(InputError, match=r"1 file is not read, 2\.jsonl first"):
        found(single("2.jsonl", large * 9))


class Counted(list[object]):
    """A row of a table that counts how often it is looked into."""

    looks = 0

    def __getitem__(self, place):
        Counted.looks += 1
        return super().__getitem__(place)


def test_columns_that_a_row_does_not_have_cost_nothing():
    names = ["step", *(f"output_{own}" for own in range(1, 2_001))]
    for columns, looks in ((names, 10), (["output_1"] * 2_000, 0)):
        Counted.looks = 0
        assert not list(samples.entries_of({"columns": columns, "data": [Counted([7, None][:looks])] * 10}, (0, 1), "t", Notes()))
        assert Counted.looks == looks


def test_cells_of_a_table_of_generations_are_bounded(monkeypatch):
    monkeypatch.setattr(samples, "MAX_CELLS", 3)
    table = {"columns": ["output_1", "output_1", "output_2", "step"], "data": [["a", "b", "c", 5], [None, "d", "e", 6]]}

    brought = found(single("t.json", json.dumps(table).encode()))

    assert [(entry.part, entry.iteration) for entry in brought.entries] == [("0.1", 5), ("0.2", 5), ("1.1", 6)]
    assert brought.notes == ("A table of generations holds more than is read: at most 50,000 samples in 3 cells.",)


def test_lists_of_different_lengths_stand_side_by_side_and_one_that_has_ended_is_left():
    rows = list(scalars.rows_of({"a": [1], "_step": [1, 2, 3], "b": [], "c": [4, 5]}))

    assert rows == [{"_step": 1, "c": 4, "a": 1}, {"_step": 2, "c": 5}, {"_step": 3}]


def test_names_of_columns_are_worked_out_once_for_all_rows_that_have_the_same(monkeypatch):
    asked: list[str] = []
    known = scalars._bare
    monkeypatch.setattr(scalars, "_bare", lambda name: asked.append(name) or known(name))
    monkeypatch.setattr(scalars, "MAX_COLUMNS", 3)
    collected = scalars.Collected()

    for step in range(50):
        collected.add({"_step": step, "my run - a": step, "a__MIN": 0, "beyond": 1}, step, "")

    assert len(asked) == 2 and collected.curves(Notes())["a"].values == tuple(range(50))


def test_values_of_all_rows_together_are_bounded(monkeypatch):
    monkeypatch.setattr(scalars, "MAX_VALUES", 6)

    brought = found(single("x.jsonl", lines([{"_step": step, "a": 1} for step in range(9)])))

    assert len(brought.curves["a"].values) == 3 and "There are more scalars than are shown" in brought.notes[0]


def test_of_a_wide_table_of_scalars_fewer_rows_are_read(monkeypatch):
    monkeypatch.setattr(index, "_MAX_CELLS", 7)

    brought = found(single("c.csv", b"_step,a\n" + b"".join(b"%d,1\n" % step for step in range(5))))

    assert brought.curves["a"].iterations == (0, 1, 2) and brought.notes == ("c.csv has 5 rows. The first 3 are read.",)


def test_actions_of_a_rollout_are_bounded_over_all_its_turns(monkeypatch):
    monkeypatch.setattr(turns, "MAX_DONE", 12)
    logs = {"r.jsonl": lines([made.record(history=[made.played(START, 10, [3, 3], 0.0, RIGHT)] * 9)]), **made.page(),
            "val.jsonl": lines([made.conversation()]), "1.jsonl": lines([made.sample()])}

    for read in every(logs):
        assert 0 < turns.size_of(read.episode.turns) <= 12
    record = alone("r.jsonl", logs["r.jsonl"])[1].episode
    assert len(record.turns) == 3 and record.notes[-1].startswith("Turn 4 and those behind it are left out: at most 12 turns and")


@pytest.mark.parametrize(("odd", "wrong"), [
    ('{"history": ' + "[" * 10_000 + "]" * 10_000 + "}", "is nested too deeply, and left out."),
    ('{"history": [' + "9" * 5_000 + "]}", "has a number that is too long, and is left out."),
    ('{"history": [oops, "}"]}', "is no JSON object, and left out.")], ids=["deep", "long", "damaged"])
def test_one_odd_rollout_is_named_and_those_around_it_are_read(odd, wrong):
    before, after = (json.dumps(made.record(env_id=member)) for member in (1, 2))

    for content, place in ((f"[{before},{odd}, {after}]", "entry 2"), (f"{odd}\n{after}\n", "line 1"),
                           (f"{before}\n{odd}\n{after}\n", "line 2"), (f"[{before},\n{odd},\n{after}]", "entry 2")):
        brought = found(single("r.json", content.encode()))

        assert brought.entries[-1].member == 2 and len(brought.entries) == content.count('"history": [{')
        assert brought.notes == (f"r.json: {place} {wrong}",)


def test_of_many_tables_some_are_read_evenly_over_the_training(monkeypatch):
    monkeypatch.setattr(index, "MAX_TABLES", 2)
    rows = [{"step": 1, "prompt": "p", "completion": RIGHT, "reward": 1.0}]
    logs = {f"completions_{step:05d}.parquet": made.completions(rows=[rows[0] | {"step": step}]) for step in (1, 2, 3, 4, 5)}

    brought = found(opened(logs))

    assert [entry.iteration for entry in brought.entries] == [1, 5]
    assert brought.notes == ("There are 5 tables of completions. 2 are read, evenly spread.",)


def test_curves_and_points_are_bounded(monkeypatch):
    monkeypatch.setattr(scalars, "MAX_CURVES", 2)
    monkeypatch.setattr(scalars, "MAX_POINTS", 3)
    rows = [{"_step": step, "a": 1, "b": 2, "c": 3} for step in range(5)]

    brought = found(single("x.jsonl", lines(rows)))

    assert {name: len(curve.values) for name, curve in brought.curves.items()} == {"a": 3, "b": 3}
    assert "There are more scalars than are shown: at most 2 curves of 3 points are read." in brought.notes


def test_values_that_are_no_numbers_are_left_out_of_curves_and_counted():
    rows = [{"_step": 0, "a": 1.0, "b": "NaN"}, {"_step": 1, "a": float("inf")}, {"_step": 2, "a": 2}]

    brought = found(single("x.jsonl", lines(rows)))

    assert brought.curves["a"].iterations == (0, 2) and "b" not in brought.curves
    assert brought.notes == ("Left out of the curves, because they are no finite numbers: 2 values.",)


def test_a_log_that_began_again_has_one_point_per_step():
    curve = found(single("x.jsonl", lines([{"_step": 0, "a": 1}, {"_step": 1, "a": 2}, {"_step": 1, "a": 3}]))).curves["a"]

    assert (curve.iterations, curve.values) == ((0, 1), (1, 3))


def test_a_list_is_made_without_reading_a_turn_and_a_file_is_unpacked_once(monkeypatch):
    logs = {f"{step}.jsonl": lines([made.sample(step=step)] * 40) for step in (1, 2)} | {"t.json": made.table()}
    zipped = opened(logs)
    read: list[str] = []

    def reading(name: str) -> bytes:
        read.append(name)
        return zipped.read(name)

    def no_turn(*_: object) -> None:
        pytest.fail("a turn was read")

    with monkeypatch.context() as patch:
        patch.setattr(transcripts, "turn_of", no_turn)
        files = Files(zipped.names, reading)
        entries = found(files).entries
    assert (len(entries), sorted(read)) == (86, sorted(logs))
    read.clear()
    first = [entry for entry in entries if entry.file == "1.jsonl"]
    for entry in first * 2:
        assert rollout(files, entry).score == 1.0
    assert len(read) <= 1


def test_a_hundred_thousand_rollouts_are_listed_and_any_is_read():
    content = lines([{"history": [{"state": "s", "reward": 0.5, "llm_response": RIGHT}], "env_id": 0}]) * 100_000
    files = single("1.jsonl", content)

    entries = found(files).entries

    assert len(entries) == 100_000 and {entry.score for entry in entries} == {0.5}
    assert rollout(files, entries[99_999]).episode.turns[0].answer == "Right"


@pytest.mark.parametrize("text", [
    "user\n" * 100_000, "assistant\n" * 100_000, "Reward:\n" * 50_000, "Turn 1:\nState:\n" * 30_000, "<think>" * 50_000,
    "user\nTurn 1:\nState:\n" * 20_000 + "assistant\nx", "Reward:" + " " * 90_000 + "\n\n", "available actions are:" * 20_000])
def test_hostile_chats_are_read_in_one_pass(text):
    _, read = alone("1.jsonl", lines([made.sample(output=f"system\nx\nuser\n{text}\nassistant\n{RIGHT}")]))

    assert len(read.episode.turns) <= MAX_TURNS
    assert len(transcripts.parts_of(text)) <= 2 * MAX_TURNS + 4


def test_a_rollout_whose_file_is_gone_is_one_sentence():
    logs = {"1.jsonl": lines([made.sample()]), **vagen()}
    entries = found(opened(logs)).entries

    for entry in entries:
        with pytest.raises(InputError, match=r"Bring it again\."):
            rollout(opened({"other.txt": b"x"}), entry)


def test_junk_is_no_log_and_names_are_read_in_the_order_of_their_numbers():
    logs = {f"{step}.jsonl": lines([made.record(env_id=step, iter=1)]) for step in (10, 9, 100)}
    junk = {"__MACOSX/._9.jsonl": lines([made.record()]), ".hidden.jsonl": lines([made.record()])}

    assert [entry.member for entry in found(opened(logs | junk)).entries] == [9, 10, 100]


def test_a_penalty_that_the_replies_do_not_explain_is_left_whole_and_told():
    history = [made.played(START, 10, [3], 0.0, RIGHT), made.played(NEXT, 9, [2], 1.0, DOWN)]

    _, read = alone("r.jsonl", lines([made.record(penalty=-0.1, history=history)]))

    assert (read.penalty, read.score) == (-0.1, 0.9) and not any(FORMAT in turn.rewards for turn in read.episode.turns)
    assert any(note.startswith("The log says a penalty of -0.1, the replies") for note in read.episode.notes)


def test_every_layout_has_words_for_a_page():
    brought = [found(opened(logs)) for name, logs in LAYOUTS.items() if name not in ("scalars", "csv")]

    assert all(SAID[layout] for one in brought for layout in one.layouts)
    assert {layout for one in brought for layout in one.layouts} == set(SAID) - {"completions"}
