"""Games turn by turn: by a script, by hand, by a network, and turns that come to nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from backends.episode import Episode
from backends.ragen.games import PLAYERS, new_game, rules_of
from backends.ragen.players import Player, Said
from backends.ragen.playing import play
from backends.ragen.results import RagenResult
from backends.ragen.rollouts import ENVIRONMENT, FORMAT, Rollout
from backends.ragen.run import run
from backends.ragen.settings import RagenSettings
from backends.run import Inputs, last
from models.gamers.acting import Words
from models.gamers.turns import Rules, Turns
from models.gamers.words import ids_of, tokenizer, words_of
from models.training.generation import Reply
from models.training.rollout import Played, PlayedTurn, Start
from tests.backends.ragen.tiny_players import taught, tiny
from worlds.errors import InputError
from worlds.games.frozen_lake.env import FrozenLake
from worlds.games.sokoban.env import Sokoban


def settings(**changes: object) -> RagenSettings:
    return RagenSettings(**{"task": "play", "player": "expert"} | changes)


def played(asked: RagenSettings, inputs: Inputs | None = None) -> Episode:
    result = last(run(asked, inputs or Inputs()))
    assert isinstance(result, RagenResult) and result.ended == "finished"
    return result.played.episode


def says(*replies: str) -> Player:
    """Says one reply after another, and the last one for ever."""
    return Player("says", "expert", lambda _, so_far: Said(replies[min(len(so_far.turns), len(replies) - 1)]))


def told(asked: RagenSettings, player: Player) -> Episode:
    *_, newest = (event for event in play(asked, player) if isinstance(event, Rollout))
    return newest.episode


@pytest.mark.parametrize("start", range(3))
def test_the_script_pushes_every_box_home(start):
    episode = played(settings(game="sokoban", start=start, turns=10, budget=30))

    assert episode.success and episode.ended == "terminated" and {turn.by for turn in episode.turns} == {"expert"}
    actions = sum(len(turn.actions) for turn in episode.turns)
    assert episode.total_reward == pytest.approx(11 - 0.1 * actions)


def test_the_script_crosses_ice_that_does_not_slip():
    episode = played(settings(game="lake", grip=1.0, turns=10))

    assert episode.success and episode.total_reward == 1.0
    assert all(action.ok for _, action in episode.steps())


def test_the_script_pulls_the_arm_that_pays_more_on_average():
    rich, poor = (played(settings(chance=chance)) for chance in (0.25, 0.1))

    assert [rich.turns[0].actions[0].name, poor.turns[0].actions[0].name] == ["Dragon", "Phoenix"]
    assert rich.success and not poor.success and poor.total_reward == 0.15  # success is the high arm, whatever it pays


def test_turns_by_hand_are_done_in_any_case_and_the_player_goes_on():
    episode = played(settings(game="sokoban", entries=("UP || left", ".", "down"), turns=4))

    assert [turn.by for turn in episode.turns] == ["person", "expert", "person", "expert"][:len(episode.turns)]
    assert [action.name for action in episode.turns[0].actions] == ["Up", "Left"]
    assert episode.turns[0].token_ids is None and episode.turns[0].thought == ""


def test_the_same_turns_are_the_same_episode_and_one_more_goes_on_from_it():
    lake = {"game": "lake", "player": "random", "grip": 0.8, "turns": 3, "frozen": 1.0}
    once, again = (played(settings(entries=("right",), **lake)) for _ in range(2))
    longer = played(settings(entries=("right", "up"), **lake))

    assert [turn.state for turn in once.turns] == [turn.state for turn in again.turns]
    assert [turn.state for turn in longer.turns[:2]] == [turn.state for turn in once.turns[:2]] and longer.turns[1].by == "person"


@pytest.mark.parametrize("entry", ["jump", "up || jump", " || "], ids=["one", "among others", "nothing"])
def test_a_turn_by_hand_that_is_no_action_is_refused_with_those_that_there_are(entry):
    with pytest.raises(InputError, match=r"There is no action '.*' in this game\. There are Up, Down, Left, Right\.$"):
        played(settings(game="sokoban", entries=(entry,)))


def test_turns_by_hand_behind_the_end_are_told():
    by_hand = (("Dragon", "x", "."), ("Dragon", "x" * 90), ("Dragon",))
    after = [last(run(settings(entries=entries), Inputs())).notes for entries in by_hand]

    assert after[0] == ("The episode is over before 2 turns by hand, 'x' first: nothing is done of them.",)
    assert after[1] == (f"The episode is over before 1 turn by hand, '{'x' * 40}' first: nothing is done of it.",) and after[2] == ()


def test_a_long_wrong_turn_is_quoted_in_part():
    with pytest.raises(InputError) as refused:
        played(settings(game="sokoban", entries=("x" * 120,)))

    assert "x" * 40 in str(refused.value) and "x" * 41 not in str(refused.value)


def test_an_entry_may_have_120_letters_and_no_more():
    settings(entries=("x" * 120,))

    with pytest.raises(ValueError, match="120"):
        settings(entries=("x" * 121,))


@pytest.mark.parametrize("game", ["lake", "sokoban"])
@pytest.mark.parametrize("reply", ["!!!!!!", "<think>go</think>Right", "<think>go</think><answer>jump</answer>"],
                         ids=["no form", "no answer", "no action"])
def test_five_turns_without_an_action_cost_exactly_half_and_are_no_success(game, reply):
    episode = told(settings(game=game, turns=5), says(reply))

    assert episode.total_reward == -0.5 and episode.success is False and episode.ended == "turns"
    assert [turn.rewards for turn in episode.turns] == [{ENVIRONMENT: 0, FORMAT: -0.1}] * 5
    assert len({str(turn.state) for turn in episode.turns}) == 1 and {turn.parse for turn in episode.turns} == {"failed"}


def test_an_unknown_word_costs_a_tenth_beside_what_the_known_one_does():
    episode = told(settings(game="lake", grip=1.0, turns=1), says("<think>a</think> <answer>Up || jump</answer>"))

    (turn,) = episode.turns
    assert [action.name for action in turn.actions] == ["Up"] and [one.name for one in turn.planned] == ["Up", "jump"]
    assert turn.rewards[FORMAT] == -0.1


def test_a_sixth_action_is_dropped_and_costs_nothing():
    game = FrozenLake(frozen=1.0, success_rate=1.0, max_actions=10)
    world = Turns(game, Rules(max_actions=5))
    world.reset(seed=0)

    _, reward, *_, info = world.step("<think></think><answer>" + " || ".join(["left"] * 6) + "</answer>")

    assert len(info["done"]) == 5 and info["penalty"] == 0.0 and info["left"] == 5 and reward >= 0


def test_the_budget_ends_an_episode_in_the_middle_of_an_answer():
    episode = told(settings(game="sokoban", budget=3, turns=5), says("<think></think><answer>up || down || up || down</answer>"))

    assert [len(turn.actions) for turn in episode.turns] == [3] and episode.ended == "truncated" and not episode.success


def test_a_turn_without_an_action_leaves_the_budget_and_uses_up_a_turn():
    episode = told(settings(game="sokoban", budget=2, turns=5), says("hm", "<think></think><answer>up || up</answer>"))

    assert [len(turn.actions) for turn in episode.turns] == [0, 2]
    assert [turn.state["actions_left"] for turn in episode.turns] == [2, 2]


def test_without_a_thought_an_answer_alone_is_due():
    asked = settings(game="lake", grip=1.0, turns=1, thinks=False)

    (turn,) = told(asked, says("<answer>up</answer>")).turns

    assert turn.parse == "ok" and turn.prompt.endswith("<answer>") and rules_of(asked).thinks is False


def test_rewards_of_a_turn_are_counted_once():
    world = Turns(Sokoban(max_actions=4), Rules())
    world.reset(seed=123)
    _, reward, *_ = world.step("<think></think><answer>up || down</answer>")

    episode = told(settings(game="sokoban", turns=1), says("<think></think><answer>up || down</answer>"))

    assert episode.total_reward == pytest.approx(reward) and reward != 0


@pytest.fixture
def tiny_bandit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path))
    monkeypatch.setitem(PLAYERS, "bandit", "tiny-bandit")
    taught().save_pretrained(tmp_path / "tiny-bandit")
    tokenizer().save_pretrained(tmp_path / "tiny-bandit")


@pytest.mark.usefixtures("tiny_bandit")
def test_a_network_speaks_with_its_tokens_and_what_it_learned_here_plays_too(tmp_path, monkeypatch):
    from backends.made import Made

    inputs = Inputs(makes=Made(lambda: tmp_path / "makes"))
    learned = last(run(RagenSettings(iterations=2, groups=2, members=4, max_tokens=14, actor_rate=0.01), inputs))
    inputs = replace(inputs, results={"learned": learned})
    beginner = last(run(settings(player="beginner"), inputs))
    own = last(run(settings(player="own", continues="learned"), inputs))

    for result in (beginner, own):
        (turn,) = result.played.episode.turns
        assert turn.by == "model" and len(turn.token_ids) == len(turn.logprobs) > 0
    assert (beginner.model_id, own.model_id) == ("tiny-bandit", "tiny-bandit, trained here")
    assert beginner.played.episode.turns[0].logprobs.tolist() != own.played.episode.turns[0].logprobs.tolist()


@pytest.mark.usefixtures("tiny_bandit")
def test_a_run_of_another_game_or_none_is_no_player(tmp_path):
    from backends.made import Made

    inputs = Inputs(makes=Made(lambda: tmp_path / "makes"))
    learned = last(run(RagenSettings(iterations=1, groups=1, members=2, max_tokens=4), inputs))
    tiny().save_pretrained(tmp_path / "tiny-lake")
    tokenizer().save_pretrained(tmp_path / "tiny-lake")
    inputs = replace(inputs, results={"learned": learned})

    with pytest.raises(InputError, match=r"No training is named\."):
        played(settings(player="own"), inputs)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(InputError, match="'learned' was trained in another game: bandit"):
        patch.setitem(PLAYERS, "lake", "tiny-lake")
        played(settings(player="own", continues="learned", game="lake"), inputs)


def test_every_start_of_a_game_can_be_played():
    for start in (0, 255):
        assert played(settings(game="lake", start=start)).seed == 123 + start
    assert new_game(settings(game="lake", budget=7))().max_actions == 7


def test_a_network_reads_the_whole_episode_before_its_turn_what_a_person_did_in_it_too():
    """As it does while it learns."""
    asked = settings(game="sokoban", player="beginner", turns=3, entries=(".", "Left || Up"))
    prompts: list[tuple[int, ...]] = []

    def turn(game, so_far):
        prompts.append(Words().prompt_of(so_far).ids)
        ids = tuple(ids_of("so </think> <answer> up </answer> <end>"))
        return Said("<think> so </think> <answer> up </answer>", ids, (-0.5,) * len(ids))
    episode = told(asked, Player("network", "model", turn, Words(), 500))

    first, last = prompts
    shown = [turn.prompt for turn in episode.turns]
    by_hand = "</think> <answer> left || up </answer> <end>"
    assert words_of(first) == shown[0]
    assert words_of(last) == f"{shown[0]} so </think> <answer> up </answer> <end> {shown[1]} {by_hand} {shown[2]}"


def test_of_an_episode_that_is_too_long_for_a_network_the_newest_turns_are_read():
    world = Turns(FrozenLake(max_actions=30), Rules())
    observation, info = world.reset(seed=123)
    so_far = Played(Start(123, 0), observation, info)
    for number in range(4):
        prompt = Words().prompt_of(so_far)
        reply = Reply(tuple(ids_of("so </think> <answer> jump </answer> <end>")), (), stopped=True)
        *_, info = world.step("<think> so </think> <answer> jump </answer>")
        so_far.turns.append(PlayedTurn(number, "", observation, so_far.info, prompt, reply, "", 0.0))
        so_far.info = info
    whole = Words().prompt_of(so_far).ids

    assert Words().within(so_far, len(whole)).ids == whole
    cut = Words().within(so_far, len(whole) - 1).ids
    assert whole[-len(cut):] == cut and words_of(cut).count("<user>") == 4
