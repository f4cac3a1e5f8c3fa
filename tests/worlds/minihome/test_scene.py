import json
import re

import pytest

from worlds.errors import InputError
from worlds.minihome.actions import act
from worlds.minihome.catalogue import CAPACITY, COLOURS, KINDS, PLACES, type_of
from worlds.minihome.expert import plan
from worlds.minihome.goals import is_done, progress
from worlds.minihome.scene import KINDS_OF_TASK, Task, draw_home, kinds_of
from worlds.minihome.state import State, contents, place_names, read_state
from worlds.minihome.subsets import (
    EPISODES,
    SUBSETS,
    evaluation_seed,
    evaluation_seeds,
    is_for_training,
    subset_of,
    training_seeds,
)
from worlds.minihome.wordings import neighbours

NAMES = [word for kind in KINDS for word in (kind.lower(), KINDS[kind].plural)]


def homes(subset: str, number: int = 50) -> list[tuple[State, Task]]:
    return [draw_home(seed, subset) for seed in evaluation_seeds(subset)[:number]]


def names_in(text: str, names: list[str]) -> list[str]:
    return [name for name in names if re.search(rf"\b{name.lower()}\b", text.lower())]


def test_seeds_of_evaluation_and_training_never_meet() -> None:
    evaluated = [seed for subset in SUBSETS for seed in evaluation_seeds(subset)]
    trained = [seed for subset in SUBSETS for seed in training_seeds(subset)]

    assert len(set(evaluated)) == EPISODES * len(SUBSETS) == 300
    assert len(set(trained)) == len(trained) == 60_000
    assert not set(evaluated) & set(trained)
    assert not any(map(is_for_training, evaluated)) and all(map(is_for_training, trained))


def test_a_seed_tells_its_subset() -> None:
    assert [evaluation_seed(subset, 7) for subset in SUBSETS] == [7, 107, 207, 307, 407, 507]
    for subset in SUBSETS:
        seeds = [*evaluation_seeds(subset), next(training_seeds(subset)), list(training_seeds(subset))[-1]]
        assert {subset_of(seed) for seed in seeds} == {subset}


@pytest.mark.parametrize("episode", [-1, 50])
def test_there_are_fifty_episodes(episode: int) -> None:
    with pytest.raises(InputError, match="numbered 0 to 49"):
        evaluation_seed("base", episode)


def test_an_unknown_subset_is_told_the_known_ones() -> None:
    with pytest.raises(InputError, match="base, spatial"):
        draw_home(1, "easy")


@pytest.mark.parametrize("subset", SUBSETS)
def test_equal_seeds_give_equal_homes_and_other_seeds_others(subset: str) -> None:
    assert homes(subset, 10) == homes(subset, 10)
    assert len({json.dumps(state) for state, _ in homes(subset)}) == 50


@pytest.mark.parametrize("subset", SUBSETS)
def test_the_expert_solves_a_hundred_homes_without_a_mistake(subset: str) -> None:
    for seed in [*evaluation_seeds(subset), *list(training_seeds(subset))[:50]]:
        state, _ = draw_home(seed, subset)
        assert progress(state) == 0
        skills = plan(state)
        for skill in skills:
            outcome = act(state, skill)
            assert outcome.ok, (seed, skill, outcome.feedback)
            state = outcome.state
        assert is_done(state) and len(skills) <= 30


@pytest.mark.parametrize("subset", SUBSETS)
def test_homes_are_whole_and_survive_a_file(subset: str) -> None:
    for state, _ in homes(subset, 20):
        assert {type_of(name) for name in place_names(state)} == set(PLACES)
        assert all(len(contents(state, place)) <= CAPACITY for place in place_names(state))
        assert all(thing["colour"] in KINDS[type_of(name)].colours for name, thing in state["things"].items())
        assert 5 <= len({type_of(name) for name in state["things"]}) <= 8
        assert read_state(json.loads(json.dumps(state))) == state


def test_a_second_cabinet_and_a_second_thing_occur_in_some_homes() -> None:
    states = [state for subset in SUBSETS for state, _ in homes(subset)]

    assert 0.2 < sum("Cabinet_2" in place_names(state) for state in states) / len(states) < 0.5
    assert any("Mug_2" in state["things"] for state in states)
    for state in states:
        if "Cabinet_2" in place_names(state):
            assert place_names(state).index("Cabinet") < place_names(state).index("Cabinet_2")


@pytest.mark.parametrize("kind", KINDS_OF_TASK)
def test_a_kind_of_task_can_be_asked_for(kind: str) -> None:
    assert {draw_home(seed, "base", kind=kind)[1].kind for seed in range(5)} == {kind}


def test_a_kind_that_a_subset_lacks_is_refused() -> None:
    assert "light" not in kinds_of("spatial") and kinds_of("long_horizon") == ()
    with pytest.raises(ValueError, match="no task of spatial"):
        draw_home(1, "spatial", kind="light")


def test_all_kinds_of_task_occur() -> None:
    assert {task.kind for _, task in homes("base")} == set(KINDS_OF_TASK)


def test_base_names_the_thing_and_the_place() -> None:
    for state, task in homes("base"):
        goal, = state["goal"]
        assert names_in(task.instruction, NAMES) == names_in(" ".join(
            KINDS[type_of(goal["things"][0])].plural if goal["count"] == 2 else type_of(name) for name in goal["things"][:1]), NAMES)
        assert names_in(task.instruction, list(PLACES)) == list({type_of(place) for place in goal["where"]})


def test_complex_instructions_name_one_more_thing_that_is_there_and_not_meant() -> None:
    for state, task in homes("complex_instruction"):
        meant = type_of(state["goal"][0]["things"][0])
        others = set(names_in(task.instruction, [kind.lower() for kind in KINDS])) - {meant.lower()}
        assert len(others) == 1
        assert others <= {type_of(name).lower() for name in state["things"]}


def test_visual_appearance_names_a_colour_and_no_thing_and_fits_nothing_else() -> None:
    for state, task in homes("visual_appearance"):
        goal, = state["goal"]
        assert names_in(task.instruction, NAMES) == []
        colour, = names_in(task.instruction, list(COLOURS))
        vague = KINDS[type_of(goal["things"][0])].vague
        assert vague in task.instruction
        assert goal["things"] == [name for name, thing in state["things"].items()
                                  if thing["colour"] == colour and KINDS[type_of(name)].vague == vague]
        assert len(goal["things"]) == goal["count"]


def test_common_sense_names_no_object_at_all() -> None:
    for _, task in homes("common_sense"):
        assert names_in(task.instruction, [*NAMES, *PLACES, "lamp", "faucet", "food", "dish"]) == []


def test_spatial_names_a_place_by_its_neighbour_only() -> None:
    for state, task in homes("spatial"):
        (place,) = state["goal"][0]["where"]
        ways = [way for way in neighbours(place_names(state), place) if way in task.instruction]
        assert ways and type_of(place).lower() not in names_in(task.instruction, [kind.lower() for kind in PLACES])
        same = [other for other in place_names(state) for way in ways if way in neighbours(place_names(state), other)]
        assert set(same) == {place}


def test_a_place_that_stands_there_twice_is_no_landmark() -> None:
    assert neighbours(["Cabinet", "Sink", "Cabinet_2"], "Sink") == []
    assert neighbours(["Table", "Sink", "Shelf"], "Sink")[-1] == "the place between the table and the shelf"
    assert neighbours(["Table", "Sink"], "Table") == ["the place left of the sink", "the place that has the sink on its right"]


def test_long_horizons_chain_two_tasks_about_two_things() -> None:
    for state, task in homes("long_horizon"):
        first, second = state["goal"]
        assert len(task.kind.split("+")) == 2
        assert not set(first["things"]) & set(second["things"])
        assert "held" not in first["needs"]  # it would not stay so


@pytest.mark.parametrize("subset", SUBSETS)
def test_instructions_are_sentences_in_several_wordings(subset: str) -> None:
    said = [task.instruction for _, task in homes(subset)]

    assert all(text[0].isupper() and text.endswith(".") and len(text) <= 300 and "  " not in text for text in said)
    assert len({text.split()[0] for text in said}) >= 2
    assert len(set(said)) > 30


@pytest.mark.parametrize("wrong", [
    pytest.param([], id="no object"),
    pytest.param({"things": None}, id="no things"),
    pytest.param({"at": "Garden"}, id="an unknown place"),
    pytest.param({"wall": "plaid"}, id="an unknown wall"),
    pytest.param({"lamp_on": "yes"}, id="no truth value"),
    pytest.param({"more": 1}, id="something more"),
    pytest.param({"goal": []}, id="no goal"),
    pytest.param({"goal": [{"things": ["Hat"], "needs": [], "where": ["Table"], "count": 1}]}, id="a goal for what is not there"),
    pytest.param({"receptacles": [{"name": "Table", "open": True}]}, id="an open table"),
])
def test_a_state_from_a_file_is_checked(wrong: object) -> None:
    state = draw_home(0, "base")[0]
    value = {**state, **wrong} if isinstance(wrong, dict) else wrong

    with pytest.raises(InputError, match="state of the miniature home"):
        read_state(value)


@pytest.mark.parametrize("change", [{"colour": "beige"}, {"at": "Attic"}, {"slot": 3}, {"slot": -1}, {"name": "Hat"}])
def test_a_thing_from_a_file_is_checked(change: dict[str, object]) -> None:
    state = draw_home(0, "base")[0]
    name, thing = next(iter(state["things"].items()))

    with pytest.raises(InputError, match="miniature home"):
        read_state({**state, "things": {**state["things"], name: {**thing, **change}}})
