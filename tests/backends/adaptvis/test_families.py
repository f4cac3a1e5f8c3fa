"""Whole runs on tiny models of other classes than the miniature's: tiles with words between them, windows, what overflows."""

import json
from dataclasses import replace

import numpy as np
import pytest

from backends.adaptvis import look
from backends.adaptvis.results import AdaptVisResult
from backends.adaptvis.run import run
from backends.adaptvis.settings import AdaptVisSettings
from backends.files.saved import load_result, save_result
from backends.run import Inputs, last
from tests.models.tiny_vlms import load_tiny
from visualizers.adaptvis import figures


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("families")


@pytest.fixture
def folder_of(root, monkeypatch):
    """Return where a family's tiny checkpoint lies, as it may be typed into `model`."""
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(root))

    def made(family: str) -> str:
        load_tiny(root, family)
        return str(root / family)

    return made


def looked(model: str, **settings) -> AdaptVisResult:
    return last(run(AdaptVisSettings(**{"model": model, "scenery": "rooms", "index": 1, **settings}), Inputs()))


def test_words_between_tiles_are_scaled_as_released_unless_image_tokens_alone_are_asked_for(folder_of):
    released, alone = looked(folder_of("idefics3")), looked(folder_of("idefics3"), columns="image")

    assert any("are scaled with it, as in the released code" in note for note in released.notes)
    assert any("stay as they are; the released code scales them" in note for note in alone.notes)
    at = {name: np.array([each.probabilities for each in one.looked.at]) for name, one in (("span", released), ("image", alone))}
    one = [each.alpha for each in released.looked.at].index(1.0)
    assert np.array_equal(at["span"][one], at["image"][one])
    assert np.abs(at["span"] - at["image"]).max() > 0.01


def test_a_picture_out_of_the_window_is_said_and_drawn(folder_of):
    result = looked(folder_of("gemma3"))

    assert any("In 5 of 6 layers the picture lies outside the window" in note for note in result.notes)
    assert any("of 1 layers that see it" in note for note in result.notes)
    table = figures.alphas_table(result.looked)
    assert np.isfinite(table["mean image logit"]).all()  # of the one layer that sees it
    assert figures.figures(result)


def test_8_bit_weights_read_the_prompt_for_every_alpha_and_say_so(folder_of):
    result = looked(folder_of("llava"), quantisation="int8")
    one = looked(folder_of("llava"), quantisation="int8", alpha=0.33)

    assert any("every alpha reads the whole prompt alone: 15 readings instead of one" in note for note in result.notes)
    at = [{each.alpha: each for each in part.looked.at} for part in (result, one)]
    assert all(at[0][alpha].probabilities == at[1][alpha].probabilities for alpha in at[0])  # whatever else is asked


def test_an_alpha_that_overflows_has_no_answer_and_is_drawn_as_nothing(random_model, monkeypatch):
    real = look.ask

    def overflowing(*args, **options):
        found = real(*args, **options)
        if 3.0 not in found.alphas:
            return found
        row = found.alphas.index(3.0)
        for values in (found.option_probabilities, found.confidence, *(part[:, row:row + 1] for name, part in vars(found.maps).items()
                                                                     if name != "layers")):
            values[row if values.shape[0] == len(found.alphas) else slice(None)] = np.nan
        texts = tuple("" if place == row else text for place, text in enumerate(found.texts))
        return replace(found, texts=texts, notes=("At alpha 3 this model's numbers overflow.",))

    monkeypatch.setattr(look, "ask", overflowing)
    result = looked(random_model, alpha1=3.0, beta=1.01)

    at = {each.alpha: each for each in result.looked.at}
    assert (at[3.0].text, at[3.0].is_right) == ("", False) and at[2.0].text
    assert np.isnan(at[3.0].confidence) and np.isfinite(at[2.0].reads.image_logit).all()
    assert "NaN" not in json.dumps(result.summary())
    assert save_result(load_result(save_result(result), AdaptVisResult)) == save_result(result)
    assert all("nan" not in str(trace.text) for chart in figures.figures(result).values() for trace in chart.data)
    assert figures.cover(result).shape == (540, 960, 3)


def test_a_model_that_overflows_as_it_is_is_refused_in_one_sentence(random_model, monkeypatch):
    real = look.ask
    monkeypatch.setattr(look, "ask", lambda *args, **options: replace(real(*args, **options), confidence=np.full(18, np.nan)))

    with pytest.raises(look.InputError, match="overflow even as it is"):
        looked(random_model)
