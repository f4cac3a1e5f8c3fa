from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import LlamaConfig

from backends.era.settings import EraSettings
from backends.merging.methods import merged_model
from benchmarks.__main__ import asked_for, merged, sections
from benchmarks.coda import law as coda_law
from benchmarks.coda import real as coda_real
from benchmarks.era import logs as era_logs
from benchmarks.era import playing as era_playing
from benchmarks.grafting import stage_1
from benchmarks.merging import parity as merging_parity
from benchmarks.merging.made import write as random_model
from benchmarks.ragen import trainings as ragen_trainings
from models.agents.training import Scored
from models.catalogue.miniatures import MINIATURES
from models.diffusion.painter import painter_of
from models.language import LanguageModel
from tests.backends.ragen import runs as ragen_runs
from tests.models import tiny_languages
from worlds.facts.popular_answers import questions
from worlds.facts.rates import Answers

ORDER = ["first", "second"]


def section(name: str, value: int) -> str:
    return f"## Title of {name}\n\n`python -m benchmarks --only {name}` on a day\n\nvalue {value}\n"


def test_a_section_that_was_not_run_keeps_what_it_said():
    text = merged(merged("", "second", section("second", 2), ORDER), "first", section("first", 1), ORDER)

    assert text.index("value 1") < text.index("value 2")


def test_a_section_that_was_run_again_is_replaced():
    text = merged(merged("", "first", section("first", 1), ORDER), "first", section("first", 7), ORDER)

    assert "value 7" in text and "value 1" not in text and text.count("## ") == 1


def test_a_section_that_names_no_command_is_not_lost_without_a_word():
    with pytest.raises(ValueError, match="of 2 sections 1 say which command"):
        merged(section("first", 1) + "\n## By hand\n\nvalue 3\n", "second", section("second", 2), ORDER)


def test_one_seed_of_the_law_has_no_other_seed_to_be_predicted_from():
    value = np.repeat([2.0, 10.0, 50.0], 4)
    models = [Answers(value, *(np.full(12, rate) for rate in (1.0, 0.5, 0.5)), np.ones(12), np.log10(value) / 2, np.zeros(12))] * 2

    assert coda_law.left_out_error(models[:1]) == "One seed: there are no others whose line could predict it (eq. 5).\n"
    assert "(eq. 5): 0.0 [0.0, 0.0] %" in coda_law.left_out_error(models)


@pytest.mark.parametrize("layout", coda_real.LAYOUTS)
def test_every_layout_of_a_real_model_is_measured_on_its_own_words(layout):
    language = LanguageModel(tiny_languages.random_model("llama", layers=4, vocabulary=320, end=1), tiny_languages.piece_tokenizer())
    language.config.max_position_embeddings = 2048
    asked = [question for question in questions() if question.kind in ("capital", "saying")][::12]
    laid = [coda_real.laid_out(language, question, layout) for question in asked]
    found = coda_real.measure(language, asked, layout)
    rows = {row["name"]: row for row in coda_real.rows_of(asked, found)}

    for question, one in zip(asked, laid):
        assert [word.text for word in one.prompt.words] == [word.text for word in language.prompt(question.prompt).words]
        places = [place for word in one.prompt.words for place in word.positions]
        assert language.text([one.prompt.ids[place] for place in places]).split()[0] == question.prompt.split()[0]
        assert all(one.prompt.is_fixed[: places[0]])
    assert set(rows) == {*coda_real.NAMES[layout], coda_real.SUGGESTED.name, *coda_real.BASELINES[layout]}
    assert rows["greedy"]["gain"] == [0.0, 0.0, 0.0] and rows["greedy"]["mended"] == rows["greedy"]["broken"] == 0
    assert (coda_real.detectors_of(found) is None) == (layout == "chat")


def test_stage_1_teaches_an_operator_and_says_what_was_asked():
    painter = painter_of(MINIATURES / "vignettes-dit", "cpu")
    row = stage_1.learned(painter, "mlp-1", "noised", pictures=64, held_out=10, steps=3)
    others = (("mha", "noised", 0.1), ("hyena-x", "noised", 0.4), ("hyena-x", "clean", 0.7))
    text = stage_1.told([row, *(stage_1.Learned(operator, inputs, 9, dict.fromkeys((1, 3, 5, 7), error))
                                for operator, inputs, error in others)])

    assert sorted(row.errors) == [1, 3, 5, 7] and row.parameters == 2 * 96 * 96 + 2 * 96
    assert "not reached by:\nmlp-1, hyena-x." in text and "hyena-x 0.400 on noised and 0.700 on clean" in text


def test_a_recipe_that_mergekit_is_to_be_held_against_is_the_merge_that_was_meant(tmp_path):
    config = LlamaConfig(**merging_parity.SIZES | {"hidden_size": 32, "intermediate_size": 48})
    folders = {name: random_model(tmp_path / name, config, seed=seed, dtype=torch.float32, shard_mb=1, near=near)
               for name, seed, near in (("base", 0, None), ("vlm", 1, 0), ("reason", 2, 0))}
    mix = merging_parity.MIXES["TIES, 1.6 and 0.2"]

    recipe, theirs, masks = merging_parity._job(mix, folders, tmp_path / "0")

    due = merged_model(*(merging_parity._all(folders[name]) for name in ("vlm", "reason", "base")), mix=mix)
    ours = merging_parity._all(tmp_path / "0" / "ours")
    assert ours.keys() == due.keys() and all(torch.equal(ours[name], due[name]) for name in due)
    assert (Path(recipe).name, Path(theirs).name, masks) == ("recipe.yaml", "theirs", "-")


def test_without_mergekit_the_section_says_so(monkeypatch):
    monkeypatch.setattr(merging_parity, "mergekit_python", lambda: "")

    assert "mergekit is not installed here" in merging_parity.section()


def test_a_zip_of_logs_is_listed_and_every_episode_of_it_opened():
    listed, opened, pictures = era_logs.timed(era_logs.archive({"base": 1, "spatial": 1}))

    assert listed > 0 and len(opened) == 2 and pictures >= 4  # before the first step and after it, twice


def test_what_takes_hours_is_made_only_where_it_is_named():
    hours = {"era-prior", "era-prior-table", "era-reinforcing", "era-reinforcing-table"}
    assert asked_for() == hours < set(sections())


def test_a_subset_of_an_agent_stands_beside_seen_and_unseen():
    scored = [Scored(subset, 50, success, 0.1, None) for subset, success in (("base", 0.5), ("spatial", 0.0))]
    rows = era_playing.scored_rows("agent", scored, ("base",))

    assert [row[1] for row in rows] == ["base", "spatial", "seen", "unseen"]
    assert rows[0][2].startswith("50 [") and rows[2][2] == rows[0][2] and rows[3][2].startswith("0 [0, ")


def test_what_an_agent_remembers_is_counted_and_its_turns_are_timed():
    one = era_playing._episode(EraSettings(agent="trained", number=24, policy="full", max_turns=3))

    assert len(one.turns) == 3 and era_playing._words(one.turns[2]) > 2 * era_playing._words(one.turns[0])
    assert era_playing.turn_seconds(turns=3) > 0


def test_a_training_that_lost_its_format_is_told_from_one_that_did_not_and_alarms_of_the_other_are_false():
    made = {"well": [ragen_runs.learns(0), ragen_runs.learns(1)], "badly": [ragen_runs.loses_format(0), ragen_runs.loses_format(1)]}
    found = {name: [ragen_trainings.ended(run, ragen_trainings.PPO) for run in some] for name, some in made.items()}
    text = ragen_trainings.told(found)

    assert [one.is_lost for some in found.values() for one in some] == [False, False, True, True]
    assert all(one.late > one.early > 0.5 for one in found["well"]) and "cannot be read: 2 of\n4." in text
    rows = {row[0]: row for row in ragen_trainings.signs([one for some in found.values() for one in some])}
    assert rows["format is lost"][2:4] == ("2 of 2", "0 of 2") and rows["nothing kept"][2:] == ("0 of 2", "0 of 2", "none")
    assert "| well | 2 |" in text and "| badly | 2 |" in text
