from dataclasses import replace

import cv2
import numpy as np
import pytest

from worlds.errors import InputError
from worlds.kit import COLOURS, SHAPES
from worlds.scenes.drawing import INPUT_PX, picture
from worlds.scenes.scene import (
    HELD_OUT,
    IMBALANCED,
    RELATIONS,
    Condition,
    Layout,
    Room,
    Scene,
    Thing,
    condition,
    draw_scene,
    draw_set,
    draw_sets,
    place_question,
    place_scene,
    relation_question,
)

PIXEL = 1 / 48
LAYOUTS: tuple[Layout, ...] = ("heights", "depths")


def scenes_of(relation: str) -> list[Scene]:
    layout: Layout = "depths" if relation in ("front", "behind") else "heights"
    return [scene for scene in draw_sets("plain", 60, seed=3, layout=layout) if scene.relation == relation]


def lonely(name: str, *, x: float = 0.4, y: float = 0.45, radius: float = 0.12) -> Scene:
    thing = Thing(name, x, y, radius)
    return Scene(thing, thing, "left", "heights", (thing,), Room("white", "oak", None), (), 0.0, 0)


@pytest.mark.parametrize(("relation", "axis", "sign"), [("left", 0, -1), ("right", 0, 1), ("on", 1, -1), ("under", 1, 1)])
def test_the_asked_thing_lies_beyond_the_edge_that_its_relation_names(relation: str, axis: int, sign: int) -> None:
    for scene in scenes_of(relation):
        asked, reference = scene.asked.box, scene.reference.box
        gap = reference[axis] - asked[axis + 2] if sign < 0 else asked[axis] - reference[axis + 2]

        low, high = {"left": (2, 12), "right": (2, 12), "on": (-0.5, 0.5), "under": (0, 5)}[relation]

        assert low * PIXEL - 1e-9 <= gap <= high * PIXEL + 1e-9
        across = 1 - axis
        middles = [(box[across] + box[across + 2]) / 2 for box in (asked, reference)]
        assert abs(middles[0] - middles[1]) < 6 * PIXEL  # the kinds are not quite centred on their middles


@pytest.mark.parametrize("relation", ["front", "behind"])
def test_the_nearer_thing_is_drawn_last_lower_down_and_hides_a_part_only(relation: str) -> None:
    for scene in scenes_of(relation):
        near, far = (scene.asked, scene.reference) if relation == "front" else (scene.reference, scene.asked)
        hidden = far.box[3] - near.box[1]
        lower_height = min(thing.box[3] - thing.box[1] for thing in (near, far))

        assert scene.things[-1] is near and scene.things[-2] is far
        assert 0.3 - 1e-9 <= hidden / lower_height <= 0.6 + 1e-9


def test_a_hidden_part_shows_the_nearer_thing() -> None:
    near, far = Thing("red square", 0.5, 0.6, 0.1), Thing("blue square", 0.5, 0.48, 0.1)
    scene = Scene(near, far, "front", "depths", (far, near), Room("white", "oak", None), (), 0.0, 0)

    image = picture(scene, 100)

    assert image[55, 50, 0] > image[55, 50, 2] + 60  # in both boxes: red
    assert image[44, 50, 2] > image[44, 50, 0] + 60  # in the far one's alone: blue


@pytest.mark.parametrize("name", [f"{colour} {kind}" for colour, kind in zip(COLOURS, SHAPES[::-1])])
def test_the_box_holds_all_pixels_of_its_thing_and_nothing_more(name: str) -> None:
    scene = lonely(name)
    empty = Scene(scene.asked, scene.asked, "left", "heights", (), scene.room, (), 0.0, 0)
    size = 384

    drawn, without = (picture(each, size).astype(int) for each in (scene, empty))
    chroma = np.abs((drawn - drawn[..., [1, 2, 0]]) - (without - without[..., [1, 2, 0]])).max(2)  # shadows have none
    rows, columns = np.nonzero(chroma > 40)
    found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])

    assert np.abs(found - np.array(scene.asked.box) * size).max() < 2.0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_set_shows_one_pair_in_one_room_at_the_same_sizes_in_all_relations(layout: Layout) -> None:
    for seed in range(20):
        scenes = draw_set(np.random.default_rng(seed), layout=layout)

        assert tuple(scene.relation for scene in scenes) == RELATIONS[layout]
        assert len({(scene.asked.name, scene.asked.radius, scene.reference.name, scene.reference.radius) for scene in scenes}) == 1
        assert len({scene.room for scene in scenes}) == 1


def test_relations_are_drawn_as_often_as_was_asked() -> None:
    rng = np.random.default_rng(0)

    relations = [draw_scene(rng).relation for _ in range(4000)]

    for relation, share in zip(RELATIONS["heights"], IMBALANCED):
        assert relations.count(relation) / 4000 == pytest.approx(share, abs=4 * (share * (1 - share) / 4000) ** 0.5)


def test_a_relation_with_frequency_zero_never_comes() -> None:
    rng = np.random.default_rng(0)

    relations = {draw_scene(rng, layout="depths", frequencies=(0, 1, 3, 0)).relation for _ in range(200)}

    assert relations == {"right", "front"}


def test_held_out_pairs_are_never_asked_for_in_training_and_always_in_held() -> None:
    rng = np.random.default_rng(1)
    trained = [draw_scene(rng, condition("dis2")) for _ in range(1000)]
    held = draw_sets("held", 50, seed=1)

    assert len(HELD_OUT) == 16
    assert not {thing.name for scene in trained for thing in (scene.asked, scene.reference)} & HELD_OUT
    assert {thing.name for scene in held for thing in (scene.asked, scene.reference)} <= HELD_OUT
    assert {thing.name for scene in trained for thing in scene.things} & HELD_OUT  # as distractors they may come


def test_the_two_things_differ_in_colour_and_in_kind() -> None:
    for scene in draw_sets("plain", 200, seed=4):
        assert not set(scene.asked.name.split()) & set(scene.reference.name.split())


def test_a_board_is_one_colour_with_shapes_alone_and_grain_of_its_own_fineness() -> None:
    scene = draw_sets("dis2", 1, seed=3, scenery="board")[0]
    clean = replace(scene, noise=0.0)

    assert {thing.name.split()[1] for thing in scene.things} <= set(SHAPES)
    assert (picture(clean, 96)[:8, :8] == np.round(scene.room.rgb)).all()
    grain = picture(scene, 96).astype(int)
    assert (grain[::2, ::2][:4, :4] == grain[1::2, 1::2][:4, :4]).all()  # 48 grains along a side of 96


def test_rooms_are_as_they_were_before_there_were_boards() -> None:
    rooms = [(scene.room, scene.asked.name) for scene in draw_sets("plain", 2, seed=4)]

    assert rooms[0] == (Room("slate", "carpet", 0.8), "blue clock")
    assert all(isinstance(room, Room) for room, _ in rooms)


@pytest.mark.parametrize(
    ("place", "layout", "relation"),
    [
        ((0.2, 0.5), "heights", "left"),
        ((0.9, 0.4), "heights", "right"),
        ((0.5, 0.2), "heights", "on"),
        ((0.45, 0.8), "heights", "under"),
        ((0.5, 0.2), "depths", "behind"),
        ((0.45, 0.8), "depths", "front"),
    ],
)
def test_things_that_were_placed_stand_in_the_relation_of_their_farther_axis(
    place: tuple[float, float], layout: Layout, relation: str
) -> None:
    things = (Thing("red star", *place, 0.1), Thing("blue ring", 0.5, 0.5, 0.1), Thing("green bar", 0.1, 0.1, 0.1))

    scene = place_scene(np.random.default_rng(0), things, condition("clutter15"), layout=layout, scenery="board")

    assert (scene.relation, scene.asked, scene.reference) == (relation, things[0], things[1])
    assert len(scene.bars) == 15 and set(scene.things) == set(things)


@pytest.mark.parametrize("names", [("red star",), ("red star", "red star")])
def test_things_that_no_question_can_tell_apart_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="different names"):
        place_scene(np.random.default_rng(0), [Thing(name, 0.5, 0.5, 0.1) for name in names])


@pytest.mark.parametrize("name", ["plain", "edge", "small", "noise60", "dis2"])
def test_everything_stays_a_pixel_inside_the_picture(name: str) -> None:
    for layout in LAYOUTS:
        for scene in draw_sets(name, 40, seed=5, layout=layout):
            for thing in scene.things:
                x1, y1, x2, y2 = thing.box
                assert min(x1, y1) >= PIXEL - 1e-6 and max(x2, y2) <= 1 - PIXEL + 1e-6


def test_edge_scenes_lie_where_plain_ones_never_do() -> None:
    def height(scene: Scene) -> float:
        boxes = np.array([scene.asked.box, scene.reference.box])
        low, high = boxes[:, 1].min(), boxes[:, 3].max()
        return (low - PIXEL) / (1 - 2 * PIXEL - (high - low))  # 0 at the top, 1 at the bottom of the free range

    plain = [height(scene) for scene in draw_sets("plain", 50, seed=6)]
    edge = [height(scene) for scene in draw_sets("edge", 50, seed=6)]

    assert min(plain) >= 0.2 - 1e-6 and max(plain) <= 0.8 + 1e-6
    assert all(part <= 0.3 + 1e-6 or part >= 0.7 - 1e-6 for part in edge)


def test_distractors_touch_nothing_and_repeat_no_name() -> None:
    for scene in draw_sets("dis3", 30, seed=7):
        names = [thing.name for thing in scene.things]
        assert len(set(names)) == len(names) <= 5
        for other in scene.things[:-2]:
            for thing in scene.things:
                a, b = other.box, thing.box
                apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
                assert thing is other or apart


def test_clutter_is_grey_and_as_much_as_asked() -> None:
    scene = draw_sets("clutter15", 1, seed=8)[0]

    assert len(scene.bars) == 15
    assert all(60 <= bar.grey <= 200 for bar in scene.bars)


@pytest.mark.parametrize("sigma", [6, 60])
def test_noise_is_as_strong_as_its_name_and_equally_coarse_at_every_size(sigma: int) -> None:
    grey = Condition(noise=sigma)
    scene = draw_scene(np.random.default_rng(0), grey)
    clean = Scene(**{**scene.__dict__, "noise": 0.0})

    small = picture(scene, INPUT_PX).astype(float) - picture(clean, INPUT_PX)
    large = picture(scene, 4 * INPUT_PX).astype(float) - picture(clean, 4 * INPUT_PX)

    unclipped = np.abs(picture(clean, INPUT_PX).astype(float) - 128) < 50 if sigma > 20 else np.ones_like(small, dtype=bool)
    assert small[unclipped].std() == pytest.approx(sigma, rel=0.15)
    blocks = large.reshape(INPUT_PX, 4, INPUT_PX, 4, 3)
    if sigma == 6:  # nothing is clipped but white
        assert np.median(blocks.max((1, 3)) - blocks.min((1, 3))) <= 1


def test_equal_seeds_give_equal_bytes_and_others_do_not() -> None:
    first, again, other = (picture(draw_sets("clutter15", 1, seed=seed)[2], 96) for seed in (9, 9, 10))

    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_a_large_picture_averaged_down_is_the_small_one() -> None:
    for scene in draw_sets("plain", 3, seed=11):
        large = picture(scene, 6 * INPUT_PX)
        reduced = cv2.resize(large, (INPUT_PX, INPUT_PX), interpolation=cv2.INTER_AREA)

        assert np.abs(reduced.astype(int) - picture(scene, INPUT_PX)).mean() < 2.0


def test_questions_hold_their_options_in_order() -> None:
    scene = draw_sets("plain", 1, seed=12, layout="depths")[3]

    question = relation_question(scene)

    asked, reference = scene.asked.name, scene.reference.name
    assert question.text == f"Where is the {asked} in relation to the {reference}? Answer with left, right, front or behind."
    assert (question.options, question.answer) == (("left", "right", "front", "behind"), "behind")


@pytest.mark.parametrize(
    ("x", "y", "answer"), [(0.2, 0.4, "left"), (0.9, 0.7, "right"), (0.45, 0.1, "top"), (0.6, 0.8, "bottom")], ids="lrtb"
)
def test_a_thing_is_on_the_side_to_which_it_is_farthest_off(x: float, y: float, answer: str) -> None:
    scene = lonely("green circle", x=x, y=y)

    question = place_question(scene, scene.asked)

    assert question.text == "Where is the green circle in the photo? Answer with left, right, top or bottom."
    assert question.answer == answer


def test_a_thing_that_is_not_there_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="pink ring"):
        place_question(lonely("green circle"), Thing("pink ring", 0.5, 0.5, 0.1))


@pytest.mark.parametrize(("kind", "limit"), [("noise", 200), ("clutter", 60), ("dis", 6)])
def test_a_condition_is_drawn_up_to_its_limit(kind: str, limit: int) -> None:
    condition(f"{kind}{limit}")

    with pytest.raises(InputError, match=f"At most {kind}{limit}"):
        condition(f"{kind}{limit + 1}")


@pytest.mark.parametrize("name", ["", "Plain", "noise", "noise-5", "noise6.5", "dis1 ", "x" * 200])
def test_an_unknown_condition_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(InputError, match="There are plain, held") as refused:
        condition(name)

    assert len(str(refused.value)) < 260
