"""What each knob of RAGEN changes, in each of its tasks: cases of `tests/backends/test_every_knob.py`."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from backends.files.archive import zipped
from backends.made import Made
from backends.ragen.results import RagenResult
from backends.ragen.rollouts import ENVIRONMENT, FORMAT, TEXT, Rollout
from backends.ragen.run import run
from backends.ragen.settings import RagenSettings
from backends.run import Inputs, last
from tests.backends.knobs import Case
from tests.backends.ragen import made_rollouts
from tests.backends.ragen.tiny_players import save_players
from tests.models import tiny_languages

TINY: dict[str, object] = {"iterations": 1, "groups": 2, "members": 4, "slice": 8}
TWICE = TINY | {"iterations": 2}
AGAIN = TINY | {"passes": 2}  # ratios move away from 1, by less than 0.2
LAKE = TINY | {"game": "lake", "max_tokens": 40}
LATER = LAKE | {"max_tokens": 26, "frozen": 1.0, "members": 8, "actions_per_turn": 1}  # later turns cost something: some are cut
CUT = {"max_tokens": 4}  # no reply is over then
BY_HAND: dict[str, object] = {"game": "lake", "grip": 1.0, "player": "expert", "entries": ("Left || Right || Left",)}
LOGS = {"file": "upload:logs.zip"}
REAL: dict[str, object] = {"learner": "model", "model": "own", "max_new_tokens": 4, "rank": 2, "algorithm": "grpo", "groups": 2,
                           "members": 2, "slice": 4, "iterations": 1, "entropy": 0.1}
SPOKEN: dict[str, object] = {"player": "model", "model": "own", "max_new_tokens": 4}


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> Inputs:
    """Players that learned nothing, for a copy without trained ones; two trainings; logs of two iterations and of another run."""
    torch.set_num_threads(1)
    save_players(folder)
    for name, layers in (("own", 2), ("other", 1)):
        tiny_languages.random_model("llama", layers=layers, vocabulary=320, end=1, context=2048).save_pretrained(folder / name)
        tiny_languages.piece_tokenizer().save_pretrained(folder / name)
    logs = {f"{iteration}.jsonl": made_rollouts.lines([made_rollouts.record(group_id=group) for group in (0, 5)])
            for iteration in (3, 4)}
    (folder / "logs.zip").write_bytes(zipped(logs))
    (folder / "other.zip").write_bytes(zipped({"1.jsonl": made_rollouts.lines([made_rollouts.record()])}))
    inputs = Inputs({name: folder / name for name in ("logs.zip", "other.zip")}, {}, Made(lambda: folder / "makes"))
    learned = last(run(RagenSettings(**TWICE | {"actor_rate": 0.01}), inputs))
    longer = last(run(RagenSettings(**TINY | {"iterations": 3, "actor_rate": 0.01}), inputs))
    return replace(inputs, results={"learned": learned, "longer": longer})


def rollouts(result: RagenResult, iteration: int = 0) -> tuple[Rollout, ...]:
    return result.training.snapshots[iteration].rollouts


def said(result: RagenResult, iteration: int = 0) -> list[str]:
    """Every reply whose words were kept; of a game, its replies."""
    if result.played is not None:
        return [turn.reply for turn in result.played.episode.turns]
    return [turn.reply for one in rollouts(result, iteration) for turn in one.episode.turns]


def first_said(result: RagenResult) -> list[str]:
    return [one.episode.turns[0].reply for one in rollouts(result)]


def prompts(result: RagenResult) -> list[str]:
    episodes = [result.played.episode] if result.played else [one.episode for one in rollouts(result)]
    return [turn.prompt for episode in episodes for turn in episode.turns]


def starts(result: RagenResult) -> list[str]:
    episodes = [result.played.episode] if result.played else [one.episode for one in rollouts(result)]
    return [str(episode.turns[0].state[TEXT]) for episode in episodes]


def paid(result: RagenResult) -> dict[str, list[float]]:
    """What each arm paid, pull by pull."""
    episodes = [result.played.episode] if result.played else [one.episode for one in rollouts(result)]
    found: dict[str, list[float]] = {}
    for episode in episodes:
        for turn, action in episode.steps():
            found.setdefault(action.name, []).append(turn.rewards[ENVIRONMENT])
    return found


def numbers(result: RagenResult, name: str) -> list[float | None]:
    return [getattr(one, name) for one in result.training.metrics]


def other_draws(before: RagenResult, after: RagenResult) -> None:
    """Other words, and other games."""
    assert said(before) != said(after)
    assert {one.episode.seed for one in rollouts(before)}.isdisjoint(one.episode.seed for one in rollouts(after))


def other_game(before: RagenResult, after: RagenResult) -> None:
    worlds = [(result.played or rollouts(result)[0]).episode.world for result in (before, after)]
    assert worlds == ["bandit", "frozen_lake"]


def other_names(before: RagenResult, after: RagenResult) -> None:
    assert all("dragon" in prompt and "teacher" not in prompt for prompt in prompts(before))
    assert all("teacher" in prompt and "dragon" not in prompt for prompt in prompts(after))


def always_pays(before: RagenResult, after: RagenResult) -> None:
    assert said(before) == said(after)
    was, now = paid(before), paid(after)
    assert set(was["Dragon"]) == {0.0} and set(now["Dragon"]) == {1.0} and was.get("Phoenix") == now.get("Phoenix")


def pays_more(before: RagenResult, after: RagenResult) -> None:
    assert said(before) == said(after)
    was, now = paid(before), paid(after)
    assert set(was["Phoenix"]) == {0.15} and set(now["Phoenix"]) == {0.5} and was.get("Dragon") == now.get("Dragon")


def shares_coins(before: RagenResult, after: RagenResult) -> None:
    """Within a group all pulls of the risky arm are paid alike."""
    assert said(before) == said(after)

    def of_groups(result: RagenResult) -> list[int]:
        wins: dict[int, set[float]] = {}
        for one in rollouts(result):
            for turn, action in one.episode.steps():
                if action.name == "Dragon":
                    wins.setdefault(one.group, set()).add(turn.rewards[ENVIRONMENT])
        return [len(each) for each in wins.values()]
    assert max(of_groups(before)) == 2 and set(of_groups(after)) == {1}


def other_coin(before: RagenResult, after: RagenResult) -> None:
    """A game alone has another stream of chance."""
    assert said(before) == said(after) and paid(before) != paid(after)


def slips(before: RagenResult, after: RagenResult) -> None:
    """The same replies to the same maps lead elsewhere."""
    assert sorted(starts(before)) == sorted(starts(after))
    if before.played is not None:
        assert said(before)[0] == said(after)[0] and before.played.episode.turns[1].state != after.played.episode.turns[1].state
    else:
        assert sorted(said(before)) == sorted(said(after))
        was, now = (sorted(str(one.final[TEXT]) for one in rollouts(result)) for result in (before, after))
        assert was != now


def more_holes(before: RagenResult, after: RagenResult) -> None:
    was, now = ("".join(starts(result)).count("O") for result in (before, after))
    assert was < now


def thinks_no_more(before: RagenResult, after: RagenResult) -> None:
    assert all(prompt.endswith("<think>") for prompt in prompts(before))
    assert all(prompt.endswith("<answer>") for prompt in prompts(after))
    assert any("<think>" in reply for reply in said(before)) and not any("<think>" in reply for reply in said(after))


def more_turns(before: RagenResult, after: RagenResult) -> None:
    if before.played is not None:
        assert (len(before.played.episode.turns), len(after.played.episode.turns)) == (1, 3)
        return
    assert first_said(before) == first_said(after)
    assert [max(len(one.episode.turns) for one in rollouts(result)) for result in (before, after)] == [1, 2]


def actions(result: RagenResult) -> list[list[int]]:
    """How many actions each turn did, by episode."""
    episodes = [result.played.episode] if result.played else [one.episode for one in rollouts(result)]
    return [[len(turn.actions) for turn in episode.turns] for episode in episodes]


def fewer_of_a_turn(before: RagenResult, after: RagenResult) -> None:
    was, now = ([turn for episode in actions(result) for turn in episode] for result in (before, after))
    assert said(before)[0] == said(after)[0] and max(was) > 1 and max(now) == 1


def fewer_of_an_episode(before: RagenResult, after: RagenResult) -> None:
    was, now = (max(sum(episode) for episode in actions(result)) for result in (before, after))
    assert was > 1 and now == 1


def dearer(before: RagenResult, after: RagenResult) -> None:
    assert said(before) == said(after)
    episodes = [[result.played.episode] if result.played else [one.episode for one in rollouts(result)] for result in (before, after)]
    costs = [{turn.rewards[FORMAT] for episode in some for turn in episode.turns if turn.parse == "failed"} for some in episodes]
    assert costs == [{-0.1}, {-0.5}]
    if before.training is not None:
        assert numbers(before, "reward") == pytest.approx([-0.1]) and numbers(after, "reward") == pytest.approx([-0.5])


def longer_replies(before: RagenResult, after: RagenResult) -> None:
    if before.played is not None:
        was, now = (len(result.played.episode.turns[0].token_ids) for result in (before, after))
    else:
        was, now = (max(len(turn.token_ids) for one in rollouts(result) for turn in one.episode.turns) for result in (before, after))
    assert was == 4 < now


def same_play(before: RagenResult, after: RagenResult) -> None:
    """What was played in the first iteration is the same: the knob is about learning."""
    assert sorted(said(before)) == sorted(said(after)) and numbers(before, "reward")[0] == numbers(after, "reward")[0]


def without_a_critic(before: RagenResult, after: RagenResult) -> None:
    """With GRPO an episode is better than the mean of its group, or worse, and no critic foresees anything."""
    same_play(before, after)
    assert [one.advantage for one in rollouts(before)] != [one.advantage for one in rollouts(after)]
    assert numbers(before, "explained") != numbers(after, "explained") == [None]
    for group in after.training.snapshots[0].groups:
        own = [one.advantage for one in rollouts(after) if one.group == group.group]
        assert sum(own) == pytest.approx(0, abs=1e-4)


def by_turns(before: RagenResult, after: RagenResult) -> None:
    same_play(before, after)
    assert [one.advantage for one in rollouts(before)] != [one.advantage for one in rollouts(after)]
    assert numbers(after, "explained") != [None]


def least_divided(before: RagenResult, after: RagenResult) -> None:
    same_play(before, after)
    was, now = (result.training.snapshots[0].groups for result in (before, after))
    assert min(one.std for one in was if one.is_kept) >= max(one.std for one in was if not one.is_kept)
    assert max(one.std for one in now if one.is_kept) <= min(one.std for one in now if not one.is_kept)
    assert [one.std for one in was] == [one.std for one in now] and len({one.std for one in was}) > 1


def keeps_fewer(before: RagenResult, after: RagenResult) -> None:
    same_play(before, after)
    assert (numbers(before, "kept"), numbers(after, "kept")) == ([4], [2])


def skips(before: RagenResult, after: RagenResult) -> None:
    same_play(before, after)
    assert numbers(before, "dead") == numbers(after, "dead") == [1.0]
    assert before.training.steps > 0 == after.training.steps and numbers(after, "kept") == [0]


def clips_more(before: RagenResult, after: RagenResult) -> None:
    same_play(before, after)
    assert numbers(after, "clip_fraction")[0] > numbers(before, "clip_fraction")[0]


def pulls_back(before: RagenResult, after: RagenResult) -> None:
    """At the beginner there is nothing to be pulled back to; after a step there is."""
    same_play(before, after)
    assert numbers(before, "reference_kl") == [None, None] and None not in numbers(after, "reference_kl")
    assert numbers(before, "gradient")[1] != numbers(after, "gradient")[1]


def costs_reward(before: RagenResult, after: RagenResult) -> None:
    """With a critic the pull is a part of what tokens earn."""
    same_play(before, after)
    assert numbers(before, "explained")[1] != numbers(after, "explained")[1]


def other_gradient(before: RagenResult, after: RagenResult) -> None:
    same_play(before, after)
    assert numbers(before, "gradient")[0] != numbers(after, "gradient")[0] and numbers(before, "entropy") == numbers(after, "entropy")


def other_turns_count(before: RagenResult, after: RagenResult) -> None:
    same_play(before, after)
    assert [one.advantage for one in rollouts(before)] != [one.advantage for one in rollouts(after)]


def more_groups(before: RagenResult, after: RagenResult) -> None:
    assert [len(result.training.snapshots[0].groups) for result in (before, after)] == [2, 4]
    assert said(before)[:4] == [turn.reply for one in rollouts(after) if one.group == rollouts(before)[0].group
                                for turn in one.episode.turns]


def more_members(before: RagenResult, after: RagenResult) -> None:
    assert [{one.episodes for one in result.training.snapshots[0].groups} for result in (before, after)] == [{4}, {6}]


def more_steps(before: RagenResult, after: RagenResult) -> None:
    same_play(before, after)
    assert after.training.steps == 2 * before.training.steps


def more_passes(before: RagenResult, after: RagenResult) -> None:
    same_play(before, after)
    assert (before.training.steps, after.training.steps) == (1, 3)


def more_updates(before: RagenResult, after: RagenResult) -> None:
    """As many groups more, each learned from once."""
    assert [len(result.training.snapshots[0].groups) for result in (before, after)] == [2, 4]
    assert (before.training.steps, after.training.steps) == (1, 2)


def freer(before: RagenResult, after: RagenResult) -> None:
    if before.played is not None:
        assert prompts(before) == prompts(after) and said(before) != said(after)
    else:
        assert numbers(before, "entropy")[0] < numbers(after, "entropy")[0]


def learns_nothing(before: RagenResult, after: RagenResult) -> None:
    same_play(before, after)
    assert numbers(before, "gradient")[0] == numbers(after, "gradient")[0]
    assert numbers(before, "entropy")[1] != numbers(after, "entropy")[1]


def foresees_otherwise(before: RagenResult, after: RagenResult) -> None:
    """A critic that never learns says 0, and explains nothing."""
    same_play(before, after)
    assert numbers(after, "explained")[1] != numbers(before, "explained")[1] and numbers(after, "explained")[1] == pytest.approx(0)


def more_iterations(before: RagenResult, after: RagenResult) -> None:
    was, now = before.training.metrics, after.training.metrics
    assert [one.iteration for one in now] == [0, 1]
    assert replace(now[0], seconds=None) == replace(was[0], seconds=None)


def judges(before: RagenResult, after: RagenResult) -> None:
    assert set(numbers(before, "validation")) == {None} and numbers(before, "reward") == numbers(after, "reward")
    assert numbers(after, "validation")[:9] == [None] * 9 and numbers(after, "validation")[9] in (0.0, 0.25, 0.5, 0.75, 1.0)


def goes_on(before: RagenResult, after: RagenResult) -> None:
    assert [len(result.training.metrics) for result in (before, after)] == [1, 3]
    assert (before.training.went_on_from, after.training.went_on_from) == (0, 2)
    assert [one.iteration for one in after.training.metrics] == [0, 1, 2]


def other_words(before: RagenResult, after: RagenResult) -> None:
    assert prompts(before) == prompts(after) and said(before) != said(after)


def other_player(before: RagenResult, after: RagenResult) -> None:
    assert starts(before) == starts(after) and before.model_id != after.model_id
    assert [turn.by for turn in after.played.episode.turns] == ["expert"]


def own_player(before: RagenResult, after: RagenResult) -> None:
    assert starts(before) == starts(after) and after.model_id == f"{before.model_id}, trained here"
    assert said(before) != said(after)


def other_start(before: RagenResult, after: RagenResult) -> None:
    assert (before.played.episode.seed, after.played.episode.seed) == (123, 130) and starts(before) != starts(after)


def by_hand(before: RagenResult, after: RagenResult) -> None:
    assert starts(before) == starts(after) and before.played.episode.turns[0].by == "expert"
    assert [turn.by for turn in after.played.episode.turns[:2]] == ["person", "expert"]
    assert [action.name for action in after.played.episode.turns[0].actions] == ["Up", "Up"]
    assert after.played.episode.turns[0].rewards == {ENVIRONMENT: -0.2, FORMAT: 0.0}


def other_learner(before: RagenResult, after: RagenResult) -> None:
    """Another network, which is told the game in sentences."""
    assert (before.model_id, after.model_id) == ("ragen-bandit", "local:own")
    assert (before.is_miniature, after.is_miniature) == (True, False)
    assert all("Actions:" in prompt for prompt in prompts(after)) and not any("Actions:" in prompt for prompt in prompts(before))


def other_model(before: RagenResult, after: RagenResult) -> None:
    assert (before.model_id, after.model_id) == ("local:own", "local:other") and prompts(before) == prompts(after)
    assert said(before) != said(after)


def packed(before: RagenResult, after: RagenResult) -> None:
    """Rounded weights say the same with other chances, or something else."""
    assert (before.model_id, after.model_id) == ("local:own", "local:own (nf4)") and prompts(before)[0] == prompts(after)[0]
    was, now = ((result.played or rollouts(result)[0]).episode.turns[0].logprobs.tolist() for result in (before, after))
    assert was != now


def other_rank(before: RagenResult, after: RagenResult) -> None:
    """The adapter begins at nothing, so the same is said; its gradient is of another size."""
    same_play(before, after)
    assert numbers(before, "gradient")[0] != numbers(after, "gradient")[0]


def longer_of_a_model(before: RagenResult, after: RagenResult) -> None:
    episodes = [[result.played.episode] if result.played else [one.episode for one in rollouts(result)] for result in (before, after)]
    was, now = (max(len(turn.token_ids) for one in some for turn in one.turns) for some in episodes)
    assert was <= 4 < now <= 9


def learns_more(before: RagenResult, after: RagenResult) -> None:
    same_play(before, after)
    assert numbers(before, "unsampled") == [0] and numbers(after, "unsampled")[0] > 0


TRAIN = (
    Case("learner", "model", other_learner, REAL | {"learner": "beginner"}, task="train", on_page="elsewhere"),
    Case("model", "other", other_model, REAL, task="train", on_page="elsewhere"),
    Case("quantisation", "nf4", packed, REAL, task="train", on_page="shown"),
    Case("rank", 8, other_rank, REAL, task="train", on_page="shown"),
    Case("max_new_tokens", 9, longer_of_a_model, REAL, task="train", on_page="shown"),
    Case("learns_from", "everything", learns_more, TINY, task="train"),
    Case("cleans", True, learns_more, TINY | CUT, task="train"),
    Case("seed", 1, other_draws, TINY, task="train"),
    Case("game", "lake", other_game, TINY, task="train", on_page="elsewhere"),
    Case("names", "Engineer, Teacher", other_names, TINY, task="train"),
    Case("chance", 1.0, always_pays, TINY | {"chance": 0.0}, task="train"),
    Case("safe", 0.5, pays_more, TINY, task="train"),
    Case("shared_noise", True, shares_coins, TINY | {"members": 8, "chance": 0.5}, task="train"),
    Case("grip", 0.01, slips, LAKE | {"turns": 1, "grip": 1.0}, task="train"),
    Case("frozen", 0.5, more_holes, LAKE | {"turns": 1, "frozen": 1.0}, task="train"),
    Case("thinks", False, thinks_no_more, TINY, task="train"),
    Case("turns", 2, more_turns, LAKE | {"turns": 1}, task="train"),
    Case("actions_per_turn", 1, fewer_of_a_turn, LAKE | {"turns": 1}, task="train"),
    Case("budget", 1, fewer_of_an_episode, LAKE, task="train"),
    Case("penalty", -0.5, dearer, TINY | CUT, task="train"),
    Case("max_tokens", 20, longer_replies, TINY | CUT, task="train"),
    Case("algorithm", "grpo", without_a_critic, TINY, task="train", on_page="shown"),  # the critic's rate is hidden then
    Case("algorithm", "bi", by_turns, LATER, task="train", on_page="shown"),
    Case("filtered", "std_rev", least_divided, TINY | {"groups": 4, "ratio": 0.5}, task="train"),
    Case("ratio", 0.5, keeps_fewer, TINY | {"groups": 4}, task="train"),
    Case("skips_flat", True, skips, TINY | {"chance": 0.0, "safe": 0.0, "penalty": 0.0}, task="train"),
    Case("clip_low", 0.0, clips_more, AGAIN, task="train"),
    Case("clip_high", 0.0, clips_more, AGAIN, task="train"),
    Case("kl", 1.0, costs_reward, TWICE, task="train", on_page="elsewhere"),
    Case("kl", 1.0, pulls_back, TWICE | {"algorithm": "grpo", "kl": 0.0}, task="train"),
    Case("entropy", 0.1, other_gradient, TINY, task="train"),
    # penalties are not paid by turns: some later turn has to be won
    Case("turn_gamma", 0.1, other_turns_count, LATER | {"algorithm": "bi", "turns": 5, "members": 16}, task="train"),
    Case("groups", 4, more_groups, TINY, task="train"),
    Case("members", 6, more_members, TINY, task="train"),
    Case("slice", 4, more_steps, TINY, task="train"),
    Case("passes", 3, more_passes, TINY, task="train"),
    Case("updates", 2, more_updates, TINY, task="train"),
    Case("temperature", 1.5, freer, TINY, task="train"),
    Case("actor_rate", 0.0, learns_nothing, TWICE, task="train"),
    Case("critic_rate", 0.0, foresees_otherwise, TWICE, task="train"),
    Case("iterations", 2, more_iterations, TINY, task="train"),
    Case("validation", 4, judges, TINY | {"iterations": 10}, task="train"),
    Case("continues", "learned", goes_on, TINY | {"actor_rate": 0.01}, task="train", on_page="elsewhere"),
)
PLAY = (
    Case("player", "model", other_learner, SPOKEN | {"player": "beginner"}, task="play", on_page="elsewhere"),
    Case("model", "other", other_model, SPOKEN, task="play", on_page="elsewhere"),
    Case("quantisation", "nf4", packed, SPOKEN, task="play", on_page="shown"),
    Case("max_new_tokens", 9, longer_of_a_model, SPOKEN, task="play", on_page="shown"),
    Case("seed", 1, other_words, task="play"),
    Case("game", "lake", other_game, {"player": "expert"}, task="play", on_page="elsewhere"),
    Case("names", "Engineer, Teacher", other_names, {"player": "expert"}, task="play"),
    Case("chance", 1.0, always_pays, {"entries": ("dragon",), "chance": 0.0, "player": "expert"}, task="play"),
    Case("safe", 0.5, pays_more, {"entries": ("phoenix",), "player": "expert"}, task="play"),
    Case("shared_noise", True, other_coin, {"entries": ("dragon",), "chance": 0.5, "start": 1, "player": "expert"}, task="play"),
    Case("grip", 0.01, slips, BY_HAND, task="play"),
    Case("frozen", 0.5, more_holes, {"game": "lake", "frozen": 1.0, "player": "expert"}, task="play"),
    Case("thinks", False, thinks_no_more, task="play"),
    Case("turns", 3, more_turns, {"game": "sokoban", "player": "random", "turns": 1}, task="play"),
    Case("actions_per_turn", 1, fewer_of_a_turn, BY_HAND | {"turns": 1}, task="play"),
    Case("budget", 1, fewer_of_an_episode, BY_HAND, task="play"),
    Case("penalty", -0.5, dearer, CUT, task="play"),
    Case("max_tokens", 20, longer_replies, CUT, task="play"),
    Case("temperature", 2.0, freer, task="play"),
    Case("player", "own", own_player, {"continues": "learned"}, task="play", on_page="elsewhere"),
    Case("player", "random", other_player, task="play"),
    Case("continues", "longer", other_words, {"player": "own", "continues": "learned"}, task="play", on_page="elsewhere"),
    Case("start", 7, other_start, {"game": "lake", "player": "expert"}, task="play"),
    Case("entries", ("Up || Up", "."), by_hand, {"game": "sokoban", "player": "expert"}, task="play", on_page="shown"),
)


def other_experiment(before: RagenResult, after: RagenResult) -> None:
    """Other draws of the same: what is expected of all pulls is known exactly, and stays."""
    was, now = before.why.pushed, after.why.pushed
    assert was.everything != now.everything and was.expected == now.expected
    assert abs(was.everything.mean - now.everything.mean) < 6 * (was.everything.error + now.everything.error)


def more_worth(before: RagenResult, after: RagenResult) -> None:
    was, now = before.why.pushed, after.why.pushed
    assert now.honest > was.honest and now.expected > was.expected


def less_worth(before: RagenResult, after: RagenResult) -> None:
    was, now = before.why.pushed, after.why.pushed
    assert now.honest < was.honest and now.expected < was.expected


def another_push(before: RagenResult, after: RagenResult) -> None:
    was, now = before.why.pushed, after.why.pushed
    assert was.honest == now.honest and was.expected != now.expected and was.everything != now.everything


def only_filtered(before: RagenResult, after: RagenResult) -> None:
    """What all pulls teach is the same; what the kept ones teach is not."""
    was, now = before.why.pushed, after.why.pushed
    assert was.everything == now.everything and was.filtered != now.filtered


def surer(before: RagenResult, after: RagenResult) -> None:
    was, now = before.why.pushed, after.why.pushed
    assert was.expected == now.expected and now.everything.error < was.everything.error


LAB = {"repeats": 200, "groups": 4, "members": 8, "ratio": 0.5}
WHY = (
    Case("seed", 1, other_experiment, LAB, task="why"),
    Case("chance", 0.5, more_worth, LAB, task="why"),
    Case("safe", 0.4, less_worth, LAB, task="why"),
    Case("shared_noise", True, another_push, LAB, task="why"),
    Case("groups", 8, another_push, LAB, task="why"),
    Case("members", 16, another_push, LAB, task="why"),
    Case("share", 0.9, another_push, LAB, task="why"),
    Case("learned", "mean_std", another_push, LAB, task="why"),
    Case("filtered", "std_rev", only_filtered, LAB, task="why"),
    Case("ratio", 0.25, only_filtered, LAB, task="why"),
    Case("repeats", 2000, surer, LAB, task="why"),
)


def other_logs(before: RagenResult, after: RagenResult) -> None:
    assert (before.logs.num_rollouts, after.logs.num_rollouts) == (4, 1)
    assert (before.logs.iterations, after.logs.iterations) == ((3, 4), (1,))


def other_iteration(before: RagenResult, after: RagenResult) -> None:
    assert (before.logs.at, after.logs.at) == (3, 4) and before.logs.iterations == after.logs.iterations
    assert {one.iteration for one in after.logs.rollouts} == {4}


def other_group(before: RagenResult, after: RagenResult) -> None:
    assert (before.logs.group, after.logs.group) == (0, 5) and before.logs.entries == after.logs.entries
    assert {one.group for one in after.logs.rollouts} == {5}


READ = (
    Case("file", "upload:other.zip", other_logs, LOGS, task="logs", on_page="elsewhere"),
    Case("at", 4, other_iteration, LOGS, task="logs"),
    Case("group", 5, other_group, LOGS, task="logs"),
)
CASES = (*TRAIN, *PLAY, *WHY, *READ)
