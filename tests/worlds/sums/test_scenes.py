"""Scenes of two digits: what they say in words, what is asked of them, and which subset has which."""

import numpy as np
import pytest

from worlds.sums.facts import STEPS
from worlds.sums.scenes import LOOKUPS, SUBSETS, Digit, Item, Scene, draw_item, draw_items

SCENE = Scene(Digit(3, "red"), Digit(8, "blue"))


@pytest.mark.parametrize("asked, question, answer", [
    ("L", "L ?", "3"), ("R", "R ?", "8"), ("CL", "CL ?", "red"), ("CR", "CR ?", "blue"), ("T", "T ?", "3 8"),
    ("+", "+ ?", "3 8 1"), ("-", "- ?", "3 8 5"), ("*", "* ?", "3 8 4"), ("+-", "+ -", "3 8 3")])
def test_what_is_asked_is_answered_from_the_scene(asked, question, answer):
    item = Item(SCENE, asked)

    assert (" ".join(item.question), " ".join(item.answer)) == (question, answer)
    assert " ".join(item.words) == f"3 red 8 blue {question}" and " ".join(item.bare) == f"_ _ _ _ {question}"


def test_two_subsets_share_no_combination_and_together_have_all():
    held = {subset: {item.scene.words for item in draw_items(LOOKUPS, 2500, subset=subset, seed=1)} for subset in SUBSETS}

    assert not held["train"] & held["test"] and not held["train"] & held["validation"] and not held["test"] & held["validation"]
    assert all(Item(Scene(Digit(int(a), b), Digit(int(c), d)), "L").scene.subset == subset
               for subset, own in held.items() for a, b, c, d in own)
    assert 100 < len(held["test"]) < 170 and 100 < len(held["validation"]) < 170 and len(held["train"]) > 1100


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("seen", [True, False])
def test_only_seen_or_only_unseen_facts_are_asked_where_that_is_wanted(steps, seen):
    items = draw_items(STEPS[steps], 300, subset="test", seed=0, seen=seen)

    assert {item.is_seen for item in items} == {seen} and {item.asked for item in items} == set(STEPS[steps])
    assert {item.scene.subset for item in items} == {"test"}


def test_lookups_are_seen_by_everybody_whatever_is_wanted():
    assert all(item.is_seen and item.is_lookup for item in draw_items(LOOKUPS, 50, subset="train", seed=0, seen=False))


def test_equal_seeds_give_equal_items_and_a_longer_list_begins_like_a_shorter_one():
    one, more, other = (draw_items(LOOKUPS, count, subset="test", seed=seed) for count, seed in ((20, 5), (40, 5), (20, 6)))

    assert one == more[:20] and one != other
    assert draw_items(LOOKUPS, 20, subset="train", seed=5) != one


def test_noise_is_drawn_from_its_range():
    rng = np.random.default_rng(0)
    noises = [draw_item(rng, LOOKUPS, noise=(6.0, 24.0)).scene.noise for _ in range(200)]

    assert 6 <= min(noises) < 8 and 22 < max(noises) <= 24
    assert draw_item(rng, LOOKUPS, noise=7.5).scene.noise == 7.5
