"""Every method that can be asked for, through a whole evaluation, against its own few lines on the model's own logits.

The logits at an alpha come from `attention_reference`, whose attention is formed row by row and knows nothing of the tap.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from backends.adaptvis.items import DataSet, drawn, input_px
from backends.adaptvis.results import AdaptVisResult
from backends.adaptvis.rivals import rival_probabilities
from backends.adaptvis.run import run
from backends.adaptvis.settings import AdaptVisSettings, Method
from backends.adaptvis.wiring import ALPHAS
from backends.run import Inputs, last
from models.attention import image_columns, prepare
from models.attention.asking import option_pieces
from models.vlm import VisionLanguageModel
from tests.models.attention_reference import reference
from tests.models.tiny_vlms import load_tiny

METHODS = get_args(Method)
SETTINGS = {"model": "llava", "task": "evaluate", "num_sets": 6, "condition": "plain", "scenery": "rooms", "seed": 1,
            "methods": METHODS}
SURE = 1e-4  # of probability: what is nearer to a tie may fall either way


class Asked:
    """One part of a data set at every alpha, read apart from the app."""

    def __init__(self, vlm: VisionLanguageModel, items: tuple) -> None:
        self.items, self.words = items, items[0].options
        pictures, questions = [[item.open()] for item in items], [item.question for item in items]
        self.inputs = prepare(vlm, pictures, questions, layout=[None] * len(items))
        self.pieces, _ = option_pieces(vlm, self.words)
        columns = image_columns(vlm.model, self.inputs["input_ids"])
        self.logits = torch.stack([self._at(vlm, columns, alpha) for alpha in ALPHAS])  # (alphas, items, vocabulary)
        whole = self.logits.softmax(-1)
        self.probabilities = self.options_of(whole)  # (alphas, items, words)
        self.confidence = whole[ALPHAS.index(1.0)].amax(-1).numpy()
        self.truth = np.array([self.words.index(item.right) for item in items])
        self.right = self.probabilities.argmax(-1) == self.truth  # (alphas, items)

    def _at(self, vlm: VisionLanguageModel, columns: torch.Tensor, alpha: float) -> torch.Tensor:
        with reference(vlm.model, columns, alpha), torch.no_grad():
            return vlm.model(**self.inputs, use_cache=False).logits[:, -1].float()

    def options_of(self, whole: torch.Tensor) -> np.ndarray:
        return torch.stack([whole[..., own].sum(-1) for own in self.pieces], dim=-1).numpy()


@pytest.fixture(scope="module")
def vlm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VisionLanguageModel]:
    root: Path = tmp_path_factory.mktemp("models")
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORRERY_MODELS_DIR", str(root))
        yield load_tiny(root, "llava").tool


@pytest.fixture(scope="module")
def data(vlm: VisionLanguageModel) -> DataSet:
    return drawn(AdaptVisSettings(**SETTINGS), input_px(vlm))


@pytest.fixture(scope="module")
def validation(vlm: VisionLanguageModel, data: DataSet) -> Asked:
    return Asked(vlm, data.validation)


@pytest.fixture(scope="module")
def asked(vlm: VisionLanguageModel, data: DataSet) -> Asked:
    return Asked(vlm, data.test)


@pytest.fixture(scope="module")
def result(vlm: VisionLanguageModel) -> AdaptVisResult:
    return last(run(AdaptVisSettings(**SETTINGS), Inputs()))


def is_scored(result: AdaptVisResult, method: str, right: np.ndarray, base: np.ndarray) -> None:
    found = next(score for score in result.evaluated.scores if score.method == method)
    assert found.individual[0] == pytest.approx(right.mean())
    assert (found.mended, found.broken) == (int((right & ~base).sum()), int((base & ~right).sum()))


def change(alpha: float) -> float:
    return abs(np.log(alpha)) if alpha > 0 else np.inf


def adaptvis(asked: Asked) -> tuple[float, float, float]:
    """The alpha1 <= 1 <= alpha2 and beta that are right most often; of equals the mildest, then the lowest beta."""
    from backends.adaptvis.choosing import BETAS

    best = None
    for beta in BETAS:
        for low in (alpha for alpha in ALPHAS if alpha <= 1):
            for high in (alpha for alpha in ALPHAS if alpha >= 1):
                rows = np.where(asked.confidence < beta, asked.right[ALPHAS.index(low)], asked.right[ALPHAS.index(high)])
                key = (-int(rows.sum()), change(low) + change(high), beta)
                if best is None or key < best[0]:
                    best = key, (low, high, beta)
    return best[1]


def constants(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The one constant per word at which every word is said as often as it is right: where the cross entropy is least."""
    logs, found = np.log(probabilities + 1e-9), np.zeros(probabilities.shape[1])
    wanted = np.bincount(truth, minlength=len(found)) / len(truth)
    for _ in range(3000):
        shares = np.exp(logs + found)
        found = found + 0.5 * np.log(wanted / (shares / shares.sum(1, keepdims=True)).mean(0))
    return found - found.mean()


def test_every_item_has_the_models_own_confidence_and_answers(result: AdaptVisResult, asked: Asked) -> None:
    assert [item.confidence for item in result.evaluated.items] == pytest.approx(asked.confidence.tolist(), abs=SURE)
    for place, item in enumerate(result.evaluated.items):
        for row, said in enumerate(item.answers):
            own = asked.probabilities[row, place]
            assert own[asked.words.index(said)] > own.max() - SURE


def test_greedy_scalingvis_adaptvis_and_the_oracle_are_what_their_papers_say(
    result: AdaptVisResult, asked: Asked, validation: Asked
) -> None:
    one, base = ALPHAS.index(1.0), asked.right[ALPHAS.index(1.0)]
    counts = validation.right.sum(1)
    alpha = min((alpha for alpha, count in zip(ALPHAS, counts) if count == counts.max()), key=change)
    low, high, beta = adaptvis(validation)
    adapted = np.where(asked.confidence < beta, asked.right[ALPHAS.index(low)], asked.right[ALPHAS.index(high)])

    assert (result.evaluated.alpha1, result.evaluated.alpha2, result.evaluated.beta) == (low, high, beta)
    is_scored(result, "greedy", asked.right[one], base)
    is_scored(result, "scalingvis", asked.right[ALPHAS.index(alpha)], base)
    is_scored(result, "adaptvis", adapted, base)
    is_scored(result, "oracle", asked.right.any(0), base)


def test_adaptvis_counted_as_in_training_weighs_each_relation(result: AdaptVisResult, asked: Asked, validation: Asked,
                                                              data: DataSet) -> None:
    low, high, beta = adaptvis(validation)
    adapted = np.where(asked.confidence < beta, asked.right[ALPHAS.index(low)], asked.right[ALPHAS.index(high)])
    relations = np.array([item.relation for item in asked.items])
    wanted = sum(share * adapted[relations == name].mean() for name, share in data.frequencies.items())

    found = next(score for score in result.evaluated.scores if score.method == "reweighted")
    assert found.individual[0] == pytest.approx(wanted)


def test_one_constant_per_word_is_the_one_that_says_each_as_often_as_it_is_right(
    result: AdaptVisResult, asked: Asked, validation: Asked
) -> None:
    one, base = ALPHAS.index(1.0), asked.right[ALPHAS.index(1.0)]
    added = constants(validation.probabilities[one], validation.truth)
    said = next(score.setting for score in result.evaluated.scores if score.method == "bias")
    told = np.array([float(part.rsplit(" ", 1)[1]) for part in said.split(", ")])

    assert told - told.mean() == pytest.approx(added, abs=0.02)
    is_scored(result, "bias", (np.log(asked.probabilities[one] + 1e-9) + added).argmax(-1) == asked.truth, base)
    fitted = [constants(own, validation.truth) for own in validation.probabilities]
    counts = [((np.log(own + 1e-9) + found).argmax(-1) == validation.truth).sum()
              for own, found in zip(validation.probabilities, fitted)]
    place = min((row for row, count in enumerate(counts) if count == max(counts)), key=lambda row: change(ALPHAS[row]))
    is_scored(result, "acc_bias", (np.log(asked.probabilities[place] + 1e-9) + fitted[place]).argmax(-1) == asked.truth, base)


def on_plausible(scores: torch.Tensor, plain: torch.Tensor) -> torch.Tensor:
    p = plain.softmax(-1)
    return torch.where(p >= 0.1 * p.amax(-1, keepdim=True), scores, -torch.inf).softmax(-1)


def test_vcd_contrasts_with_the_picture_under_noise(result: AdaptVisResult, asked: Asked, vlm: VisionLanguageModel) -> None:
    steps = torch.sigmoid(torch.linspace(-6, 6, 1000)) * (0.5e-2 - 1e-5) + 1e-5
    kept = torch.cumprod(1 - steps, 0)[500]
    pixels = asked.inputs["pixel_values"]
    noise = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(SETTINGS["seed"]))
    with torch.no_grad():
        plain, blurred = (vlm.model(**asked.inputs | {"pixel_values": own}, use_cache=False).logits[:, -1].float()
                          for own in (pixels, kept.sqrt() * pixels + (1 - kept).sqrt() * noise.to(pixels)))

    own = asked.options_of(on_plausible(2 * plain - blurred, plain))
    pictures, questions = [item.open() for item in asked.items], [item.question for item in asked.items]
    found = rival_probabilities("vcd", vlm, pictures, questions, asked.words, [None] * len(questions), seed=SETTINGS["seed"])
    assert found == pytest.approx(own, abs=1e-3)
    is_scored(result, "vcd", own.argmax(-1) == asked.truth, asked.right[ALPHAS.index(1.0)])


def test_dola_contrasts_with_the_layer_of_the_upper_half_that_differs_most(
    result: AdaptVisResult, asked: Asked, vlm: VisionLanguageModel
) -> None:
    with torch.no_grad():
        out = vlm.model(**asked.inputs, output_hidden_states=True, use_cache=False)
        norm, head = vlm.model.model.language_model.norm, vlm.model.get_output_embeddings()
        final = out.logits[:, -1].float().log_softmax(-1)
        early = [head(norm(hidden[:, -1])).float().log_softmax(-1) for hidden in out.hidden_states[len(out.hidden_states) // 2:-1]]
    rows = []
    for place, full in enumerate(final):
        p, apart = full.exp(), []
        for layer in early:
            q = layer[place].exp()
            m = (p + q) / 2
            apart.append(float((p * (p / m).log()).nansum() + (q * (q / m).log()).nansum()) / 2)
        rows.append(full - early[int(np.argmax(apart))][place])

    own = asked.options_of(on_plausible(torch.stack(rows), final))
    is_scored(result, "dola", own.argmax(-1) == asked.truth, asked.right[ALPHAS.index(1.0)])
