"""What each knob of T* changes: cases of `tests/backends/test_every_knob.py`."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.interpolate import UnivariateSpline

from backends.run import Inputs
from backends.tstar.results import Iteration, TStarResult, Verification
from models.memory import budget
from tests.backends.knobs import Case
from tests.models import tiny_checkpoints

FILM, OTHER_FILM = "generated:minutes=2,seed=530004", "generated:minutes=2,seed=7"
LENGTH = 120  # seconds of both
OWN_QUESTION = "Which room colour was around when the cyan ring appeared?"
NEXT_QUESTION = "Where was the red star?"
BOX = (0.3, 0.3, 0.6, 0.6)


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> Inputs:
    """Tiny models of every role, and a picture of something."""
    torch.set_num_threads(1)
    for name in ("owlvit", "clip", "siglip", "llava"):
        getattr(tiny_checkpoints, name)(folder / name)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(folder / "thing.png")
    return Inputs({"thing.png": folder / "thing.png"})


def seconds(result: TStarResult) -> list[int]:
    return [frame.second for frame in result.keyframes]


def frames(result: TStarResult) -> int:
    return sum(len(step.positions) for step in result.iterations)


def same_step(was: Iteration, now: Iteration) -> bool:
    """All but the time it took."""
    names = ("positions", "support", "cell_confidence", "scores", "probabilities", "is_new")
    return all(np.array_equal(getattr(was, name), getattr(now, name)) for name in names) and was.boxes == now.boxes


def same_search(before: TStarResult, after: TStarResult) -> None:
    assert all(same_step(was, now) for was, now in zip(before.iterations, after.iterations, strict=True))


def same_first_look(before: TStarResult, after: TStarResult) -> None:
    """The first grid holds the same frames and shows the same; what is made of it may differ."""
    was, now = before.iterations[0], after.iterations[0]
    assert np.array_equal(was.positions, now.positions) and was.boxes == now.boxes


# what is asked

def another_film(before: TStarResult, after: TStarResult) -> None:
    assert (before.video.name, after.video.name) == (FILM, OTHER_FILM) and before.question != after.question
    assert before.truth_s != after.truth_s and before.settings.grid == after.iterations[0].grid


def question(before: TStarResult, after: TStarResult) -> None:
    assert (before.question, before.targets) == (OWN_QUESTION, ("cyan ring",))
    assert (after.question, after.targets, after.options) == (NEXT_QUESTION, ("red star",), {})
    assert np.array_equal(before.iterations[0].positions, after.iterations[0].positions)


def targets(before: TStarResult, after: TStarResult) -> None:
    assert after.targets == ("pink bar",) != before.targets and after.question == before.question
    assert {box.name for step in after.iterations for box in step.boxes if box.is_target} <= {"pink bar"}


def cues(before: TStarResult, after: TStarResult) -> None:
    assert after.cues == ("green bed",) != before.cues and after.targets == before.targets
    named = {box.name for step in after.iterations for box in step.boxes if not box.is_target}
    assert named <= {"green bed"} and {box.name for step in before.iterations for box in step.boxes if not box.is_target} - named


def marked_second(before: TStarResult, after: TStarResult) -> None:
    for result in (before, after):
        (marked,) = (one for one in result.appearances if one.is_marked)
        assert marked.start_s <= result.settings.example_s < marked.end_s
    assert before.settings.example_box == after.settings.example_box


def by_example(before: TStarResult, after: TStarResult) -> None:
    assert before.targets != after.targets == ("example",) and "no trained model" in after.model_id


def of_its_kind(before: TStarResult, after: TStarResult) -> None:
    assert "no trained model" in before.model_id and after.model_id == "efficientnet-lite0 and classical features"
    assert after.costs.frames_grounding > before.costs.frames_grounding == 0


# how it is searched

def grid(before: TStarResult, after: TStarResult) -> None:
    assert {(step.grid, len(step.positions)) for step in after.iterations} == {(2, 4)}
    assert {(step.grid, len(step.positions)) for step in before.iterations} == {(4, 16)}


def num_frames(before: TStarResult, after: TStarResult) -> None:
    for was, now in zip(before.iterations, after.iterations, strict=True):
        assert np.array_equal(was.scores, now.scores)
    assert (len(before.keyframes), len(after.keyframes)) == (8, 3) and set(seconds(after)) <= set(seconds(before))


def finds_all(before: TStarResult, after: TStarResult) -> None:
    assert len(before.iterations) == 1 and not before.appearances  # it stops at the first
    assert len(after.iterations) > 1 and after.appearances and not after.unconfirmed
    same_first_look(before, after)


def budget_share(before: TStarResult, after: TStarResult) -> None:
    """Whole grids of 16 until that share of 120 s is spent."""
    assert (frames(before), frames(after)) == (64, 16)
    assert same_step(before.iterations[0], after.iterations[0])


def draws(before: TStarResult, after: TStarResult) -> None:
    same_first_look(before, after)
    assert np.allclose(before.iterations[1].support, after.iterations[1].support)
    assert set(before.iterations[1].positions) != set(after.iterations[1].positions)


def series(before: TStarResult, after: TStarResult) -> None:
    same_search(before, after)
    assert not before.seed_curves
    assert [(curve.rule, curve.seed) for curve in after.seed_curves] == [
        *(("softmax", seed) for seed in (0, 1, 2)), *(("random", seed) for seed in (0, 1, 2))]
    own = after.seed_curves[0]  # the search itself, once more
    assert own.frames_seen.tolist() == [step.frames_seen for step in after.iterations]
    assert own.recall.tolist() == [step.recall for step in after.iterations]


def spread_of(step: Iteration, *, window: int, quantile: float) -> np.ndarray:
    """S after the first grid: eq. 7 in its own loop."""
    scores = np.full(LENGTH, 1e-6)
    scores[step.positions] = step.cell_confidence
    least = np.quantile(step.cell_confidence, quantile)
    for second, own in zip(step.positions, step.cell_confidence):
        for other in range(max(0, second - window), min(LENGTH, second + window + 1)):
            if own >= least:
                scores[other] = max(scores[other], own / (abs(int(other) - int(second)) + 1))
    return scores


def spreads(before: TStarResult, after: TStarResult) -> None:
    same_first_look(before, after)
    for result in (before, after):
        wanted = spread_of(result.iterations[0], window=result.settings.window, quantile=result.settings.quantile)
        assert result.iterations[0].scores == pytest.approx(wanted, abs=1e-6)
    assert not np.array_equal(before.iterations[0].scores, after.iterations[0].scores)


def softmax_of(result: TStarResult) -> np.ndarray:
    step, seen = result.iterations[0], np.flatnonzero(~result.iterations[0].is_new)
    known = np.maximum(step.scores, np.interp(np.arange(LENGTH), seen, step.scores[seen]))
    raised = np.exp(known / result.settings.temperature)
    return 0.8 * raised / raised.sum() + 0.2 / LENGTH


def spline_of(result: TStarResult) -> np.ndarray:
    step, seen = result.iterations[0], np.flatnonzero(~result.iterations[0].is_new)
    fitted = UnivariateSpline(seen, step.scores[seen], k=3, s=result.settings.spline_smoothing)
    return np.maximum(1 / LENGTH, fitted(np.arange(LENGTH)))


def official_of(result: TStarResult) -> np.ndarray:
    return 1 / (1 + np.exp(-spline_of(result)))


FORMULAS: dict[str, Callable[[TStarResult], np.ndarray]] = {
    "softmax": softmax_of, "paper": spline_of, "official": official_of, "early": official_of,
    "random": lambda result: np.ones(LENGTH)}


def makes_p_of(result: TStarResult) -> None:
    raised = FORMULAS[result.settings.rule](result)
    assert result.iterations[0].probabilities == pytest.approx(raised / raised.sum(), abs=1e-5)


def draws_from_q(result: TStarResult) -> None:
    """q of the second grid: of unvisited seconds only; of the released rules n / L more, `official` above its quantile only."""
    first, then = result.iterations[:2]
    p = first.probabilities + (16 / LENGTH if result.settings.rule in ("official", "early") else 0)
    q = np.where(first.is_new, p, 0)
    if result.settings.rule == "official":
        q = np.where(q >= np.quantile(q, result.settings.quantile), q, 0)
    assert then.support == pytest.approx(q / q.sum(), abs=1e-5)
    assert (then.support[then.positions] > 0).all()


def other_probabilities(before: TStarResult, after: TStarResult) -> None:
    same_first_look(before, after)
    for result in (before, after):
        makes_p_of(result)
        draws_from_q(result)
    assert not np.allclose(before.iterations[1].support, after.iterations[1].support)


def smoothing(before: TStarResult, after: TStarResult) -> None:
    other_probabilities(before, after)
    assert np.array_equal(before.iterations[0].scores, after.iterations[0].scores)


def first_grid(before: TStarResult, after: TStarResult, *, wanted: list[int] | None) -> None:
    assert before.iterations[0].positions.tolist() == [int((number + 0.5) * LENGTH / 16) for number in range(16)]
    drawn = after.iterations[0].positions.tolist()
    assert drawn == wanted if wanted else len(set(drawn)) == 16 and drawn != sorted(drawn)


# who looks

def another_detector(before: TStarResult, after: TStarResult) -> None:
    assert (before.model_id, after.model_id) == ("canvas-detector", "local:owlvit") and not after.is_miniature
    assert np.array_equal(before.iterations[0].positions, after.iterations[0].positions)
    assert before.iterations[0].boxes != after.iterations[0].boxes


def other_weights(before: TStarResult, after: TStarResult) -> None:
    assert after.model_id == f"{before.model_id} (int8)"
    was, now = ([box.score for box in result.iterations[0].boxes] for result in (before, after))
    assert was != now and np.array_equal(before.iterations[0].positions, after.iterations[0].positions)


def threshold(before: TStarResult, after: TStarResult) -> None:
    same_first_look(before, after)
    for result in (before, after):
        checks = [check for step in result.iterations for check in step.verifications]
        assert checks and all(check.is_confirmed == (check.score > result.threshold) for check in checks)
    assert (after.threshold, after.unconfirmed, before.unconfirmed) == (1.01, after.targets, ())


def floor(before: TStarResult, after: TStarResult) -> None:
    was, now = (result.iterations[0].boxes for result in (before, after))
    assert now == tuple(box for box in was if box.score >= 0.3) != was


def max_boxes(before: TStarResult, after: TStarResult) -> None:
    was, now = (result.iterations[0].boxes for result in (before, after))
    assert len(was) > 3 == len(now)
    assert sorted(box.score for box in now) == sorted(box.score for box in was)[-3:]


def cue_weight(before: TStarResult, after: TStarResult) -> None:
    same_first_look(before, after)
    for result in (before, after):
        step, weight = result.iterations[0], result.settings.cue_weight
        for cell, confidence in enumerate(step.cell_confidence):
            seen = [box.score * (1 if box.is_target else weight) for box in step.boxes if box.cell == cell]
            assert confidence == pytest.approx(max(seen, default=0.0))
    assert not np.array_equal(before.iterations[0].cell_confidence, after.iterations[0].cell_confidence)


def no_second_look(before: TStarResult, after: TStarResult) -> None:
    same_first_look(before, after)
    assert after.costs.frames_verify == 0 < before.costs.frames_verify
    assert any(not check.is_confirmed for check in before.iterations[0].verifications), "what a second look refuses"
    checks = [(check, step) for step in after.iterations for check in step.verifications]
    assert checks and all(check.is_confirmed and check.score == first_look(after, step, check) for check, step in checks)


def first_look(result: TStarResult, step: Iteration, check: Verification) -> float:
    """The best score that a first glance gave this target at this second."""
    cells = [cell for cell, second in enumerate(step.positions.tolist()) if second == check.second]
    return max(box.score for box in step.boxes if box.cell in cells and box.name == check.target)


def any_object(before: TStarResult, after: TStarResult) -> None:
    """Frames whose target is weak are confirmed by a cue that is strong."""
    same_first_look(before, after)
    was, now = ({(check.second, check.target): check for check in result.iterations[0].verifications} for result in (before, after))
    both = was.keys() & now.keys()
    assert all(was[key].score == now[key].score and was[key].is_confirmed <= now[key].is_confirmed for key in both)
    assert any(now[key].is_confirmed and not was[key].is_confirmed for key in both)


def squashed(before: TStarResult, after: TStarResult) -> None:
    was, now = before.iterations[0], after.iterations[0]
    assert np.array_equal(was.positions, now.positions) and was.boxes != now.boxes
    assert was.canvas_jpeg.tobytes() == now.canvas_jpeg.tobytes()  # people see the frames' own shape


# what comes back

def final_rule(before: TStarResult, after: TStarResult) -> None:
    for was, now in zip(before.iterations, after.iterations, strict=True):
        assert np.array_equal(was.scores, now.scores)
    last = after.iterations[-1]
    best = sorted(np.argsort(-last.probabilities, kind="stable")[:8].tolist())
    drawn = np.flatnonzero(last.scores)
    assert seconds(after) != seconds(before)
    assert seconds(after) == best if after.settings.final_rule == "top_distribution" else set(seconds(after)) <= set(drawn.tolist())


def apart(before: TStarResult, after: TStarResult) -> None:
    assert min(b - a for a, b in pairwise(seconds(before))) < 10 <= min(b - a for a, b in pairwise(seconds(after)))
    for was, now in zip(before.iterations, after.iterations, strict=True):
        assert np.array_equal(was.scores, now.scores)


def is_held(name: str, quantisation: str) -> bool:
    return any((one.name, one.quantisation) == (f"local:{name}", quantisation) for one in budget().loaded())


def grounded(before: TStarResult, after: TStarResult) -> None:
    assert (before.costs.vlm_calls, before.costs.frames_grounding) == (0, 0)
    assert (after.costs.vlm_calls, after.costs.frames_grounding) == (1, 8)
    assert before.question == after.question


def read_by(before: TStarResult, after: TStarResult) -> None:
    same_search(before, after)
    assert "said" not in before.answer.why and "llava" in after.answer.why and "said" in after.answer.why


def packed(name: str, before: TStarResult, after: TStarResult) -> None:
    """The model is loaded so; its answers may be the same."""
    same_search(before, after)
    assert is_held(name, "none") and is_held(name, "int8")
    assert before.model_id == after.model_id  # the detector's


def rows(result: TStarResult) -> dict[str, tuple[float, ...]]:
    return {row.method: row.keyframes for row in result.methods}


def baselines(before: TStarResult, after: TStarResult) -> None:
    same_search(before, after)
    assert list(rows(before)) == ["tstar"] and list(rows(after)) == ["tstar", "uniform", "dense"]
    assert rows(after)["tstar"] == rows(before)["tstar"]


def similarity(before: TStarResult, after: TStarResult) -> None:
    same_search(before, after)
    assert rows(before)["uniform"] == rows(after)["uniform"] and rows(before)["top_similarity"] != rows(after)["top_similarity"]


SHORT = {"video": FILM, "baselines": ()}
WHOLE = SHORT | {"threshold": 1.01, "verifies": False}  # nothing is confirmed: it goes on until the budget is spent
TWO = SHORT | {"video": "generated:minutes=2,seed=11,needles=2", "budget_share": 0.1}
EXAMPLE = SHORT | {"example_s": 15.0, "example_box": BOX, "budget_share": 0.2, "like": "exactly this"}
PICTURED = SHORT | {"example_picture": "upload:thing.png", "like": "exactly this", "finds": "first", "grid": 1, "budget_share": 0.005,
                    "num_frames": 1}
SIMILAR = SHORT | {"budget_share": 0.1, "similarity": "clip", "baselines": ("uniform", "top_similarity")}
CASES = (
    Case("video", OTHER_FILM, another_film, SHORT, on_page="elsewhere"),
    Case("question", NEXT_QUESTION, question, SHORT),
    Case("targets", ("pink bar",), targets, SHORT),
    Case("cues", ("green bed",), cues, SHORT),
    Case("example_s", 40.0, marked_second, EXAMPLE, on_page="elsewhere"),
    Case("example_box", BOX, by_example, EXAMPLE | {"example_box": None}, on_page="elsewhere"),
    Case("example_picture", "upload:thing.png", by_example, SHORT | {"budget_share": 0.2}, on_page="elsewhere"),
    Case("like", "this kind", of_its_kind, PICTURED, on_page="elsewhere", needs="efficientnet-lite0"),
    Case("grid", 2, grid, WHOLE),
    Case("num_frames", 3, num_frames, WHOLE),
    Case("finds", "all", finds_all, SHORT),
    Case("budget_share", 0.1, budget_share, WHOLE),
    *(Case("rule", rule, other_probabilities, WHOLE) for rule in ("official", "early", "paper", "random")),
    Case("seed", 1, draws, WHOLE),
    Case("num_seeds", 3, series, WHOLE | {"budget_share": 0.2}),
    Case("detector", "owlvit", another_detector, WHOLE | {"budget_share": 0.1}),
    Case("quantisation", "int8", other_weights, WHOLE | {"budget_share": 0.1, "detector": "owlvit"}, on_page="shown"),
    Case("threshold", 1.01, threshold, SHORT),
    Case("floor", 0.3, floor, WHOLE),
    Case("max_boxes", 3, max_boxes, WHOLE),
    Case("cue_weight", 0.0, cue_weight, WHOLE),
    Case("verifies", False, no_second_look, SHORT),
    Case("verify_rule", "official", any_object, TWO | {"cue_weight": 1.0, "floor": 0.01, "first_grid": "stride", "max_boxes": 300}),
    Case("cell_fit", "squash", squashed, WHOLE),
    Case("quantile", 0.0, spreads, WHOLE),
    Case("window", 2, spreads, WHOLE),
    Case("spline_smoothing", 0.0, smoothing, WHOLE | {"rule": "paper"}),
    Case("temperature", 1.0, other_probabilities, WHOLE),
    Case("first_grid", "stride", partial(first_grid, wanted=[number * 7 for number in range(16)]), WHOLE),
    Case("first_grid", "random", partial(first_grid, wanted=None), WHOLE),
    *(Case("final_rule", rule, final_rule, WHOLE | {"rule": "paper"}) for rule in ("top_distribution", "draw_scores")),
    Case("min_gap_s", 10, apart, WHOLE),
    Case("grounder", "vlm", grounded, WHOLE | {"budget_share": 0.1, "question": NEXT_QUESTION, "vlm": "llava"}),
    Case("vlm", "llava", read_by, WHOLE | {"budget_share": 0.1}),
    Case("vlm_quantisation", "int8", partial(packed, "llava"), WHOLE | {"budget_share": 0.1, "vlm": "llava"}),
    Case("baselines", ("uniform", "dense"), baselines, WHOLE | {"budget_share": 0.1}),
    Case("similarity", "siglip", similarity, SIMILAR),
    Case("similarity_quantisation", "int8", partial(packed, "clip"), SIMILAR),
)
