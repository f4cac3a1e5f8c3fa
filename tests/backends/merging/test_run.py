"""Runs on the miniature: children tried, pairs of weights, layers looked into, folders merged, questions asked."""

from pathlib import Path

import numpy as np
import pytest

from backends.made import Made
from backends.merging import trying
from backends.merging.results import Merged, MergingResult
from backends.merging.run import run
from backends.merging.settings import MergingSettings
from backends.run import Inputs, last
from tests.backends.merging import trio
from worlds.errors import InputError

FEW = 40


def ran(inputs: Inputs | None = None, **settings: object) -> MergingResult:
    return last(run(MergingSettings(**{"num_questions": FEW, "curve": 0, **settings}), inputs or Inputs()))


@pytest.fixture
def brings(tmp_path: Path) -> Inputs:
    return Inputs(makes=Made(lambda: tmp_path / "makes"))


def test_a_share_of_one_is_the_vision_language_model_and_none_is_the_reasoner_behind_its_eyes() -> None:
    whole, none = ran(share=1.0).merged, ran(share=0.0).merged

    assert whole and none and whole.child == whole.vlm and none.child == none.behind
    assert whole.vlm == none.vlm and whole.child != none.child


def test_the_child_does_sums_that_one_parent_never_met_and_sees_what_the_other_misreads() -> None:
    merged = ran(method="task_arithmetic", num_questions=200).merged

    assert merged and merged.vlm and merged.behind and merged.child
    assert merged.vlm.unseen < 0.25 < 0.6 < merged.child.unseen and merged.child.sees > merged.behind.sees + 0.08
    assert merged.child.unseen > merged.vlm.unseen + 0.4 and merged.child.sees > 0.9
    assert merged.child.reckons > merged.vlm.reckons + 0.4


def test_the_gallery_is_answered_by_the_parents_the_child_and_every_place_on_the_curve() -> None:
    merged = ran(curve=6, num_questions=10).merged

    assert merged and [tried.at for tried in merged.curve] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    for question in merged.gallery:
        places = [trying.at_name(tried.at) for tried in merged.curve]
        assert [answer.by for answer in question.answers] == ["vlm", "reasoner", "child", *places]
        assert all(answer.is_right == (answer.says == question.right) for answer in question.answers)
        by = {answer.by: answer.says for answer in question.answers}
        assert by["child:1.000"] == by["vlm"] and by["child:0.000"] == by["reasoner"]
    assert [question.kind for question in merged.gallery] == ["unseen"] * 5 + ["seen"] + ["sees"] * 2


def test_the_curve_of_the_others_goes_along_the_weight_of_reasoning() -> None:
    merged = ran(method="task_arithmetic", curve=6, num_questions=10, reason_weight=0.3).merged

    assert merged and [tried.at for tried in merged.curve] == [0.0, 0.3, 0.6, 0.9, 1.2, 1.5]
    assert merged.curve[1].skills == merged.child


def test_a_gradient_has_no_curve_and_says_so() -> None:
    result = ran(gradient=(0.2, 1.0), curve=6, num_questions=10)

    assert result.merged and not result.merged.curve and any("no curve" in note for note in result.notes)


def test_how_far_the_parents_went_is_told_for_every_layer_and_kind_of_module() -> None:
    merged = ran(num_questions=10).merged

    assert merged
    rows = [(row.layer, row.part) for row in merged.apart]
    assert rows == [(layer, part) for layer in range(4) for part in ("attention", "mlp", "norm")] + [(None, "norm")]
    assert all(row.vlm is not None and row.reasoner is not None and row.reasoner > 0 for row in merged.apart)


def test_all_pairs_of_weights_are_tried_and_the_paper_s_line_across_them() -> None:
    grid = ran(task="grid", grid=3, grid_most=1.0, num_questions=20).grid
    along = ran(curve=6, num_questions=20).merged

    assert grid and along and grid.weights.tolist() == [0.0, 0.5, 1.0]
    assert np.isfinite(grid.unseen).all() and np.isfinite(grid.sees).all()
    assert [one.at for one in grid.convex] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert grid.sees[2, 0] == pytest.approx(grid.convex[-1].skills.sees) == pytest.approx(along.curve[-1].skills.sees)
    assert grid.unseen[0, 2] == pytest.approx(grid.convex[0].skills.unseen)


def test_layers_are_flattened_set_back_and_merged_in_ranges_and_all_is_as_before_afterwards() -> None:
    found = ran(task="probe", probes=("mask", "reset", "graft"), method="task_arithmetic", sets_back_to="vlm", looks=True).looking

    assert found and found.num_layers == 4 and len(found.probes) == 16 + 4 + 6
    masks = {(one.of, one.layer, one.part): one.skills for one in found.probes if one.kind == "mask"}
    assert masks["vlm", 0, "attention"].sees < found.vlm.sees - 0.5
    assert abs(masks["vlm", 3, "attention"].sees - found.vlm.sees) < 0.1
    ranges = [(one.layer, one.end) for one in found.probes if one.kind == "graft"]
    assert ranges == [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)]
    assert {one.back_to for one in found.probes if one.kind == "reset"} == {"vlm"}
    assert [one.of for one in found.looked] == ["vlm", "child"] and found.question is not None
    for inside in found.looked:
        assert inside.says[-1] == inside.words or inside.says[-1][: len(inside.words)] == inside.words
        assert inside.gaze.shape == (4, 4) and (inside.gaze.sum(1) <= 1.001).all()
    assert ran(share=1.0).merged.vlm == found.vlm  # type: ignore[union-attr]


def test_the_child_is_kept_as_a_model_that_is_asked(brings: Inputs) -> None:
    merged = ran(brings, method="task_arithmetic", num_questions=10)
    (name,) = merged.made
    inputs = Inputs(results={"merged": merged}, makes=brings.makes)

    asked = ran(inputs, task="ask", model=name, beside="merging-parents", most=60)

    child, vlm = asked.reports
    assert child.model == name and vlm.model == "merging-parents" and len(child.rows) == len(vlm.rows) == 60
    unseen = [next(group for group in report.groups if group.name == "new sums") for report in (child, vlm)]
    assert unseen[0].correct[0] > unseen[1].correct[0] + 0.3
    assert child.rows[0].picture is not None and child.rows[0].group == "perception"


def test_the_miniature_s_folders_are_merged_on_the_disk_to_the_same_child(brings: Inputs) -> None:
    disk, memory = (ran(brings, task=task, method="task_arithmetic", num_questions=10) for task in ("checkpoints", "merge"))

    assert disk.folders and disk.folders.first_logit is not None and disk.folders.first_logit < 1e-2
    assert disk.folders.merged_tensors == memory.merged.merged_tensors  # type: ignore[union-attr]
    assert "merge_method: task_arithmetic" in disk.folders.yaml and '"method": "task_arithmetic"' in disk.folders.record
    both = Inputs(results={"disk": disk, "memory": memory}, makes=brings.makes)
    reports = ran(both, task="ask", model=disk.made[0], beside=memory.made[0], most=30).reports
    assert [row.reply for row in reports[0].rows] == [row.reply for row in reports[1].rows]


def test_a_check_writes_nothing_and_says_what_would_come_out(brings: Inputs, tmp_path: Path) -> None:
    result = ran(brings, task="checkpoints", checks_only=True)

    assert result.folders and not result.made and result.folders.output_mb and result.folders.free_mb
    assert {one.what for one in result.folders.findings} >= {"Names and shapes", "Tokenizers", "Memory and disk"}
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_stop_keeps_what_was_tried() -> None:
    events = run(MergingSettings(curve=11, num_questions=10), Inputs())
    parts = []
    for event in events:
        if isinstance(event, Merged):
            parts.append(event)
        if len(parts) == 5:
            break

    assert parts[-1].child is not None and len(parts[-1].curve) == 2


def test_a_real_model_is_not_tried_in_memory_and_folders_that_do_not_fit_are_one_sentence(
        brings: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trio.make(tmp_path, "llava")
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path / "llava"))

    with pytest.raises(InputError, match=r"hidden|shape|layers"):
        ran(brings, task="checkpoints", model="vlm", reasoner="merging-language", base="")


def test_two_tiny_real_checkpoints_are_merged_through_the_page_s_own_path(
        brings: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trio.make(tmp_path, "qwen2_vl")
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path / "qwen2_vl"))

    result = ran(brings, task="checkpoints", model="vlm", reasoner="reason", base="base", method="ties", density=0.5)

    assert result.folders and result.folders.first_logit == pytest.approx(0, abs=1e-4) and result.made
    assert not result.is_miniature


@pytest.mark.parametrize("task", ["merge", "grid", "probe", "checkpoints"])
def test_layers_behind_the_last_are_one_sentence(task: str, brings: Inputs) -> None:
    with pytest.raises(InputError, match="The first layer that is merged is 5; this model has 4, counted from 0"):
        ran(brings, task=task, first_layer=5, num_questions=10)
