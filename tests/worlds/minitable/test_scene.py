"""Tables by seed: fixed, fit to be seen and done, with words that fit one thing."""

import json

import pytest

from worlds.errors import InputError
from worlds.minitable.drawing.camera import projected
from worlds.minitable.goals import progress
from worlds.minitable.scene import draw_table, kinds_of
from worlds.minitable.state import goal_fits, left_to_right, position_of, read_state
from worlds.minitable.subsets import (
    EPISODES,
    SUBSETS,
    evaluation_seed,
    evaluation_seeds,
    is_for_training,
    subset_of,
    training_seeds,
)


@pytest.mark.parametrize("subset", SUBSETS)
def test_every_evaluation_table_can_be_drawn_seen_and_begun(subset: str) -> None:
    kinds = set()
    for seed in evaluation_seeds(subset):
        state, task = draw_table(seed, subset)
        kinds.add(task.kind)
        assert 4 <= len(state["bodies"]) <= 6 and 1 <= len(state["boxes"]) <= 2
        assert goal_fits(state) and progress(state) == 0 and read_state(json.loads(json.dumps(state))) == state
        assert all((projected(position_of(state, name)) > 0.02).all() and (projected(position_of(state, name)) < 0.98).all()
                   for name in left_to_right(state))
        assert task.instruction[0].isupper() and task.instruction.endswith(".") and len(task.instruction) <= 300
    assert kinds == set(kinds_of(subset))


def test_equal_seeds_give_equal_tables_and_others_do_not() -> None:
    assert draw_table(5, "base") == draw_table(5, "base")
    assert draw_table(5, "base")[0] != draw_table(6, "base")[0] != draw_table(6, "visual")[0]


def test_training_and_evaluation_never_meet() -> None:
    evaluation = {seed for subset in SUBSETS for seed in evaluation_seeds(subset)}
    training = {seed for subset in SUBSETS for seed in training_seeds(subset)}

    assert len(evaluation) == EPISODES * len(SUBSETS) and not evaluation & training and not any(map(is_for_training, evaluation))
    assert all(subset_of(next(training_seeds(subset))) == subset_of(evaluation_seed(subset, 3)) == subset for subset in SUBSETS)


def test_common_sense_names_no_body_and_visual_no_shape() -> None:
    for subset in ("common_sense", "visual"):
        for seed in evaluation_seeds(subset):
            words = draw_table(seed, subset)[1].instruction.lower()
            assert not any(name in words for name in ("cube", "cylinder", "sphere", "prism", "star", "sponge"))


@pytest.mark.parametrize("episode", [-1, 50])
def test_episodes_are_numbered_0_to_49(episode: int) -> None:
    with pytest.raises(InputError, match="0 to 49"):
        evaluation_seed("base", episode)


def test_a_kind_that_a_subset_does_not_ask_for_is_refused() -> None:
    with pytest.raises(ValueError, match="'wipe' is no task of visual"):
        draw_table(0, "visual", kind="wipe")
