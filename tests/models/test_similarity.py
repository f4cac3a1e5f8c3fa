"""Frame against sentence, with CLIP and SigLIP."""

import numpy as np
import pytest
import torch

FAMILIES = ["clip", "siglip"]


@pytest.fixture
def frames():
    return np.random.default_rng(1).integers(0, 255, (5, 40, 72, 3), dtype=np.uint8)


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_are_the_cosines_that_the_whole_model_computes(tiny, frames, family):
    scorer = tiny(family).tool
    texts = {"padding": "max_length", "max_length": 64} if family == "siglip" else {"padding": True}
    inputs = scorer.processor(text=["a red ball"], images=list(frames), return_tensors="pt", **texts)
    with torch.inference_mode():
        outputs = scorer.model(**{k: v for k, v in inputs.items() if family == "clip" or k != "attention_mask"})
    wanted = (outputs.image_embeds @ outputs.text_embeds.T)[:, 0]

    np.testing.assert_allclose(scorer.scores(frames, "a red ball"), wanted, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_batches_and_single_frames_score_the_same(tiny, frames, family):
    scorer = tiny(family).tool
    whole = scorer.scores(frames, "cat")
    scorer.batch = 2

    np.testing.assert_allclose(scorer.scores(frames, "cat"), whole, atol=1e-5)
    np.testing.assert_allclose([scorer.scores(frame[None], "cat")[0] for frame in frames], whole, atol=1e-5)
    assert np.abs(whole).max() <= 1 + 1e-6


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sentence_longer_than_the_model_reads_is_cut_not_refused(tiny, frames, family):
    assert tiny(family).tool.scores(frames, "a red ball " * 100).shape == (5,)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_frames_have_no_scores(tiny, frames, family):
    assert tiny(family).tool.scores(frames[:0], "cat").shape == (0,)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("quantisation", ["int8", "nf4"])
def test_quantised_scores_stay_near(tiny, frames, family, quantisation):
    scores = tiny(family, quantisation).tool.scores(frames, "cat")

    assert np.abs(scores - tiny(family).tool.scores(frames, "cat")).max() < 0.3
