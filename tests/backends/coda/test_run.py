"""Whole runs on the shipped miniatures: what a page, the REST front and a script get."""

from itertools import pairwise

import pytest

from backends.coda.results import CodaResult, LawPart
from backends.coda.run import run
from backends.coda.settings import PRESETS, CodaSettings
from backends.files.saved import load_result, save_result
from backends.registry import system
from backends.run import Inputs, Progress, RunStopped, last
from worlds.errors import InputError

FAST = {"num_sets": 5, "epochs": 2, "hidden": 16}


def result_of(inputs: Inputs | None = None, **settings) -> CodaResult:
    return last(run(CodaSettings(**settings), inputs or Inputs()))


def test_a_rare_fact_is_overshadowed_and_coda_with_the_oracle_mask_brings_some_back():
    asked = result_of(num_examples=16, detector="oracle").asked

    right = {name: sum(w.is_right for a in asked for w in a.written if w.method == name) for name in ("greedy", "coda", "cad")}
    popular = sum(a.written[0].is_popular for a in asked)
    assert popular >= 8  # of 16 facts, most are answered with the popular one's answer
    assert right["coda"] > right["greedy"]


def test_answers_grow_by_a_token_of_every_decoder_at_a_time():
    events = [event for event in run(CodaSettings(methods=("greedy", "coda", "cad")), Inputs()) if isinstance(event, tuple)]

    lengths = [[len(w.tokens) for w in event[0].written] for event in events]
    assert lengths[0] == [1, 1, 1]
    assert all(0 <= b - a <= 1 for before, after in pairwise(lengths) for a, b in zip(before, after))


def test_equal_settings_give_equal_bytes_and_a_saved_run_opens_as_it_was():
    first, second = (result_of(seed=5, methods=("greedy", "sample", "dola"), temperature=0.8) for _ in range(2))

    assert save_result(first) == save_result(second)
    assert load_result(save_result(first), CodaResult) == first


def test_rows_of_a_file_that_cannot_be_asked_or_answered_stop_no_other(tmp_path):
    path = tmp_path / "0.csv"
    path.write_text("Prompt;Right;Note\nzebras of Ildstow are,brown;x;\n;honey;\nthe door of the library in Ildstow is;brown;\n")

    result = result_of(Inputs({"mine.csv": path}), task="file", file="upload:mine.csv", methods=("greedy",))

    first, second = result.file.rows
    assert (first.number, first.answers, second.number, list(second.answers), second.problem) == (1, {}, 3, ["greedy"], None)
    assert "zebras" in first.problem
    assert result.file.num_in_file == 3 and result.file.name == "mine.csv"
    assert any(note.startswith("1 row is left out: Row 2 has an empty prompt") for note in result.notes)
    assert "Columns that are not used: Note." in result.notes


def test_two_seeds_draw_other_answers():
    def text(seed):
        return [w.text for a in result_of(prompts=("the door of the library in Ildstow is",), seed=seed, methods=("sample",),
                                          temperature=2.0).asked for w in a.written]

    assert len({tuple(text(seed)) for seed in range(6)}) > 1


@pytest.mark.parametrize("changed", [
    {"alpha": 0.5}, {"escape_bias": "paper"}, {"weight": 3.0}, {"mask_mode": "delete"}, {"mask_mode": "attend"}, {"tau": 5.0},
    {"detector": "indicator_first"}, {"detector": "indicator_argmin"}, {"detector": "manual", "named": "door"},
    {"skips_stop_words": True}, {"epoch": 6}, {"model": "coda-p-law"}, {"temperature": 1.5}, {"max_new_tokens": 1},
    {"popularity": 2}, {"num_examples": 2}, {"quantisation": "int8"}, {"as_chat": False, "unit": "token", "redetects": True},
], ids=str)
def test_every_knob_of_comparing_changes_something(changed):
    base = {"seed": 4, "methods": ("coda", "cad"), "epoch": 16}
    if "model" in changed or "epoch" in changed:
        base.pop("epoch")

    before, after = result_of(**base), result_of(**base | changed)

    assert before.asked != after.asked or "redetects" in changed  # looking again may find the same word


def test_the_gate_lets_the_answer_be_where_the_mask_does_not_like_it_more():
    prompt = "the door of the library in Ildstow is"
    shut = result_of(prompts=(prompt,), detector="manual", named="the", gate=True, methods=("greedy", "coda"))

    tokens = shut.asked[0].written[1].tokens
    assert all(token.piece == token.greedy_piece for token in tokens if not token.is_contrasted)


def test_a_prompt_of_ones_own_that_is_a_known_fact_has_a_right_answer_and_another_has_none():
    known = result_of().asked[0].prompt
    own = result_of(prompts=(known, "the door of the library")).asked

    assert own[0].right is not None and own[0].popular is not None
    assert own[1].right is None and own[1].written[0].is_right is None


def test_the_law_of_the_shipped_epochs_has_the_slope_of_the_specification():
    epochs = result_of(task="law", model="coda-p-law").law.epochs

    assert [entry.epoch for entry in epochs] == [6, 10, 14, 20, 30]
    assert all(20 < entry.law.slope < 50 and entry.law.r_squared > 0.85 for entry in epochs[1:4])
    assert all(low < entry.law.slope < high for entry in epochs for low, high in [entry.law.slope_interval])


@pytest.mark.parametrize("factor", ["P", "L", "S"])
def test_a_law_can_be_trained_live_and_grows_by_an_epoch_at_a_time(factor):
    parts = [event for event in run(CodaSettings(task="law", trains=True, factor=factor, **FAST), Inputs())
             if isinstance(event, LawPart)]

    assert [len(part.epochs) for part in parts[:2]] == [1, 2]
    values = [group.value for group in parts[-1].epochs[-1].law.groups]
    assert len(values) == (4 if factor == "S" else 6)
    assert parts[-1].was_trained


def test_two_seeds_of_a_law_are_pooled():
    law = result_of(task="law", trains=True, num_seeds=2, **FAST).law

    assert [entry.epoch for entry in law.epochs] == [1, 2]
    assert law.epochs[-1].law.groups[0].num_sets == 10
    alone = [result_of(task="law", trains=True, seed=seed, **FAST).law for seed in (0, 1)]  # each on words of its own
    for number, entry in enumerate(law.epochs):
        assert entry.loss == pytest.approx(sum(one.epochs[number].loss for one in alone) / 2)


def test_recovery_beats_greedy_with_the_oracle_mask_and_floor():
    part = result_of(task="recovery").recovery
    rows = {row.decoder: row for row in part.rows}

    assert rows["CoDA + floor + gate, word told"].exact_match.mean > rows["Greedy"].exact_match.mean + 0.08
    assert rows["Greedy"].recovered.mean == 0 and rows["Greedy"].broken.mean == 0
    assert {point.knob for point in part.sweep} == {"alpha", "a"}
    assert next(row.rule for row in part.finders) == "lift"


def test_a_stopped_run_keeps_what_it_has():
    events = run(CodaSettings(task="law", trains=True, **FAST | {"epochs": 50}), Inputs())
    for event in events:
        if isinstance(event, LawPart):
            break

    result = events.throw(RunStopped())

    assert result.was_stopped and len(result.law.epochs) == 1


def test_progress_comes_first_and_the_result_last():
    events = list(run(CodaSettings(), Inputs()))

    assert isinstance(events[0], Progress) and isinstance(events[-1], CodaResult)


@pytest.mark.parametrize(("settings", "says"), [
    ({"prompts": ("the dragon of Mardby",)}, "'dragon'"),
    ({"prompts": ("the door " * 300,)}, "at most 192"),
    ({"prompts": ("the",), "detector": "oracle"}, "own facts only"),
    ({"prompts": ("the",), "skips_stop_words": True}, "can be masked"),
    ({"prompts": ("the door",), "detector": "manual", "named": "roof"}, "not in the prompt"),
    ({"model": "no-such-model"}, "no-such-model"),
    ({"model": "canvas-detector"}, "detector"),
    ({"epoch": 7}, "Kept epochs"),
    ({"as_chat": True}, "chat template"),
    ({"task": "law", "trains": True, "factor": "P", "hidden": 24, "epochs": 1, "num_sets": 5}, None),
    ({"task": "file", "file": "upload:none.csv"}, "not in this session"),
], ids=lambda value: str(value)[:60])
def test_bad_input_is_one_clear_sentence(settings, says):
    if says is None:
        assert result_of(**settings).law is not None  # 24 is a multiple of 8
        return
    with pytest.raises(InputError, match=says):
        result_of(**settings)


@pytest.mark.parametrize(("wrong", "says"), [
    ({"task": "file"}, "Upload one"), ({"detector": "manual"}, "overshadowed words"), ({"methods": ("sample",)}, "temperature"),
    ({"hidden": 20}, "multiple of 8"), ({"alpha": 0}, "greater than 0"), ({"methods": ()}, "at least 1"),
], ids=str)
def test_settings_that_make_no_sense_are_refused_with_the_remedy(wrong, says):
    with pytest.raises(ValueError, match=says):
        CodaSettings(**wrong)


def test_the_presets_do_what_their_labels_say():
    fails, fixed, paper = (last(run(PRESETS[label][0], Inputs())).asked[0]
                           for label in ("See it fail", "One click on CoDA", "The paper's formula"))

    assert not any(w.is_right for w in fails.written) and fails.written[0].is_popular
    assert [w.is_right for w in fixed.written if w.method in ("greedy", "coda")] == [False, True]
    assert [w.is_right for w in paper.written if w.method == "coda_paper"] == [False]
    assert PRESETS["The law, live"][0].trains


@pytest.mark.parametrize(("settings", "lane"), [
    pytest.param(CodaSettings(), "short", id="prompts"), pytest.param(CodaSettings(task="law"), "short", id="shipped models"),
    pytest.param(CodaSettings(task="law", trains=True), "long", id="a training"),
    pytest.param(CodaSettings(task="law", factor="S"), "long", id="four sizes, always trained"),
    pytest.param(CodaSettings(trains=True, factor="S"), "short", id="knobs of another task")])
def test_what_trains_waits_in_the_long_lane(settings, lane):
    assert system("coda").lane(settings) == lane
