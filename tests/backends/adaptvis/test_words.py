"""What an evaluation says: one interval for one quantity, one alpha called ScalingVis, a larger sample beside a small one."""

import numpy as np
import pytest

from backends.adaptvis.larger import Larger
from backends.adaptvis.results import AdaptVisResult, Evaluated
from backends.adaptvis.run import run
from backends.adaptvis.settings import CONDITIONS, AdaptVisSettings
from backends.adaptvis.words import condition_words, data_words, headline, one_alpha, score_of
from backends.run import Inputs, last
from visualizers.adaptvis import gain
from visualizers.adaptvis import item_set as sets


@pytest.fixture
def result_of(random_model):
    def evaluate(**settings) -> AdaptVisResult:
        base = {"model": random_model, "task": "evaluate", "num_sets": 12, "condition": "plain", "alpha1": 0.3, "alpha2": 2.0,
                "beta": 0.5, "chooses": False}
        return last(run(AdaptVisSettings(**base | settings), Inputs()))

    return evaluate


@pytest.mark.parametrize(("name", "words"), [
    ("plain", "as in training"), ("dis1", "1 further thing"), ("dis2", "2 further things"), ("clutter15", "15 grey bars behind"),
    ("noise60-depths", "grey noise of strength 60; in front, behind"), ("dis", "dis"), ("edge3", "edge3"), ("rain5", "rain5")])
def test_a_condition_is_said_in_plain_words_and_what_is_none_as_it_was_typed(name, words):
    assert condition_words(name) == words


def test_every_condition_that_is_offered_has_plain_words():
    assert all(condition_words(name) != name for name in CONDITIONS)


def test_data_of_others_keep_their_name():
    assert data_words("drawn scenes, dis1") == "drawn scenes, 1 further thing"
    assert data_words("Controlled, A") == "Controlled, A" and data_words("drawn scenes") == "drawn scenes"


def is_same(first, second) -> bool:
    return np.array_equal(np.round(first, 9), np.round(second, 9))


@pytest.mark.parametrize("settings", [
    {}, {"seed": 5}, {"match": "official", "max_new_tokens": 4}, {"match": "strict", "seed": 7}], ids=str)
def test_the_runs_own_settings_replayed_on_the_page_give_the_runs_own_interval(result_of, settings):
    result = result_of(**settings)
    evaluated, score = result.evaluated, score_of(result.evaluated, "adaptvis")

    found = gain.replay(evaluated, **gain.chosen(evaluated, result.settings))

    assert is_same([found.difference.mean, found.difference.low, found.difference.high], [100 * end for end in score.gain])
    assert (found.difference.mended, found.difference.broken) == (score.mended, score.broken)
    assert found.accuracy == pytest.approx(100 * score.individual[0])


def test_greedy_has_the_interval_of_every_figure_at_alpha_1(result_of):
    evaluated = result_of(seed=5).evaluated
    every, at = evaluated.curves[0], evaluated.alphas.index(1.0)

    assert is_same((every.accuracy[at], every.low[at], every.high[at]), score_of(evaluated, "greedy").individual)
    bars = sets.methods(evaluated).data[0]
    ends = bars.x[-1] - bars.error_x.arrayminus[-1], bars.x[-1] + bars.error_x.array[-1]  # greedy is drawn first, from below
    assert is_same(ends, [100 * end for end in score_of(evaluated, "greedy").individual[1:]])


def test_a_live_part_has_the_intervals_that_its_own_items_give(random_model, monkeypatch):
    monkeypatch.setattr("backends.adaptvis.evaluating.SHOWN_EVERY_S", 0.0)
    monkeypatch.setattr("backends.adaptvis.evaluating.MINIATURE_BATCH", 8)
    settings = AdaptVisSettings(model=random_model, task="evaluate", num_sets=8, seed=3)
    part = next(event for event in run(settings, Inputs()) if isinstance(event, Evaluated))

    found = gain.replay(part, **gain.chosen(part, settings)).difference

    assert part.num_test < 32
    assert is_same([found.mean, found.low, found.high], [100 * end for end in score_of(part, "adaptvis").gain])


@pytest.mark.parametrize(("confidences", "alpha1", "alpha2", "beta", "said"), [
    ((0.4, 0.9), 0.25, 1.0, 1.01, "With this beta every item is unsure: this is ScalingVis with alpha 0.25."),
    ((0.4, 0.9), 0.25, 1.0, 0.95, "With this beta every item is unsure: this is ScalingVis with alpha 0.25."),
    ((0.4, 0.9), 0.25, 1.5, 0.4, "With this beta every item is sure: this is ScalingVis with alpha 1.5."),
    ((0.4, 0.9), 0.25, 1.0, 0.0, "With this beta every item is sure: this is ScalingVis with alpha 1, the model as it is."),
    ((0.4, 0.9), 0.5, 0.5, 0.6, "Both alphas are 0.5, so beta decides nothing: this is ScalingVis with alpha 0.5."),
    ((0.4, 0.9), 0.25, 1.0, 0.9, ""), ((), 0.25, 1.0, 0.9, ""),
])
def test_a_beta_beyond_every_confidence_is_called_scalingvis(confidences, alpha1, alpha2, beta, said):
    assert one_alpha(confidences, alpha1=alpha1, alpha2=alpha2, beta=beta) == said


@pytest.mark.parametrize(("beta", "said"), [
    (1.01, "unsure: this is ScalingVis with alpha 0.3."), (0.0, "sure: this is ScalingVis with alpha 2.")])
def test_page_line_and_summary_say_so_too(result_of, beta, said):
    result = result_of(beta=beta)
    middle = float(np.median([item.confidence for item in result.evaluated.items]))

    assert any(said in sentence for sentence in result.told)
    assert any(said in sentence for sentence in result.summary()["told"])
    assert not any("ScalingVis with" in sentence for sentence in result_of(beta=middle).told)


def test_one_picture_says_what_its_beta_means_for_every_picture(random_model):
    def told(**settings):
        return last(run(AdaptVisSettings(model=random_model, **settings), Inputs())).told

    assert told(beta=1.01, alpha1=0.5) == ("With this beta every item is unsure: this is ScalingVis with alpha 0.5.",)
    assert told(beta=0.9) == ()


def test_a_small_run_has_the_recorded_larger_sample_beside_it(result_of):
    evaluated = result_of(methods=("greedy", "adaptvis", "bias")).evaluated
    row = Larger(model="shapes-vlm", condition="dis1", scenery="board", seed=1, num_validation=2000, num_test=2000,
                 setting="alpha1 0.25, alpha2 1, beta 1.01", one_alpha="This is ScalingVis.", greedy=(0.5, 0.48, 0.52),
                 scalingvis=(0.06, 0.042, 0.078), adaptvis=(0.06, 0.042, 0.078), bias=(0.05, 0.03, 0.07), mended=200, broken=80,
                 code_version="x")

    said = " ".join(headline(evaluated, row))

    assert "48 scenes are few. Recorded on 2,000 others of the same kind: +6.0 points, 95 % interval [+4.2, +7.8]" in said
    assert "This is ScalingVis. There one constant per answer gains +5.0 points" in said
    assert not any("are few" in sentence for sentence in headline(evaluated.model_copy(update={"num_test": 2000}), row))
    assert any("no larger sample of these settings is recorded" in sentence for sentence in headline(evaluated))
    assert not any("are few" in sentence for sentence in headline(evaluated.model_copy(update={"data": "VSR"})))
