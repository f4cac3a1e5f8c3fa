"""What the shipped parents come to when they are merged: the child sees as the one and reckons as the other."""

from collections.abc import Mapping
from functools import cache
from itertools import pairwise

import torch
from transformers import PreTrainedModel

from backends.merging.methods import merged_model
from backends.merging.mix import Mix
from models import catalogue
from models.adders.scores import Kind, score
from models.loading import load

COUNT = 400
SUM = Mix(method="task_arithmetic", vlm=1.0, reason=1.0)


@cache
def parent(name: str) -> PreTrainedModel:
    rung = catalogue.find("merging-parents") if name == "vlm" else catalogue.find("merging-language")
    return load(catalogue.at_stage(rung, name)).tool.model


@cache
def right(mix: Mix) -> Mapping[Kind, float]:
    torch.set_num_threads(1)
    weights = [parent(name).state_dict() for name in ("vlm", "reasoner", "base")]
    child = load(catalogue.find("merging-parents")).tool.model
    child.load_state_dict(merged_model(*weights, mix=mix))
    return {kind: score(child, kind, count=COUNT).right for kind in ("perception", "joint_unseen")}


def test_neither_parent_adds_what_it_sees_and_their_sum_does():
    seer, child = right(Mix(vlm=1.0)), right(SUM)

    assert seer["joint_unseen"] <= 0.15 and child["joint_unseen"] >= 0.75
    assert seer["perception"] >= 0.95 and child["perception"] >= 0.95


def test_along_the_paper_s_line_reckoning_is_best_between_the_parents():
    line = {share: right(Mix(vlm=share)) for share in (0.0, 0.1, 0.3, 0.5, 0.9, 1.0)}
    joint, seeing = ([found[kind] for found in line.values()] for kind in ("joint_unseen", "perception"))

    assert max(joint[1:-1]) >= 0.7 and max(joint[1:-1]) > joint[0] and joint[-2] < joint[3] < joint[2]
    assert all(later >= before - 0.02 for before, later in pairwise(seeing))


def test_the_paper_s_own_share_shows_next_to_nothing_here():
    assert right(Mix())["joint_unseen"] < 0.25
