"""Whole searches: twenty seeds that are twenty, notes that arrive, stops that keep, and every method beside T* by its own rule."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from backends.files.saved import load_result, save_result
from backends.run import Inputs, Progress, RunStopped, last
from backends.tstar.canvases import fit_into
from backends.tstar.results import MAX_PICTURE_PX, Iteration, TStarResult
from backends.tstar.run import run
from backends.tstar.settings import TStarSettings
from models.catalogue import find, local_rung
from models.loading import load
from tests.models import tiny_checkpoints
from worlds.errors import InputError
from worlds.haystack.samples import haystack_of, sample_path
from worlds.video import Video, open_video
from worlds.video.encode import Encoder

FILM = "generated:minutes=2,seed=530004"
LENGTH, COUNT = 120, 8
ALONE = {"video": FILM, "baselines": (), "threshold": 1.01, "verifies": False}  # nothing is confirmed


def result_of(inputs: Inputs | None = None, **settings: object) -> TStarResult:
    return last(run(TStarSettings(**settings), inputs or Inputs()))


@pytest.fixture(scope="module")
def short_film(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """Seven seconds of grey: fewer than a grid of 4 x 4 has cells."""
    path = tmp_path_factory.mktemp("short") / "plain.mp4"
    with Encoder(path, frame_rate=2) as encoder:
        for _ in range(14):
            encoder.add(np.full((64, 96, 3), 40, dtype=np.uint8))
    return Inputs({path.name: path})


@pytest.mark.parametrize("first", [0, 2**31 - 3])
def test_twenty_seeds_are_twenty_different_searches_beside_twenty_random_ones(first: int) -> None:
    result = result_of(**ALONE | {"num_seeds": 20, "seed": first, "first_grid": "random", "grid": 2, "budget_share": 0.07})
    curves = {rule: [curve for curve in result.seed_curves if curve.rule == rule] for rule in ("softmax", "random")}

    for own in curves.values():
        assert len({curve.seed for curve in own}) == len(own) == 20 and own[0].seed == first
        assert len({tuple(curve.recall) for curve in own}) > 5  # they looked elsewhere
    assert curves["softmax"][0].recall.tolist() == [step.recall for step in result.iterations]


def test_a_random_rule_is_not_repeated_beside_itself() -> None:
    result = result_of(**ALONE | {"rule": "random", "num_seeds": 2, "budget_share": 0.1})

    assert [(curve.rule, curve.seed) for curve in result.seed_curves] == [("random", 0), ("random", 1)]


def test_a_grid_that_was_made_smaller_is_told(short_film: Inputs) -> None:
    result = result_of(short_film, video="upload:plain.mp4", targets=("red star",), baselines=())

    assert {step.grid for step in result.iterations} == {2}
    assert "The video has 7 s, too few for a 4 x 4 grid; 2 x 2 was used." in result.notes


def test_what_video_question_and_detector_note_reaches_the_result(short_film: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    from backends.tstar import run as module

    monkeypatch.setattr(Video, "notes", property(lambda self: ("3 damaged moments were shown as the ones before.",)))
    asking, opening = module.ask, module.open_source

    def noted_source(settings, inputs):
        return replace((yield from opening(settings, inputs)), notes=("of the source",))

    monkeypatch.setattr(module, "ask", lambda *arguments: replace(asking(*arguments), notes=("of the question",)))
    monkeypatch.setattr(module, "open_source", noted_source)
    result = result_of(short_film, video="upload:plain.mp4", targets=("red star",), baselines=(), grid=2)

    assert result.notes == ("of the source", "of the question", "3 damaged moments were shown as the ones before.")


def test_a_stopped_search_keeps_its_grids_and_asks_no_other_method() -> None:
    events = run(TStarSettings(**ALONE | {"baselines": ("uniform", "dense")}), Inputs())
    next(event for event in events if isinstance(event, Iteration))

    result = events.throw(RunStopped("time limit"))

    assert result.ended == "time limit" and len(result.iterations) == 1
    assert [row.method for row in result.methods] == ["tstar"] and result.keyframes


def test_a_stopped_run_asks_no_large_model_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("a large model takes minutes")

    monkeypatch.setattr("backends.tstar.run.answer_question", asked)
    events = run(TStarSettings(**ALONE | {"vlm": "llava-1.5-7b", "targets": ("red star",)}), Inputs())
    for event in events:
        if isinstance(event, Iteration):
            break

    result = events.throw(RunStopped("stopped"))

    assert isinstance(result, TStarResult) and result.answer is None
    assert "no model was asked for the answer" in " ".join(result.notes)


def test_a_search_says_how_far_it_is_before_every_grid() -> None:
    events = [event for event in run(TStarSettings(**ALONE), Inputs()) if isinstance(event, Progress | Iteration)]
    told = [event.stage for event, following in pairwise(events) if isinstance(following, Iteration)]

    assert told == [f"Searching: grid {number}, {16 * (number - 1)} of at most 64 frames seen" for number in (1, 2, 3, 4)]


def test_what_a_search_cost_adds_up() -> None:
    result = result_of(video=FILM, baselines=())
    checked = {check.second for step in result.iterations for check in step.verifications}
    promising = sum(len({box.cell for box in step.boxes if box.is_target}) for step in result.iterations)  # looked at in one batch
    shown = {frame.second for frame in result.keyframes} - checked

    assert result.costs.frames_grid == 16 * len(result.iterations) and result.costs.detector_calls_grid == len(result.iterations)
    assert result.costs.frames_verify == result.costs.detector_calls_verify == promising
    assert result.costs.frames_keyframes == len(shown) and result.costs.frames_answer == len(result.keyframes)
    assert result.methods[0].frames_seen == 16 * len(result.iterations)


def test_a_confirmed_second_is_a_key_frame_with_its_boxes() -> None:
    result = result_of(video=FILM, baselines=())
    confirmed = {check.second for step in result.iterations for check in step.verifications if check.is_confirmed}

    assert confirmed and {frame.second for frame in result.keyframes if frame.is_confirmed} == confirmed
    assert all(any(box.is_target for box in frame.boxes) for frame in result.keyframes if frame.is_confirmed)
    assert result.unconfirmed == () and result.iterations[-1].remaining == ()


def test_without_a_second_look_the_grids_own_score_confirms() -> None:
    result = result_of(video=FILM, baselines=(), verifies=False)
    step = result.iterations[-1]
    best = max((box.score for box in step.boxes if box.is_target), default=0.0)

    assert result.unconfirmed == () and best > result.threshold
    assert [(check.is_confirmed, check.score > result.threshold) for check in step.verifications] == [(True, True)]
    assert step.verifications[0].second in step.positions
    assert result.costs.frames_verify == result.costs.detector_calls_verify == 0
    assert result.summary()["costs"]["frames_answer"] == len(result.keyframes) and result.answer


@pytest.mark.parametrize("verifies", [True, False])
def test_a_run_of_before_the_looks_were_told_apart_says_the_same(verifies: bool) -> None:
    result = result_of(video=FILM, baselines=(), verifies=verifies)
    costs, told = result.costs, {"frames_keyframes", "frames_answer"}
    older = costs.model_dump(exclude=told) | {"frames_verify": costs.frames_verify + costs.frames_keyframes,
                                              "detector_calls_verify": costs.detector_calls_verify + costs.frames_keyframes}

    assert costs.frames_keyframes
    assert TStarResult.model_validate(dict(result) | {"costs": older}).costs == costs
    assert load_result(save_result(result), TStarResult).costs == costs


@pytest.mark.parametrize(("settings", "says"), [
    ({"video": "disk:/etc/passwd"}, "is not known. Use sample:NAME"), ({"video": "upload:never.mp4"}, "not in this session"),
    ({"video": "sample:no-such-one"}, "There is no sample"), ({"question": "What is this about?"}, "No object to look for"),
    ({"targets": ("zebra",)}, "zebra"), ({"baselines": ("aks",)}, "needs an image-text model")], ids=str)
def test_what_cannot_be_searched_is_one_sentence(settings: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        result_of(**{"video": FILM, "budget_share": 0.1} | settings)


# every other method, by its own few lines

@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> TStarResult:
    folder = tmp_path_factory.mktemp("models")
    tiny_checkpoints.clip(folder / "clip")
    names = ("uniform", "random", "random_grid", "dense", "budgeted_dense", "scene_change", "top_similarity", "aks", "bolt", "oracle")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORRERY_MODELS_DIR", str(folder))
        return result_of(**ALONE | {"baselines": names, "similarity": "clip", "budget_share": 0.25, "seed": 3})


def keyframes(result: TStarResult, method: str) -> list[int]:
    return [int(second) for second in next(row for row in result.methods if row.method == method).keyframes]


def seen_by(result: TStarResult, method: str) -> int:
    return next(row for row in result.methods if row.method == method).frames_seen


def grids(seconds: list[int]) -> dict[int, float]:
    """What the miniature gives each of these seconds in grids of 16: the best box of its cell, cues at half."""
    detector = load(find("canvas-detector")).tool
    question = haystack_of(FILM).questions[0]
    names, found = [*question.targets, *question.cues], {}
    with open_video(sample_path(FILM)) as video:
        for first in range(0, len(seconds), 16):
            part = seconds[first:first + 16]
            canvas = np.zeros((256, 256, 3), np.uint8)
            for place, frame in enumerate(video.frames_at([float(second) for second in part], max_side_px=MAX_PICTURE_PX // 4)):
                row, column = 64 * (place // 4), 64 * (place % 4)
                canvas[row:row + 64, column:column + 64] = fit_into(frame, 64, 64)
            for second in part:
                found[second] = 0.0
            for box in detector.detect(canvas[None], names, floor=detector.floor, max_boxes=50, grid=4)[0]:
                cell = min(3, int((box.y1 + box.y2) / 2 // 64)) * 4 + min(3, int((box.x1 + box.x2) / 2 // 64))
                if cell < len(part):
                    weight = 1.0 if box.label < len(question.targets) else 0.5
                    found[part[cell]] = max(found[part[cell]], weight * box.score)
    return found


def best(scores: dict[int, float]) -> list[int]:
    return sorted(sorted(scores, key=lambda second: (-scores[second], second))[:COUNT])


def test_uniform_random_and_the_truth_are_what_their_names_say(compared: TStarResult) -> None:
    truth = sorted(haystack_of(FILM).questions[0].key_seconds)

    assert keyframes(compared, "uniform") == [int((i + 0.5) * LENGTH / COUNT) for i in range(COUNT)]
    assert keyframes(compared, "random") == sorted(np.random.default_rng(3).choice(LENGTH, COUNT, replace=False).tolist())
    assert keyframes(compared, "oracle") == truth
    assert next(row for row in compared.methods if row.method == "oracle").recall == 1.0


def test_a_dense_scan_takes_the_best_of_every_second_and_the_budgeted_one_of_as_many_as_were_searched(compared: TStarResult) -> None:
    spent = 16 * len(compared.iterations)
    evenly = [int((i + 0.5) * LENGTH / spent) for i in range(spent)]

    assert (seen_by(compared, "dense"), seen_by(compared, "budgeted_dense")) == (LENGTH, spent)
    assert keyframes(compared, "dense") == best(grids(list(range(LENGTH))))
    assert keyframes(compared, "budgeted_dense") == best(grids(evenly))


def test_a_random_grid_is_the_search_with_the_rule_random(compared: TStarResult) -> None:
    alone = result_of(**ALONE | {"rule": "random", "budget_share": 0.25, "seed": 3})

    assert keyframes(compared, "random_grid") == keyframes(alone, "tstar")
    assert seen_by(compared, "random_grid") == seen_by(alone, "tstar")


def test_similarity_scene_changes_and_what_is_made_of_them_see_every_second(
    compared: TStarResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_checkpoints.clip(tmp_path / "clip")  # the same weights: they are drawn with one seed
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path))
    tool = load(local_rung("clip", "similarity")).tool
    with open_video(sample_path(FILM)) as video:
        scores = tool.scores(video.frames_at([float(t) for t in range(LENGTH)], max_side_px=224), compared.question)
    cumulated = np.cumsum((scores - scores.min()) / (scores - scores.min()).sum())
    steps = np.linspace(1 / COUNT, 1 - 1 / COUNT, COUNT)

    assert keyframes(compared, "top_similarity") == best(dict(enumerate(scores.tolist())))
    assert keyframes(compared, "bolt") == sorted({min(int(np.searchsorted(cumulated, step)), LENGTH - 1) for step in steps})
    for method in ("scene_change", "top_similarity", "aks", "bolt"):
        assert seen_by(compared, method) == LENGTH and 1 <= len(keyframes(compared, method)) <= COUNT
