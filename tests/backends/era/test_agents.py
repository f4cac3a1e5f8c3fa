"""The trained agent in the home: it acts by what it says, it remembers what its policy keeps, and it is what its card says."""

import json

import pytest

from backends.episode import Episode
from backends.era.agents import acting
from backends.era.playing import play
from backends.era.practising import MODELS
from backends.era.replies import pose_of
from backends.era.run import run
from backends.era.settings import EraSettings
from backends.run import Inputs, last
from models.catalogue import MINIATURES
from worlds.minihome.subsets import SEEN, UNSEEN
from worlds.minitable.understanding import objects

MODEL = MODELS["home"]
REINFORCED = f"{MODEL}-rl"
TABLE_CARD = json.loads((MINIATURES / MODELS["table"] / "card.json").read_text())
CARD = json.loads((MINIATURES / MODEL / "card.json").read_text())


def episode(**settings):
    return last(run(EraSettings(agent="trained", **settings), Inputs())).episode


def test_it_says_what_it_sees_remembers_and_plans_and_does_what_it_says():
    played = episode(subset="base", number=0)

    assert played.agent == MODEL and played.turns
    for turn in played.turns:
        assert turn.by == "model" and turn.prompt.startswith("instruction:") and turn.reply
        if turn.parse == "ok":
            assert turn.actions[0].name in turn.planned[0].name and set(turn.sections) <= {
                "visual_description", "reasoning_and_reflection", "language_plan"}


def test_greedy_episodes_are_equal_and_drawn_ones_go_by_the_seed():
    assert episode(subset="base", number=1) == episode(subset="base", number=1)
    drawn = [episode(subset="base", number=1, temperature=1.0, seed=seed) for seed in (0, 0, 1, 2)]
    assert (drawn[0] == drawn[1] and drawn[0] != drawn[2]) or drawn[0] != drawn[3]


def test_a_prefix_by_hand_changes_only_what_comes_after():
    alone = episode(subset="base", number=2)
    by_hand = episode(subset="base", number=2, actions=(".", "find a Sink"))

    assert by_hand.turns[0] == alone.turns[0] and by_hand.turns[1].by == "person"


@pytest.mark.parametrize("policy", ["full", "none", "last 5"])
def test_every_memory_fits_into_its_context(policy):
    played = episode(subset="common_sense", number=3, policy=policy)

    assert played.turns and (policy != "none" or all("history: none" in turn.prompt for turn in played.turns))


def test_it_is_what_its_card_says():
    """Twelve homes of each of four subsets, against the card's share of fifty: within what chance allows."""
    card = {one["subset"]: one["success"] for one in CARD["measured"]}
    assert sum(card[subset] for subset in SEEN) / 3 > 0.6 and sum(card[subset] for subset in UNSEEN) / 2 < 0.2 and card["base"] >= 0.8
    done = 0
    with acting(EraSettings(agent="trained"), Inputs()) as player:
        for number in range(12):
            *_, played = (event for event in play(EraSettings(agent="trained", number=number), player) if isinstance(event, Episode))
            done += bool(played.success)
    assert abs(done / 12 - card["base"]) < 0.35


def test_the_tables_agent_is_what_its_card_says():
    """Twelve plain tables against the card's share of fifty: within what chance allows."""
    card = {one["subset"]: one["success"] for one in TABLE_CARD["measured"]}
    asked = EraSettings(world="table", agent="trained")
    done = 0
    with acting(asked, Inputs()) as player:
        for number in range(12):
            *_, played = (event for event in play(asked.model_copy(update={"number": number}), player) if isinstance(event, Episode))
            done += bool(played.success)
    assert abs(done / 12 - card["base"]) < 0.35


def test_the_tables_agent_says_where_things_are_and_acts_by_numbers():
    played = episode(world="table", number=3, max_turns=3)

    assert played.world == "minitable" and played.agent == MODELS["table"] and len(played.turns) == 3
    for turn in played.turns:
        assert " objects: " in turn.prompt and turn.parse == "ok" and pose_of(turn.actions[0].name)
        told = [turn.sections["visual_description"].count(" ".join(map(str, place))) for place in objects(turn.state).values()]
        assert all(count == 2 for count in told)


def test_reinforcement_made_it_fail_less_and_do_no_less():
    """What the cards of both agents say of the wordings that were trained on."""
    def seen(card, what):
        return sum(one[what] for one in card["measured"] if one["subset"] in SEEN) / len(SEEN)

    after = json.loads((MINIATURES / REINFORCED / "card.json").read_text())
    assert after["training"]["iterations"] == len(after["training"]["iterations_told"])
    assert seen(after, "success") >= seen(CARD, "success") and seen(after, "invalid") < 0.75 * seen(CARD, "invalid")


def test_the_reinforced_agent_plays_under_its_own_name():
    played = last(run(EraSettings(agent="reinforced", number=24), Inputs()))

    assert played.model_id == REINFORCED and {turn.by for turn in played.episode.turns} == {"model"}
    assert played.episode.turns != episode(number=24).turns or played.episode.success
