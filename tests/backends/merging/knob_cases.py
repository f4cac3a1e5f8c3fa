"""What each knob of merging changes, in each of its tasks: cases of `tests/backends/test_every_knob.py`."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from backends.files.archive import zipped
from backends.made import Made
from backends.merging import parents
from backends.merging.results import MergingResult
from backends.merging.run import run
from backends.merging.settings import MergingSettings
from backends.run import Inputs, last
from tests.backends.knobs import Case
from tests.backends.merging import trio
from tests.backends.merging.question_files import jpeg

YAML = """merge_method: linear
models:
  - model: vlm
    parameters: {weight: 0.25}
  - model: reason
    parameters: {weight: 0.75}
"""


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> Inputs:
    """Tiny models of real classes, a recipe, a file of the released code, questions with a picture, and a child of the miniature."""
    trio.make(folder / "families", "llava")
    for name in ("vlm", "reason", "base"):
        (folder / name).symlink_to(folder / "families" / "llava" / name)
    (folder / "seer").symlink_to(folder / "families" / "llava" / "vlm")  # the same by another name
    patch.setitem(parents.REASONERS, "b", "base")  # its own takes a minute to make
    (folder / "recipe.yaml").write_text(YAML)
    torch.save({name.removeprefix("language_model."): tensor for name, tensor in trio.weights_in(folder / "reason").items()},
               folder / "merged_model_0.9.pth")
    rows = [{"id": f"q{number}", "image": "a.jpg", "question": "What is it?", "answer": "3", "group": group}
            for number, group in enumerate(("perception", "reasoning"))]
    (folder / "own.zip").write_bytes(zipped({"own.jsonl": "\n".join(map(json.dumps, rows)).encode(), "a.jpg": jpeg()}))
    inputs = Inputs({name: folder / name for name in ("recipe.yaml", "merged_model_0.9.pth", "own.zip")}, {},
                    Made(lambda: folder / "makes"))
    return replace(inputs, results={"child": last(run(MergingSettings(curve=0, num_questions=10), inputs))})


# one merge

ADDED: dict[str, Any] = {"method": "task_arithmetic"}
DROPPED = {"method": "dare_linear", "density": 0.5}
MERGE: dict[str, Any] = {"curve": 0, "num_questions": 20}


def parents_stay(before: MergingResult, after: MergingResult) -> None:
    assert before.merged.vlm == after.merged.vlm and before.merged.behind == after.merged.behind


def another_child(before: MergingResult, after: MergingResult) -> None:
    parents_stay(before, after)
    assert before.made != after.made and said_by("child", before) != said_by("child", after)
    assert before.merged.merged_tensors == after.merged.merged_tensors


def said_by(name: str, result: MergingResult) -> list[object]:
    return [result.merged.child if name == "child" else None] + [
        next(answer.says for answer in question.answers if answer.by == name) for question in result.merged.gallery]


def fewer_tensors(before: MergingResult, after: MergingResult) -> None:
    parents_stay(before, after)
    assert after.merged.merged_tensors < before.merged.merged_tensors
    assert after.merged.kept_tensors > before.merged.kept_tensors


def more_tensors(before: MergingResult, after: MergingResult) -> None:
    parents_stay(before, after)
    assert after.merged.merged_tensors == before.merged.merged_tensors + 2  # embedding and head, which no parent changed
    assert before.merged.child == after.merged.child


def other_questions(before: MergingResult, after: MergingResult) -> None:
    assert [one.jpeg.tobytes() for one in before.merged.gallery] != [one.jpeg.tobytes() for one in after.merged.gallery]


def another_reasoner(before: MergingResult, after: MergingResult) -> None:
    assert before.merged.vlm == after.merged.vlm
    assert {row.reasoner for row in after.merged.apart} == {0.0} != {row.reasoner for row in before.merged.apart}


def a_curve(before: MergingResult, after: MergingResult) -> None:
    assert not before.merged.curve and len(after.merged.curve) == 6 and before.merged.child == after.merged.child


def more_questions(before: MergingResult, after: MergingResult) -> None:
    assert (before.merged.count, after.merged.count) == (20, 40)
    assert [one.jpeg.tobytes() for one in before.merged.gallery] == [one.jpeg.tobytes() for one in after.merged.gallery]


def noisier(before: MergingResult, after: MergingResult) -> None:
    other_questions(before, after)
    assert after.merged.vlm.sees < before.merged.vlm.sees and after.merged.vlm.reckons == before.merged.vlm.reckons


def shown_later(before: MergingResult, after: MergingResult) -> None:
    assert before.merged.child == after.merged.child
    assert before.merged.gallery[1].jpeg.tobytes() == after.merged.gallery[0].jpeg.tobytes()


MERGES = (
    Case("seed", 3, other_questions, MERGE, task="merge"),
    Case("method", "ties", another_child, MERGE, task="merge"),
    Case("share", 0.7, another_child, MERGE, task="merge"),
    Case("vlm_weight", 0.2, another_child, MERGE | ADDED, task="merge"),
    Case("reason_weight", 0.2, another_child, MERGE | ADDED, task="merge"),
    Case("scale", 0.4, another_child, MERGE | ADDED, task="merge"),
    Case("density", 0.05, another_child, MERGE | {"method": "ties"}, task="merge"),
    Case("rescale", "none", another_child, MERGE | DROPPED, task="merge"),
    Case("signs", "official", another_child, MERGE | {"method": "ties", "reason_weight": 0.4}, task="merge"),
    Case("gradient", (1.0, 0.2), another_child, MERGE, task="merge"),
    Case("first_layer", 1, fewer_tensors, MERGE, task="merge"),
    Case("end_layer", 2, fewer_tensors, MERGE, task="merge"),
    Case("parts", ("attention",), fewer_tensors, MERGE, task="merge"),
    Case("embeddings", "in", more_tensors, MERGE, task="merge"),
    Case("kind", "b", another_reasoner, MERGE, task="merge", on_page="elsewhere"),
    Case("curve", 6, a_curve, MERGE, task="merge"),
    Case("num_questions", 40, more_questions, MERGE, task="merge", on_page="elsewhere"),
    Case("noise", 60.0, noisier, MERGE, task="merge"),
    Case("shown", 1, shown_later, MERGE, task="merge"),
)

# pairs of weights

GRID: dict[str, Any] = {"num_questions": 10, "grid": 2, "grid_most": 1.0}


def finer(before: MergingResult, after: MergingResult) -> None:
    assert before.grid.weights.tolist() == [0.0, 1.0] and after.grid.weights.tolist() == [0.0, 0.5, 1.0]
    assert before.grid.unseen[1, 1] == after.grid.unseen[2, 2]


def farther(before: MergingResult, after: MergingResult) -> None:
    assert before.grid.weights.tolist() == [0.0, 1.0] and after.grid.weights.tolist() == [0.0, 2.0]


GRIDS = (Case("grid", 3, finer, GRID, task="grid"), Case("grid_most", 2.0, farther, GRID, task="grid"))

# layers

PROBE: dict[str, Any] = {"num_questions": 10, "probes": ("reset",)}


def other_probes(before: MergingResult, after: MergingResult) -> None:
    assert {one.kind for one in before.looking.probes} == {"reset"} and {one.kind for one in after.looking.probes} == {"graft"}
    assert before.looking.child == after.looking.child


def another_parent(before: MergingResult, after: MergingResult) -> None:
    assert before.looking.child == after.looking.child
    assert [one.skills for one in before.looking.probes] != [one.skills for one in after.looking.probes]


def inside(before: MergingResult, after: MergingResult) -> None:
    assert not before.looking.looked and len(after.looking.looked) == 2 and before.looking.probes == after.looking.probes


PROBES = (Case("probes", ("graft",), other_probes, PROBE, task="probe"),
          Case("sets_back_to", "reasoner", another_parent, PROBE, task="probe"),
          Case("looks", True, inside, PROBE, task="probe"))

# folders

DISK: dict[str, Any] = {"model": "vlm", "reasoner": "reason", "checks_only": True}


def record(result: MergingResult) -> dict[str, Any]:
    return json.loads(result.folders.record)


def another_language(before: MergingResult, after: MergingResult) -> None:
    assert record(before)["reason"] != record(after)["reason"] and record(before)["vlm"] == record(after)["vlm"]


def another_base(before: MergingResult, after: MergingResult) -> None:
    assert record(before)["base"] != record(after)["base"] and record(before)["reason"] == record(after)["reason"]


def written(before: MergingResult, after: MergingResult) -> None:
    assert before.folders.findings[:-1] == after.folders.findings[:-1]  # the last says how much room there is
    assert not before.made and after.made
    assert not before.folders.record and after.folders.first_logit is not None


def as_the_recipe_says(before: MergingResult, after: MergingResult) -> None:
    assert "weight: 0.25" in after.folders.yaml and "weight: 0.25" not in before.folders.yaml


def words_of_the_file(before: MergingResult, after: MergingResult) -> None:
    assert record(before)["reason"] != record(after)["reason"] and record(after)["lambda"] == 0.0


ALL = DISK | {"checks_only": False}
FOLDERS = (
    Case("reasoner", "base", another_language, ALL, task="checkpoints", on_page="elsewhere"),
    Case("base", "reason", another_base, ALL | {"method": "task_arithmetic", "base": "base"}, task="checkpoints",
         on_page="elsewhere"),
    Case("checks_only", False, written, DISK, task="checkpoints", on_page="shown"),
    Case("recipe", "upload:recipe.yaml", as_the_recipe_says, DISK, task="checkpoints", on_page="elsewhere"),
    Case("official", "upload:merged_model_0.9.pth", words_of_the_file, ALL, task="checkpoints", on_page="elsewhere"),
)

# the merge of folders, which the recipe for mergekit says too: nothing has to be written for it


def another_recipe(before: MergingResult, after: MergingResult) -> None:
    assert before.folders.yaml and before.folders.yaml != after.folders.yaml
    assert before.folders.output_mb == after.folders.output_mb


def fewer_on_disk(before: MergingResult, after: MergingResult) -> None:
    assert 0 < after.folders.merged_tensors < before.folders.merged_tensors


def more_on_disk(before: MergingResult, after: MergingResult) -> None:
    assert after.folders.merged_tensors > before.folders.merged_tensors


def another_name(before: MergingResult, after: MergingResult) -> None:
    assert (before.model_id, after.model_id) == ("vlm", "seer") and before.folders.yaml == after.folders.yaml, "the same files"


BASED = DISK | {"base": "base", "method": "task_arithmetic"}
WEIGHTS = ("vlm_weight", "reason_weight", "scale")
FOLDERS += (
    Case("method", "slerp", another_recipe, DISK, task="checkpoints", on_page="shown"),
    Case("share", 0.7, another_recipe, DISK, task="checkpoints", on_page="shown"),
    Case("gradient", (1.0, 0.2), another_recipe, DISK, task="checkpoints", on_page="shown"),
    *(Case(name, 0.4, another_recipe, BASED, task="checkpoints", on_page="shown") for name in WEIGHTS),
    Case("first_layer", 1, fewer_on_disk, DISK, task="checkpoints", on_page="shown"),
    Case("end_layer", 1, fewer_on_disk, DISK, task="checkpoints", on_page="shown"),
    Case("parts", ("attention",), fewer_on_disk, DISK, task="checkpoints", on_page="shown"),
    Case("embeddings", "in", more_on_disk, DISK, task="checkpoints", on_page="shown"),
    Case("model", "seer", another_name, DISK, task="checkpoints", on_page="elsewhere"),
)

# questions

ASK: dict[str, Any] = {"most": 6}
CHILD = MergingSettings().child  # that `prepare` made
REAL = {"model": "vlm", "most": 2, "max_new_tokens": 2}


def another_answers(before: MergingResult, after: MergingResult) -> None:
    assert [report.model for report in before.reports] != [report.model for report in after.reports]
    assert [row.question for row in before.reports[0].rows] == [row.question for row in after.reports[0].rows]


def packed(before: MergingResult, after: MergingResult) -> None:
    assert after.reports[0].model == f"{before.reports[0].model} (int8)"


def second_packed(before: MergingResult, after: MergingResult) -> None:
    assert [report.model for report in after.reports] == [f"{report.model} (int8)" for report in before.reports]


def own_questions(before: MergingResult, after: MergingResult) -> None:
    assert [row.question for row in after.reports[0].rows] == ["What is it?"] * 2 != [row.question for row in before.reports[0].rows]


def two_reports(before: MergingResult, after: MergingResult) -> None:
    assert len(before.reports) == 1 and len(after.reports) == 2
    assert [row.reply for row in before.reports[0].rows] == [row.reply for row in after.reports[0].rows]


def more(before: MergingResult, after: MergingResult) -> None:
    assert [len(result.reports[0].rows) for result in (before, after)] == [6, 10]
    assert [row.reply for row in after.reports[0].rows[:6]] == [row.reply for row in before.reports[0].rows]


def longer(before: MergingResult, after: MergingResult) -> None:
    assert sum(row.tokens for row in after.reports[0].rows) > sum(row.tokens for row in before.reports[0].rows)


ASKS = (
    Case("model", CHILD, another_answers, ASK, task="ask", on_page="elsewhere"),
    Case("quantisation", "int8", packed, REAL, task="ask", on_page="shown"),
    Case("data", "upload:own.zip", own_questions, {"model": "vlm", "max_new_tokens": 2, "most": 2}, task="ask", on_page="elsewhere"),
    Case("beside", CHILD, two_reports, ASK, task="ask", on_page="elsewhere"),
    Case("beside_quantisation", "int8", second_packed, REAL | {"model": "merging-parents", "data": "upload:own.zip", "beside": "vlm"},
         task="ask", on_page="elsewhere"),
    Case("most", 10, more, ASK, task="ask"),
    Case("max_new_tokens", 8, longer, REAL, task="ask", on_page="shown"),
)
CASES = MERGES + GRIDS + PROBES + FOLDERS + ASKS
