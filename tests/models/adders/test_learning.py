"""What a lesson changes and what it leaves alone, and what a batch holds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from models.adders.learning import learn
from models.adders.lessons import DEEP_PLAN, PLAN, Lesson, draw_batch, with_reasoner_b
from models.adders.making import make
from models.adders.networks import SIZE, behind_eye, fresh_base, language_part
from models.adders.words import words_of
from models.training.replies import IGNORED
from worlds.sums.facts import is_seen

TINY = replace(SIZE, vision=16, text=16, vision_layers=1, text_layers=2, feed_forward=24)
EYE, BLOCKS, SHARED = "vision_tower", "layers", "embed_tokens"


def short(lesson: Lesson) -> Lesson:
    return replace(lesson, steps=2, lookups=3, sums=2, bare=min(lesson.bare, 2))


@pytest.fixture(scope="module")
def plan():
    lessons = {part: short(getattr(PLAN, part)) for part in ("base", "reasoner", "eye", "vlm")}
    return replace(PLAN, size=TINY, sight=replace(PLAN.sight, steps=2, batch=4), **lessons)


def changed(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name for name, weight in after.items() if not torch.equal(weight, before[name])}


@pytest.mark.parametrize("part, changes, stays", [
    ("eye", ("vision_tower", "multi_modal_projector"), ("language_model", "lm_head")),
    ("vlm", ("language_model.layers", "language_model.norm"), ("vision_tower", "multi_modal_projector", "embed_tokens", "lm_head")),
    ("base", ("language_model", "lm_head"), ())])
def test_a_lesson_changes_its_part_of_the_network_alone(part, changes, stays):
    model = behind_eye(fresh_base(0, TINY), 0, TINY)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}

    list(learn(model, replace(short(getattr(PLAN, part)), shows=part != "base"), seed=0))

    moved = changed(before, model.state_dict())
    assert all(any(where in name for name in moved) for where in changes)
    assert not [name for name in moved for where in stays if where in name]
    assert all(weight.requires_grad for weight in model.parameters())


def test_equal_seeds_make_equal_parents_that_share_embeddings_and_head(plan):
    one, same, other = (make(plan, seed) for seed in (0, 0, 1))

    for who in ("base", "reasoner", "vlm"):
        assert not changed(getattr(one, who).state_dict(), getattr(same, who).state_dict())
        assert changed(getattr(one, who).state_dict(), getattr(other, who).state_dict())
    for child in (one.reasoner, language_part(one.vlm)):
        moved = changed(one.base.state_dict(), child.state_dict())
        assert moved and not [name for name in moved if "embed_tokens" in name or "lm_head" in name]
    assert all(torch.equal(weight, weight.half().float()) for weight in one.vlm.state_dict().values())
    assert list(one.cpu_minutes) == list(one.losses) == ["base", "reasoner", "sight", "eye", "vlm"]


@pytest.mark.parametrize("lesson", [PLAN.base, PLAN.reasoner, PLAN.vlm], ids=["base", "reasoner", "vlm"])
def test_a_batch_asks_for_facts_that_its_lesson_allows_and_learns_replies_only(lesson):
    batch = draw_batch(np.random.default_rng(0), lesson)
    rows = [(words_of(ids), [token for token in wanted if token != IGNORED])
            for ids, wanted in zip(batch.ids.tolist(), batch.wanted.tolist())]
    sums = [(own[5], int(own[7]), int(own[8])) for own, _ in rows if own[5] in "+-*"]

    assert len(rows) == lesson.lookups + lesson.sums + lesson.bare and len(sums) == lesson.sums + lesson.bare
    assert {is_seen(*fact) for fact in sums} == ({True} if lesson.seen else {True, False})
    assert all(words_of(wanted)[-1] == "</s>" for _, wanted in rows)
    assert [len(wanted) for own, wanted in rows if own[1] == "_"] == [2] * lesson.bare
    assert (batch.seen is None) == (not lesson.shows)
    if batch.seen is not None:
        assert batch.seen.shape == (len(rows), 3, SIZE.input_px, SIZE.input_px)


def test_reasoner_b_learns_three_times_as_fast_and_longer():
    assert (with_reasoner_b(PLAN).reasoner.rate, with_reasoner_b(PLAN).reasoner.steps) == (3 * PLAN.reasoner.rate, 450)
    assert with_reasoner_b(PLAN).base == PLAN.base


def test_the_deep_plan_asks_in_one_step_and_in_two():
    batch = draw_batch(np.random.default_rng(0), replace(DEEP_PLAN.reasoner, lookups=0, sums=200, bare=0))
    seconds = {words_of(ids)[6] for ids in batch.ids.tolist()}

    assert seconds == {"?", "+", "-"} and DEEP_PLAN.size.text_layers == 2 * PLAN.size.text_layers
    assert {DEEP_PLAN.base.steps_of, DEEP_PLAN.reasoner.steps_of, DEEP_PLAN.eye.steps_of, DEEP_PLAN.vlm.steps_of} == {(1, 2)}


def test_the_language_part_has_the_tensors_of_the_whole():
    model = behind_eye(fresh_base(0, TINY), 0, TINY)
    ids: Callable[[], torch.Tensor] = lambda: torch.tensor([[2, 5, 15, 6, 16, 24, 27]])  # noqa: E731

    logits = language_part(model)(ids()).logits
    with torch.no_grad():
        model.lm_head.weight.mul_(2)

    assert torch.allclose(language_part(model)(ids()).logits, 2 * logits)
    assert torch.allclose(model(input_ids=ids()).logits, 2 * logits)
