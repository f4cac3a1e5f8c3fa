"""Questions: their answers against the benchmark's rules, which are written down here once more, and the balance of their labels."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np
import pytest

from worlds.rooms.free import free_scene
from worlds.rooms.generator import SETTINGS, scene_at, scenes
from worlds.rooms.layouts import among, around, rotation
from worlds.rooms.questions import (
    LETTERS,
    MOVES,
    NO,
    TEMPLATES,
    YES,
    Question,
    Template,
    draw_question,
    meta_info,
    move_between,
    questions_of,
)
from worlds.rooms.scenes import Camera, Cue, Scene, Thing

FIVE = ("red box", "blue ball", "green tower", "yellow cone", "purple box")
GRAMMAR = re.compile(r"(among_g7_(q[0-3]_(1_[1-4]|2_[123]|5_[12])|gen_(3_[12]|4_[12]|6_[1-8]))"
                     r"|around_g7_(q1_[1-8]|q2_[125678]|q4_[12])|rotation_g7_q[1-4]_([1-9]|1[0-2]))")
ROUND = ("front", "right", "behind", "left")


def asked(*, cue: Cue = "described", settings: tuple[str, ...] = SETTINGS, count: int = 120) -> Iterator[tuple[Scene, Question]]:
    for place, scene in enumerate(scenes("train", seed=4, count=count, settings=settings, cue=cue)):  # type: ignore[arg-type]
        for question in questions_of(scene, seed=place, group="g7"):
            yield scene, question


def turned(around: tuple[str | None, ...], text: str) -> tuple[str | None, ...]:
    """(front, right, behind, left) after the turn that a text tells of."""
    front, right, behind, left = around
    if "turn 90 degrees to the left" in text:
        return left, front, right, behind
    if "turn 90 degrees to the right" in text:
        return right, behind, left, front
    return (behind, left, front, right) if "turn 180 degrees around" in text else around


def in_rotation(scene: Scene, view: int) -> tuple[str | None, ...]:
    """(front, right, behind, left) at a view, counted from 0 in the setting's own order."""
    m = scene.names
    if scene.setting == "four_view":
        return m[view], m[(view + 1) % 4], m[(view + 2) % 4], m[(view + 3) % 4]
    if scene.setting == "three_view":
        return ((m[0], m[1], m[2], None), (m[1], m[2], None, m[0]), (m[2], None, m[0], m[1]))[view]
    place = {"two_view_clockwise": 1, "two_view_opposite": 2, "two_view_counterclockwise": 3}[scene.setting]
    around = [None] * 4
    around[0], around[place if view == 0 else -place] = m[view], m[1 - view]  # type: ignore[call-overload]
    return tuple(around)


def in_among(scene: Scene, view: int) -> tuple[str, ...]:
    c = scene.names[1:]
    return c[(view + 2) % 4], c[(view + 3) % 4], c[view], c[(view + 1) % 4]


def from_centre(scene: Scene) -> tuple[str, ...]:
    s, w, n, e = scene.names[1:]
    return {180: (s, w, n, e), 0: (n, e, s, w), 270: (w, n, e, s), 90: (e, s, w, n)}[scene.things[0].facing]  # type: ignore[index]


@pytest.mark.parametrize("cue", ["described", "shuffled"])
def test_answers_of_rotation_follow_the_rule_of_turns(cue: Cue) -> None:
    found = 0
    for scene, question in asked(cue=cue, settings=SETTINGS[:5]):
        view = int(re.findall(r"q(\d)_", question.id)[0]) - 1
        assert f"shown in image {view + 1} and" in question.text
        around = turned(in_rotation(scene, scene.order[view]), question.text)
        where = {"left?": 3, "right?": 1, "me?": 2}[question.text.split()[-1]]

        assert question.answer == around[where]
        assert question.direction == ROUND[where]
        found += 1
    assert found > 500


def test_rotation_asks_all_that_can_be_answered() -> None:
    counts = {setting: Counter() for setting in SETTINGS[:5]}
    for scene, question in asked(settings=SETTINGS[:5]):
        counts[scene.setting][question.id.split("_")[2]] = int(question.id.split("_")[3])

    assert counts["four_view"] == dict.fromkeys(("q1", "q2", "q3", "q4"), 12)
    assert counts["three_view"] == dict.fromkeys(("q1", "q2", "q3"), 9)
    assert counts["two_view_opposite"] == dict.fromkeys(("q1", "q2"), 6)


@pytest.mark.parametrize("cue", ["described", "shuffled"])
def test_answers_among_follow_the_benchmarks_rules(cue: Cue) -> None:
    seen: Counter[str] = Counter()
    for scene, question in asked(cue=cue, settings=("among",), count=60):
        seen[question.template] += 1
        asked_in, number = question.id.removeprefix("among_g7_"), question.id[-1]
        if asked_in.startswith("q"):
            _, right, behind, left = in_among(scene, scene.order[int(asked_in[1])])
            if "_2_1" in asked_in:
                assert question.answer == behind
            elif "_2_" in asked_in:
                name = question.names[0]
                assert (question.answer == YES) == (name == (left if number == "2" else right))
                turn = "left" if number == "2" else "right"
                assert f"I turn {turn} and move forward, do I get closer to the {name}?" in question.text
            elif "_5_" in asked_in:
                assert question.answer == (left if number == "1" else right)
            else:
                assert question.answer == MOVES[int(number) - 1]
        elif "gen_3" in asked_in:
            assert (question.answer == YES) == (question.names[1] == from_centre(scene)[0])
        elif "gen_4" in asked_in:
            assert question.answer == from_centre(scene)[3 if number == "1" else 1]
        else:
            s, w, n, e = scene.names[1:]
            rule = {s: (w, e), w: (n, s), n: (e, w), e: (s, n)}[question.names[0]]
            assert question.answer == rule[1 - int(number) % 2]
            assert scene.thing(question.names[0]) is scene.things[1 + (int(number) - 1) // 2]
    assert set(seen) == {template for template in TEMPLATES if template.startswith("among")}


@pytest.mark.parametrize("cue", ["described", "shuffled"])
def test_answers_around_follow_the_benchmarks_rules(cue: Cue) -> None:
    seen: Counter[str] = Counter()
    for scene, question in asked(cue=cue, settings=("around",), count=150):
        seen[question.id.removeprefix("around_g7_")] += 1
        kind, number = question.id.split("_")[2], int(question.id.split("_")[3])
        order = scene.names if number % 2 else scene.names[::-1]  # nearest first: from the left view for odd numbers
        if kind == "q1":
            assert question.answer == MOVES[{1: 0, 2: 1, 3: 1, 4: 0, 5: 2, 6: 3, 7: 2, 8: 3}[number]]
        elif kind == "q2" and number in (5, 6):
            name, other = question.names
            assert (question.answer == YES) == (order.index(name) > order.index(other))
        elif kind == "q2":
            assert question.answer == order[order.index(question.names[0]) + 1]
        else:
            place, facing = scene.names.index(question.names[0]), scene.thing(question.names[0]).facing
            is_west = (number == 1) == (facing == 0)  # who looks north has the west to the left
            assert question.answer == scene.names[place + (-1 if is_west else 1)]
    moves, behind = {f"q1_{number}" for number in range(1, 9)}, {f"q2_{number}" for number in (1, 2, 5, 6, 7, 8)}
    assert set(seen) == moves | behind | {"q4_1", "q4_2"}


@pytest.mark.parametrize("cue", ["described", "shuffled"])
def test_every_id_is_of_the_grammar_and_comes_once(cue: Cue) -> None:
    for place, scene in enumerate(scenes("test", seed=1, count=40, cue=cue)):
        ids = [question.id for question in questions_of(scene, seed=place, group="g7")]

        assert len(set(ids)) == len(ids)
        assert all(GRAMMAR.fullmatch(each) for each in ids)


def test_a_question_can_be_answered_by_one_option_and_says_all_it_needs() -> None:
    for scene, question in asked():
        assert len(set(question.options)) == len(question.options) and 2 <= len(question.options) <= 4
        assert question.options[LETTERS.index(question.letter)] == question.answer
        assert all(name in question.text for name in question.names)
        assert all(name in scene.names for name in question.names)
        assert question.answer in scene.names or question.answer in MOVES or question.answer in (YES, NO)
        assert question.full_text.endswith(f"{LETTERS[len(question.options) - 1]}. {question.options[-1]}")
        last = len(question.cameras)
        assert f"image {last}" in question.text or f"and {last} show" in question.text.replace(")", "")
        assert "image" in question.text  # by which the benchmark knows what its maps call a view
        assert question.start.heading in (0, 90, 180, 270)


def test_the_image_that_a_question_names_is_the_one_it_stands_at() -> None:
    found = 0
    for cue in ("described", "shuffled"):
        for _, question in asked(cue=cue, count=60):  # type: ignore[arg-type]
            named = re.findall(r"shown in image (\d)", question.text)
            if named:
                assert question.cameras[int(named[0]) - 1].pose == question.start
                found += 1
    assert found > 1000


@pytest.fixture(scope="module")
def drawn() -> list[Scene]:
    return [scene_at(place, subset="train", seed=8, settings=("among", "around")) for place in range(2400)]


@pytest.mark.parametrize(("template", "classes"), [
    ("among_1", MOVES), ("among_2_2", (YES, NO)), ("among_gen_3", (YES, NO)), ("around_q1", MOVES), ("around_q2_behind", (YES, NO)),
])
def test_answers_are_balanced(drawn: list[Scene], template: Template, classes: tuple[str, ...]) -> None:
    rng = np.random.default_rng(0)
    questions = (draw_question(rng, scene, templates=(template,)) for scene in drawn)

    even(Counter(question.answer for question in questions if question), classes)


def test_letters_are_balanced_whatever_is_asked(drawn: list[Scene]) -> None:
    rng = np.random.default_rng(0)
    letters: dict[int, Counter[str]] = defaultdict(Counter)
    for scene in drawn:
        question = draw_question(rng, scene)
        assert question is not None
        letters[len(question.options)][question.letter] += 1

    assert set(letters) == {2, 3, 4}
    for count, found in letters.items():
        even(found, tuple(LETTERS[:count]))


def test_templates_are_drawn_evenly() -> None:
    rng, scene = np.random.default_rng(0), around(FIVE[:3], facings=(180, None, None))

    found = Counter(draw_question(rng, scene).template for _ in range(600))  # type: ignore[union-attr]

    even(found, ("around_q1", "around_q2_nearest", "around_q2_behind", "around_q4"))


def even(found: Counter[str], classes: tuple[str, ...]) -> None:
    """Assert that some classes come equally often, to within four standard deviations."""
    total = found.total()
    assert total > 400 and set(found) == set(classes)
    for each in classes:
        share = 1 / len(classes)
        assert abs(found[each] - total * share) < 4 * (total * share * (1 - share)) ** 0.5, (each, found)


def test_equal_seeds_give_equal_questions_and_others_shuffle_them() -> None:
    scene = among(FIVE, facings=(180, 0, None, None, None))

    assert questions_of(scene, seed=3) == questions_of(scene, seed=3)
    assert [each.options for each in questions_of(scene, seed=3)] != [each.options for each in questions_of(scene, seed=4)]
    assert [each.id for each in questions_of(scene, seed=3)] == [each.id for each in questions_of(scene, seed=4)]


def test_only_the_templates_that_are_asked_for_are_drawn() -> None:
    rng, scene = np.random.default_rng(0), among(FIVE)

    assert {draw_question(rng, scene, templates=("among_5", "around_q1")).template for _ in range(20)} == {"among_5"}  # type: ignore[union-attr]
    assert draw_question(rng, scene, templates=("among_gen_4",)) is None  # its centre faces nowhere


def test_a_row_of_two_is_offered_names_that_do_not_stand_there() -> None:
    question = next(each for each in questions_of(around(FIVE[:2]), seed=0) if each.template == "around_q2_nearest")

    assert question.answer == "blue ball" and len(question.options) == 3
    assert not {option for option in question.options if option != "blue ball"} & set(FIVE[:2])


@pytest.mark.parametrize(("place", "move"), [((-1, 1), 0), ((1, 0.5), 1), ((-1, 0), 2), ((1, -0.2), 3)])
def test_a_move_is_called_by_where_it_leads(place: tuple[float, float], move: int) -> None:
    x, y = place

    assert move_between(Camera(0, 0, 1, 0, 0, 60), Camera(x, y, 1, 90, 0, 60)) == MOVES[move]
    assert move_between(Camera(0, 0, 1, 90, 0, 60), Camera(y, -x, 1, 90, 0, 60)) == MOVES[move]


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (0.2, 1), (0, -1), (1, -1)])
def test_a_move_back_or_straight_ahead_is_none_of_them(place: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="none of the moves"):
        move_between(Camera(0, 0, 1, 0, 0, 60), Camera(*place, 1, 0, 0, 60))


def test_a_free_scene_is_asked_about_what_lies_alone_in_a_quarter() -> None:
    things = [Thing("red box", 0.3, 3), Thing("blue ball", 3, 0.5), Thing("green cone", -3, 1), Thing("pink ball", -3, -0.6)]
    scene = free_scene(things, [Camera(0, 0, 1.5, 0, 10, 62)])
    questions = questions_of(scene, seed=0)

    assert {question.answer for question in questions} == {"red box", "blue ball"}  # two are on the left
    plain = next(question for question in questions if question.text.endswith("facing the same way, what is to my right?"))
    assert (plain.id, plain.answer, plain.template) == ("free_group0_q1_1", "blue ball", "free")
    unturned = [question.text for question in questions if " turn " not in question.text]
    assert len(unturned) == 1  # not the left, where two are, nor behind, where nothing is


def test_a_scene_of_one_thing_asks_nothing() -> None:
    assert questions_of(free_scene([Thing("red box", 2, 0)], [Camera(0, 0, 1, 0, 0, 62)]), seed=0) == ()


def test_meta_info_is_the_benchmarks() -> None:
    assert meta_info(among(FIVE, facings=(180, 0, None, 180, 270))) == [list(FIVE), ["face", "back", None, "face", "left"]]
    assert meta_info(around(FIVE[:2], facings=(180, None))) == [[3], [2, list(FIVE[:2]), ["face", None], []]]
    assert meta_info(rotation("three_view", FIVE[:3])) == list(FIVE[:3])
    with pytest.raises(ValueError, match="no free scenes"):
        meta_info(free_scene([Thing("red box", 2, 0)], [Camera(0, 0, 1, 0, 0, 62)]))
