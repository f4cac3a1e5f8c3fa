"""Scenes that are drawn: the same ones every time, in subsets that share no combination of things."""

import numpy as np
import pytest

from worlds.rooms.catalogue import NAMES
from worlds.rooms.generator import SCENES, SETTINGS, SUBSETS, draw_scene, scene_at, scenes, subset_of
from worlds.rooms.scenes import Scene, Setting


def combinations(drawn: list[Scene]) -> set[frozenset[str]]:
    return {frozenset(scene.names) for scene in drawn}


def test_no_combination_of_things_is_in_two_subsets() -> None:
    drawn = [combinations(list(scenes(subset, seed=0, count=600))) for subset in SUBSETS]

    assert all(len(found) > 300 for found in drawn)
    assert not drawn[0] & drawn[1] and not drawn[0] & drawn[2] and not drawn[1] & drawn[2]


def test_the_order_of_names_does_not_matter_and_ten_of_twelve_combinations_are_for_training() -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(3000):
        names = [NAMES[place] for place in rng.choice(32, 4, replace=False)]
        found.append(subset_of(names))
        assert subset_of(names[::-1]) == found[-1]

    for subset, share in zip(SUBSETS, (10 / 12, 1 / 12, 1 / 12)):
        assert found.count(subset) / 3000 == pytest.approx(share, abs=4 * (share * (1 - share) / 3000) ** 0.5)


def test_there_are_as_many_scenes_as_the_paper_trains_on() -> None:
    assert SCENES == {"train": 10_000, "validation": 1_000, "test": 1_000}
    assert sum(1 for _ in scenes("test", seed=0)) == 1_000


def test_a_scene_is_its_subset_seed_and_place() -> None:
    many = list(scenes("validation", seed=5, count=20))

    assert many[13] == scene_at(13, subset="validation", seed=5)
    assert many != list(scenes("validation", seed=6, count=20))
    with pytest.raises(ValueError, match="place -1"):
        scene_at(-1, subset="test", seed=0)


def test_families_come_evenly_and_only_the_settings_that_are_asked_for() -> None:
    drawn = [scene.setting for scene in scenes("train", seed=1, count=1500)]

    for setting in SETTINGS:
        share = 1 / 3 if setting in ("among", "around") else 1 / 15
        assert drawn.count(setting) / 1500 == pytest.approx(share, abs=4 * (share * (1 - share) / 1500) ** 0.5)
    assert {scene.setting for scene in scenes("train", seed=1, count=40, settings=("among", "three_view"))} == {"among", "three_view"}


@pytest.mark.parametrize("setting", SETTINGS)
def test_described_views_come_in_order_and_shuffled_ones_in_any(setting: Setting) -> None:
    told = list(scenes("train", seed=2, count=30, settings=[setting]))
    mixed = list(scenes("train", seed=2, count=30, settings=[setting], cue="shuffled"))

    assert all(scene.order == tuple(range(len(scene.cameras))) for scene in told)
    assert len({scene.order for scene in mixed}) > 1
    assert {scene.order[0] for scene in mixed} >= set(range(len(mixed[0].cameras)))  # the first heading is any


def test_faces_look_where_the_setting_can_show_them() -> None:
    centres, rows = set(), set()
    for scene in scenes("train", seed=3, count=300, settings=("among", "around")):
        if scene.setting == "among":
            centres.add(scene.things[0].facing)
            for thing, to_centre in zip(scene.things[1:], (0, 90, 180, 270)):
                assert thing.facing in (None, to_centre)
        else:
            rows |= {(len(scene.cameras), thing.facing) for thing in scene.things}

    assert centres == {None, 0, 90, 180, 270}
    assert rows == {(3, None), (3, 180), (4, None), (4, 180), (4, 0)}
    plain = scenes("train", seed=3, count=60, settings=("among", "around"), has_facings=False)
    assert {thing.facing for scene in plain for thing in scene.things} == {None}


def test_a_setting_without_a_layout_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="'free' is not drawn"):
        draw_scene(np.random.default_rng(0), "free")
