"""Published checkpoints through the same run: tiny random pipelines of the real classes, grafted, healed, watched, kept."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from backends.files.saved import load_result, save_result
from backends.grafting import choices, healing, locality
from backends.grafting import examples as learned
from backends.grafting.examples import Examples, examples
from backends.grafting.foreseen import described
from backends.grafting.results import GraftingResult
from backends.grafting.run import run
from backends.grafting.settings import GraftingSettings
from backends.made import Made
from backends.run import Inputs, Progress, last, name_of
from models.catalogue.miniatures import MINIATURES
from models.diffusion.painter import painter_of
from models.diffusion.wanted import by_class
from tests.models import tiny_pipelines
from worlds.errors import InputError

QUICK = {"num_pictures": 2, "sample_steps": 2, "num_samples": 64, "steps": 3, "tune_steps": 2}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_pipelines.both(tmp_path_factory.mktemp("models"))


@pytest.fixture(autouse=True)
def own_models(folders, monkeypatch):
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(folders))


def test_a_dit_learns_from_what_it_painted_itself_through_both_stages(tmp_path):
    makes = Made(lambda: tmp_path)
    settings = GraftingSettings(**QUICK, model="dit", heals="both stages", subjects="volcano; 4", guidance=1.5, sampler="ddpm")
    events = list(run(settings, Inputs(makes=makes)))
    result = events[-1]
    grafted = result.grafted

    assert grafted.kinds == ("volcano", "4") and grafted.learned_from == "painted by itself" and grafted.tokens == 16
    assert [state.name for state in grafted.states] == ["original", "swapped", "stage 1", "stage 2"]
    assert all(state.pictures.shape == (2, 16, 16, 3) and state.held_out for state in grafted.states)
    assert grafted.layers == (1,) and [len(one.errors) for one in grafted.healed] == [4]
    assert any(isinstance(event, Progress) and "to learn from" in event.stage for event in events)
    assert not result.is_miniature
    opened = load_result(save_result(result), GraftingResult)
    assert opened.grafted.kinds == grafted.kinds

    name = name_of(result)
    again = last(run(GraftingSettings(**QUICK, model="dit", heals="both stages", continues=name, subjects="volcano"),
                     Inputs(results={name: result}, makes=makes)))
    assert again.grafted.states[-1].name == "stage 2" and again.made != result.made
    further = last(run(again.settings.model_copy(update={"continues": name_of(again)}),
                       Inputs(results={name_of(again): again}, makes=makes)))
    assert further.made and further.made != again.made  # as long, but from another model
    painter = painter_of(makes.find(result.made[0]), "cpu")
    assert painter.kinds == tiny_pipelines.KINDS and type(painter.network.transformer_blocks[1].attn1).__name__ == "Hyena"


def test_what_it_learns_from_is_its_own_painting_and_what_it_is_checked_on_is_not_in_it(folders):
    painter = painter_of(folders / "dit", "cpu")
    *shares, given = examples(painter, GraftingSettings(**QUICK, model="dit"))
    *_, same = examples(painter, GraftingSettings(**QUICK, model="dit"))

    assert isinstance(given, Examples) and shares == sorted(shares) and shares[-1] == 1
    (seen, shown), (held, held_shown) = given.seen, given.held_out
    assert seen.shape == (64, 4, 8, 8) and held.shape == (8, 4, 8, 8) and len(shown) == 64 and len(held_shown) == 8
    assert torch.equal(seen, same.seen[0]) and not any(torch.equal(one, other) for one in held for other in seen)
    assert len(set(shown.given["class_labels"].tolist())) == 5


def test_a_pixart_paints_sentences_and_heals_in_stage_1():
    result = last(run(GraftingSettings(**QUICK, model="pixart", subjects="a red house;the sea", sampler="dpm-solver++", guidance=4.5,
                                       operator="swa"), Inputs()))
    assert result.grafted.kinds == ("a red house", "the sea") and result.grafted.states[-1].name == "stage 1"
    assert result.grafted.states[0].pictures.std() > 0


def test_a_pixart_trains_as_a_whole():
    result = last(run(GraftingSettings(**QUICK, model="pixart", subjects="the sea", heals="both stages", operator="mlp-3"), Inputs()))
    assert result.grafted.states[-1].name == "stage 2" and np.isfinite(result.grafted.tuned_errors).all()


@pytest.mark.parametrize("kind", ["int8", "nf4"])
def test_stage_1_runs_on_packed_weights_which_are_not_kept(kind, tmp_path):
    result = last(run(GraftingSettings(**QUICK, model="dit", quantisation=kind), Inputs(makes=Made(lambda: tmp_path))))

    assert result.model_id == f"local:dit ({kind})" and result.grafted.states[-1].name == "stage 1"
    assert not result.made and "not kept" in result.notes[0]
    assert result.grafted.before.parameters > 100_000


def test_stage_2_of_packed_weights_is_refused():
    with pytest.raises(ValidationError, match="cannot be trained"):
        GraftingSettings(quantisation="nf4", heals="both stages")
    with pytest.raises(ValidationError, match="pairs learn with all weights"):
        GraftingSettings(quantisation="int8", operator="pairs")
    assert GraftingSettings(quantisation="int8", operator="pairs", heals="none")


def test_its_attention_is_watched():
    seen = last(run(GraftingSettings(model="dit", task="locality", near=4), Inputs())).locality
    assert seen.num_tokens == 16 and seen.maps.shape == (5, 3, 2, 16, 16) and seen.even == pytest.approx((9 * 16 - 4 * 5) / 256)


@pytest.mark.parametrize(("model", "settings", "says"), [
    ("dit", {"subjects": "dragon"}, "no kind 'dragon'"), ("pixart", {}, "Write some into 'subjects'"),
    ("pixart", {"subjects": f"a sea; {'a' * 301}"}, "at most 300 letters"),
    ("pixart", {"subjects": "the sea", "hears": "official"}, "takes sentences. Set 'hears'"),
    ("pixart", {"subjects": "a" * 301}, "at most 300 letters"),
    ("vignettes-dit", {"quantisation": "nf4"}, "does not run in 'nf4'")])
def test_what_cannot_be_is_one_sentence(model, settings, says):
    with pytest.raises(InputError, match=says):
        last(run(GraftingSettings(**QUICK, model=model, **settings), Inputs()))


def test_more_than_fits_into_memory_is_refused_with_how_much_would(monkeypatch):
    needed_mb = (64 + 8) * 4 * 16 * 64 / 1e6  # in half precision what a layer hears and says of 16 tokens, 64 wide
    monkeypatch.setattr(healing, "total_and_free_mb", lambda device: (1, 1.9 * needed_mb))
    with pytest.raises(InputError, match=r"Learn from at most 68 pictures"):
        last(run(GraftingSettings(**QUICK, model="dit"), Inputs()))
    monkeypatch.setattr(healing, "total_and_free_mb", lambda device: (1, 2.1))
    with pytest.raises(InputError, match=r"Stage 2 takes .* MB beside the model, 5 numbers .* 2 MB are free"):
        last(run(GraftingSettings(**QUICK, model="dit", heals="both stages", tune_loss="both"), Inputs()))
    monkeypatch.setattr(locality, "total_and_free_mb", lambda device: (1, 0.02))
    with pytest.raises(InputError, match="3 layers of 2 heads look at among 16 tokens"):
        last(run(GraftingSettings(model="dit", task="locality"), Inputs()))


def test_a_long_path_is_decoded_at_some_of_its_steps():
    state = last(run(GraftingSettings(**QUICK | {"sample_steps": 60, "num_pictures": 1}, model="dit", heals="none"),
                     Inputs())).grafted.states[0]
    assert len(state.path) == 25 and state.path[0].time == 999 and state.path[-1].time == 0


def test_every_batch_that_it_paints_to_learn_from_has_noise_of_its_own(folders, monkeypatch):
    real, seeds = learned.sample, []
    monkeypatch.setattr(learned, "sample", lambda *given, **how: seeds.append(how["seed"]) or real(*given, **how))
    list(examples(painter_of(folders / "dit", "cpu"), GraftingSettings(**QUICK, model="dit", sampler="ddpm", seed=3)))
    assert seeds == [3, 19, 35, 51, 67]


def test_what_is_checked_on_has_other_steps_and_noise_than_what_is_learned_from(monkeypatch):
    real, seeds = healing.extract, []
    monkeypatch.setattr(healing, "extract", lambda *given, **how: seeds.append(how["seed"]) or real(*given, **how))
    last(run(GraftingSettings(**QUICK, model="dit", seed=5), Inputs()))
    assert seeds == [5, 6]


@pytest.mark.parametrize(("operator", "peak"), [("hyena-x", 5e-4), ("mlp-3", 1e-3), ("pairs", 1e-4)])
def test_a_published_model_learns_at_the_released_rates(folders, operator, peak):
    painter = painter_of(folders / "dit", "cpu")
    assert healing.Grafting(painter, GraftingSettings(operator=operator))._peak() == peak
    miniature = painter_of(MINIATURES / "vignettes-dit", "cpu")
    assert healing.Grafting(miniature, GraftingSettings(operator=operator))._peak() == (1e-3 if operator == "pairs" else 3e-3)
    rates = healing.tune_rates(100, is_large=True)
    assert [rates.rate(step) for step in (0, 9, 99)] == pytest.approx([1e-5, 1e-4, 1e-4])


def test_stage_2_sees_a_tenth_of_the_pictures(monkeypatch):
    monkeypatch.setattr(healing, "TUNED_ON", 10)
    numbers = torch.arange(40)
    given = Examples("drawn", (numbers.float().view(40, 1, 1, 1), by_class(numbers % 10, 10)),
                     (torch.zeros(1, 1, 1, 1), by_class(torch.zeros(1, dtype=torch.long), 10)))
    seen = torch.cat([pictures.flatten() for pictures, _ in healing.batches(given, 5, 0, batch=4)])
    assert set(seen.tolist()) <= set(range(10)) and len(seen) > 10


def test_few_pictures_of_many_tokens_are_watched_with_the_papers_guidance(monkeypatch):
    real, asked = locality.sample, []
    monkeypatch.setattr(locality, "sample",
                        lambda *given, **how: asked.append((len(given[1]), how["guidance"])) or real(*given, **how))
    last(run(GraftingSettings(model="dit", task="locality"), Inputs()))
    monkeypatch.setattr(choices, "WATCHED_TOKENS", 3 * 16)
    last(run(GraftingSettings(model="dit", task="locality"), Inputs()))
    assert asked == [(40, 1.5), (3, 1.5)]
    monkeypatch.setattr(locality, "MOST_WATCHED", 15)
    with pytest.raises(InputError, match="Attention of 16 tokens is too much"):
        last(run(GraftingSettings(model="dit", task="locality"), Inputs()))


def test_how_it_painted_belongs_to_the_name_of_what_learned_from_that(tmp_path):
    makes = Made(lambda: tmp_path)
    one, other = (last(run(GraftingSettings(**QUICK, model="dit", heals="none", guidance=guidance), Inputs(makes=makes)))
                  for guidance in (1.0, 2.0))
    assert one.made and other.made and one.made != other.made


@pytest.mark.parametrize(("stage", "says"), [
    ("stage 1", "the error of layer 1 is no number"), ("stage 2", "Stage 2 ended at step 2")])
def test_who_learns_until_nothing_is_a_number_any_more_stops_and_says_where(stage, says, monkeypatch):
    if stage == "stage 1":
        real = healing.relative_error
        monkeypatch.setattr(healing, "relative_error", lambda operator, heard: float("nan") if operator.training is False
                            and any(float(each.abs().max()) > 1e3 for each in operator.parameters()) else real(operator, heard))
        monkeypatch.setattr(healing, "OFFICIAL_PEAKS", {"attention": 1e9})
    else:
        monkeypatch.setattr(healing.DiffusionTraining, "learn", _breaking(healing.DiffusionTraining.learn))
    result = last(run(GraftingSettings(**QUICK, model="dit", heals="both stages"), Inputs()))

    assert says in result.notes[-1] and not result.grafted.tuned_errors and result.grafted.states[0].held_out is not None


def _breaking(learn):
    def broken(training, samples):
        learn(training, samples)
        with torch.no_grad():
            for parameter in training.averaged.parameters():
                parameter.fill_(float("nan"))
        return float("nan")
    return broken


def test_only_a_pipeline_learns_from_what_it_painted_itself(folders):
    assert described(folders / "dit").paints_latents and described(folders / "dit").num_layers == 3
    assert not described(folders / "dit" / "transformer").paints_latents
