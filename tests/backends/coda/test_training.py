"""The live law goes on where a run ended, and what was trained is a model of its session."""

import errno
import json
from dataclasses import replace

import pytest
import torch
from transformers import LlamaForCausalLM

from backends.coda.results import LawPart
from backends.coda.run import run
from backends.coda.settings import CodaSettings
from backends.made import Made
from backends.run import Inputs, Progress, RunStopped, last
from worlds.errors import InputError

SETTINGS = CodaSettings(task="law", trains=True, num_sets=5, hidden=16, epochs=2)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def inputs(tmp_path):
    return Inputs(makes=Made(lambda: tmp_path))


def with_run(inputs, result):
    return replace(inputs, results={"before": result})


def without_times(law):
    return [epoch.model_copy(update={"cpu_s": 0.0}) for epoch in law.epochs]


@pytest.mark.parametrize("what", [{}, {"num_seeds": 2}, {"factor": "L", "position": "random", "num_sets": 6}])
def test_going_on_comes_to_what_one_long_run_comes_to(inputs, what):
    settings = SETTINGS.model_copy(update=what)
    whole = last(run(settings.model_copy(update={"epochs": 4}), Inputs()))
    first = last(run(settings, inputs))

    rest = last(run(settings.model_copy(update={"epochs": 4, "continues": "before"}), with_run(inputs, first)))

    assert without_times(rest.law) == without_times(whole.law)
    assert len(first.made) == len(rest.made) == settings.num_seeds and set(first.made).isdisjoint(rest.made)
    assert whole.made == ()


def test_only_what_is_new_is_trained(inputs):
    first = last(run(SETTINGS, inputs))

    events = list(run(SETTINGS.model_copy(update={"epochs": 3, "continues": "before"}), with_run(inputs, first)))

    assert [event.stage for event in events if isinstance(event, Progress)][1:] == [
        f"Epoch 3 of 3, loss {events[-1].law.epochs[-1].loss:.3f}"]


def test_a_run_that_was_stopped_can_be_gone_on_with(inputs):
    events = run(SETTINGS.model_copy(update={"epochs": 9}), inputs)
    for event in events:
        if isinstance(event, Progress) and event.stage.startswith("Epoch 2"):
            break
    stopped = events.throw(RunStopped("stopped"))

    assert stopped.ended == "stopped" and len(stopped.law.epochs) == 2
    whole = last(run(SETTINGS.model_copy(update={"epochs": 4}), Inputs()))
    rest = last(run(SETTINGS.model_copy(update={"epochs": 4, "continues": "before"}), with_run(inputs, stopped)))
    assert without_times(rest.law) == without_times(whole.law)


@pytest.mark.parametrize("epochs_before_the_stop", [3, 4, 5])  # of two models with three each
def test_a_run_that_was_stopped_before_all_its_models_were_trained_is_not_gone_on_with(inputs, epochs_before_the_stop):
    settings = SETTINGS.model_copy(update={"epochs": 3, "num_seeds": 2})
    events = run(settings, inputs)
    done = 0
    while done < epochs_before_the_stop:
        done += isinstance(next(events), LawPart)
    stopped = events.throw(RunStopped("stopped"))

    assert len(stopped.made) == (1 if done == 3 else 2)
    with pytest.raises(InputError, match="before all its models"):
        last(run(settings.model_copy(update={"epochs": 5, "continues": "before"}), with_run(inputs, stopped)))


@pytest.mark.parametrize(("change", "said"), [
    ({"weight_decay": 0.5}, "weight_decay 1.0 instead of 0.5"), ({"seed": 3}, "seed 0 instead of 3"), ({"epochs": 2}, "above that"),
    ({"continues": "another"}, "not in this session")])
def test_what_cannot_be_gone_on_with_is_one_sentence(inputs, change, said):
    first = last(run(SETTINGS, inputs))
    asked = SETTINGS.model_copy(update={"epochs": 4, "continues": "before"} | change)

    with pytest.raises(InputError, match=said):
        last(run(asked, with_run(inputs, first)))


def test_a_run_that_was_stopped_before_its_last_seed_was_done_is_not_gone_on_with(inputs):
    settings = SETTINGS.model_copy(update={"num_seeds": 2})
    events = run(settings, inputs)
    for event in events:
        if isinstance(event, Progress) and event.fraction == 0.75:  # the second seed has one epoch of two
            break
    stopped = events.throw(RunStopped("stopped"))
    assert len(stopped.made) == 2

    with pytest.raises(InputError, match="before all its models were trained"):
        last(run(settings.model_copy(update={"epochs": 3, "continues": "before"}), with_run(inputs, stopped)))


def test_a_file_that_names_the_model_of_another_training_is_not_gone_on_with(inputs):
    other = last(run(SETTINGS.model_copy(update={"learning_rate": 0.01}), inputs))
    forged = other.model_copy(update={"settings": SETTINGS})

    with pytest.raises(InputError, match="other models than it would have trained"):
        last(run(SETTINGS.model_copy(update={"epochs": 3, "continues": "before"}), with_run(inputs, forged)))


@pytest.mark.parametrize("card", [None, "", "[]", "{}"])
def test_a_trained_model_that_was_damaged_is_one_sentence(inputs, card):
    first = last(run(SETTINGS, inputs))
    path = inputs.makes.find(first.made[0]) / "card.json"
    path.unlink() if card is None else path.write_text(card)

    with pytest.raises(InputError, match="damaged on this machine, or was removed"):
        last(run(CodaSettings(model=first.made[0]), with_run(inputs, first)))


@pytest.mark.parametrize("change", [
    {"said": None}, {"said": {"epoch": "x", "cpu_s": 0}}, {"said": {"epoch": float("nan"), "cpu_s": 0}}, {"step": "x"},
    {"step": None}, {"groups": [{"params": list(range(21))}]}, {"generators": {"order": {"bit_generator": "PCG64", "state": None}}}])
def test_a_checkpoint_that_was_damaged_is_one_sentence(inputs, change):
    first = last(run(SETTINGS, inputs))
    path = inputs.makes.find(first.made[0]) / "training" / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    with pytest.raises(InputError, match="cannot be gone on with"):
        last(run(SETTINGS.model_copy(update={"epochs": 3, "continues": "before"}), with_run(inputs, first)))


def test_a_full_disk_costs_the_checkpoint_whole_and_not_the_law(inputs, tmp_path, monkeypatch):
    def full(self, folder):
        (folder / "half").write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(LlamaForCausalLM, "save_pretrained", full)

    result = last(run(SETTINGS, inputs))

    assert len(result.law.epochs) == 2 and result.made == ()
    (note,) = result.notes
    assert "could not be kept" in note and "disk is full" in note
    assert not list((tmp_path / "made").iterdir())


def test_a_run_whose_models_were_not_kept_says_that(inputs):
    finished = last(run(SETTINGS, Inputs()))  # which has nowhere to keep them

    with pytest.raises(InputError, match="were not kept"):
        last(run(SETTINGS.model_copy(update={"epochs": 4, "continues": "before"}), with_run(inputs, finished)))


def test_a_run_that_trained_nothing_is_refused(inputs):
    opened = last(run(CodaSettings(task="law", model="coda-p-law"), Inputs()))

    with pytest.raises(InputError, match="trained nothing"):
        last(run(SETTINGS.model_copy(update={"continues": "before"}), with_run(inputs, opened)))


def test_a_checkpoint_that_had_to_go_is_one_sentence(tmp_path):
    inputs = Inputs(makes=Made(lambda: tmp_path, max_mb=0.001))
    first = last(run(SETTINGS, inputs))
    last(run(SETTINGS.model_copy(update={"seed": 1}), inputs))  # takes its room

    with pytest.raises(InputError, match="not here any more"):
        last(run(SETTINGS.model_copy(update={"epochs": 3, "continues": "before"}), with_run(inputs, first)))


def test_a_trained_model_answers_and_is_asked_for_recoveries_like_a_miniature(inputs):
    first = last(run(SETTINGS.model_copy(update={"epochs": 3}), inputs))
    (name,) = first.made

    told = last(run(CodaSettings(model=name, methods=("greedy", "coda"), max_new_tokens=1), with_run(inputs, first)))
    recovered = last(run(CodaSettings(task="recovery", model=name), with_run(inputs, first)))

    assert told.model_id == name and told.is_miniature and told.kind == "miniature" and told.asked
    assert recovered.recovery.rows and recovered.recovery.factor == "P"
    with pytest.raises(InputError, match="last epoch only"):
        last(run(CodaSettings(task="law", model=name), with_run(inputs, first)))


def test_a_model_of_another_session_is_not_found(inputs):
    (name,) = last(run(SETTINGS, inputs)).made

    with pytest.raises(InputError, match="not here any more"):
        last(run(CodaSettings(model=name), inputs))  # which holds no result that made it


def test_a_link_to_a_run_that_went_on_trains_the_whole_of_it():
    settings = SETTINGS.model_copy(update={"epochs": 4, "continues": "coda-12345678"})

    assert CodaSettings.from_permalink(settings.permalink()) == SETTINGS.model_copy(update={"epochs": 4})
