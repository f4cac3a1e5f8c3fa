"""The players of the games: their words, what scripts show them, how they learn it, and what they are asked."""

from itertools import islice

import numpy as np
import pytest
import torch

from models.gamers.acting import Words, forced_of, play, reply_text
from models.gamers.beginners import BEGINNERS, endless
from models.gamers.demos import Demo, demos, replied
from models.gamers.learning import IGNORED, LARGER, PAD, SMALL, batch_of, fresh_player, learn, loss_of
from models.gamers.turns import Rules, Turns
from models.gamers.words import END, MARKS, SPECIAL, THINK_START, ids_of, tokenizer, vocabulary, words_of
from models.training.generation import Reply
from models.training.language import Training
from models.training.samples import episode_samples
from worlds.games.bandit.env import Bandit
from worlds.games.bandit.names import PAIRS, TRAINING_PAIRS
from worlds.games.env import TextGame
from worlds.games.frozen_lake.env import FrozenLake
from worlds.games.replies import read_reply
from worlds.games.seeds import TRAINING, is_for_training
from worlds.games.sokoban.env import Sokoban

TINY = Training(hidden=32, layers=1, heads=2, mlp=48, learning_rate=1e-2, batch=16, weight_decay=0.0)
GAMES = [pytest.param(Bandit, id="bandit"), pytest.param(FrozenLake, id="lake"), pytest.param(Sokoban, id="sokoban")]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def shown_demos(game: str, count: int = 12, *, seed: int = 0) -> list[Demo]:
    return list(islice(endless(BEGINNERS[game], seed=seed), count))


def test_every_word_has_one_token_and_is_said_as_it_was_read():
    for word in vocabulary():
        assert words_of(ids_of(word)) == word or word in SPECIAL, word
        assert len(ids_of(word)) == 1, word
    assert len(set(vocabulary())) == len(vocabulary()) == len(tokenizer())


@pytest.mark.parametrize("game", BEGINNERS)
def test_what_scripts_show_and_say_is_read_and_said_again_without_an_unknown_word(game):
    (mask,) = ids_of(SPECIAL[3])

    for demo in shown_demos(game):
        for text in (part for turn in demo.turns for part in turn):
            assert mask not in ids_of(text), text
            assert words_of(ids_of(text)).split() == text.split()


def test_a_word_that_is_not_there_is_read_as_the_mask():
    assert ids_of("dragon unheard dragon") == [*ids_of("dragon"), *ids_of(SPECIAL[3]), *ids_of("dragon")]


@pytest.mark.parametrize("game", BEGINNERS)
def test_every_demonstration_is_valid_for_the_game_it_is_of(game):
    thoughtless = 0
    for number, demo in enumerate(shown_demos(game, 40)):
        make = BEGINNERS[game].games[number % len(BEGINNERS[game].games)]
        actions = start_of(make()).actions
        assert 1 <= len(demo.turns) <= BEGINNERS[game].turns
        for shown, reply in demo.turns:
            forced = forced_of(shown)
            read = read_reply(f"{forced} {reply.removesuffix(END)}", actions, max_actions=BEGINNERS[game].most,
                              thinks=forced == THINK_START)
            assert read.is_valid and read.num_surplus == 0 and reply.endswith(END), reply
            assert bool(read.thought) == (forced == THINK_START)
            thoughtless += forced != THINK_START
            assert len(ids_of(reply)) <= BEGINNERS[game].max_tokens, "what is shown must fit into a reply"
    assert thoughtless > 0


def start_of(game: TextGame) -> TextGame:
    game.reset(seed=TRAINING)
    return game


@pytest.mark.parametrize("make", GAMES)
def test_a_script_that_never_errs_ends_nearer_to_success_than_one_that_always_does(make):
    """In the bandit any arm may be picked: there errors change nothing."""

    def wins(errs: float) -> int:
        game, generator, won = make(), np.random.default_rng(0), 0
        for seed in range(TRAINING, TRAINING + 15):
            list(demos(game, [seed], generator, turns=6, errs=errs))
            won += bool(game.is_won(game.state))
        return won

    assert wins(0.0) > wins(1.0) if make is not Bandit else wins(0.0) == wins(1.0)


def test_the_bandits_script_picks_either_arm_evenly_and_of_every_pair():
    said = [demo.turns[0] for demo in shown_demos("bandit", 200)]
    picked = [read_reply(f"{forced_of(shown)} {reply}", None, thinks="<think>" in shown).names[0] for shown, reply in said]
    names = {name.lower() for pair in PAIRS.values() for name in (pair.low, pair.high)}

    assert set(picked) <= names and len(set(picked)) >= 4
    first = [pick == shown.split()[3] for (shown, _), pick in zip(said, picked)]  # "<user> bandit arms A B"
    assert 70 < sum(first) < 130


def test_demonstrations_are_of_seeds_that_neither_training_nor_validation_begins_with(monkeypatch):
    seeds: list[int] = []
    real = Bandit.reset

    def watched(self: Bandit, *, seed: int | None = None, options: dict[str, object] | None = None) -> object:
        seeds.append(seed)
        return real(self, seed=seed, options=options)
    monkeypatch.setattr(Bandit, "reset", watched)

    shown_demos("bandit", 5)

    assert len(set(seeds)) == 5 and all(is_for_training(seed) and seed >= TRAINING + 1_000_000 for seed in seeds)


def test_one_seed_shows_the_same_and_another_something_else():
    assert shown_demos("lake", 4) == shown_demos("lake", 4) != shown_demos("lake", 4, seed=1)


def test_only_replies_are_learned_from():
    demo = Demo((("<user> bandit arms dragon phoenix <end> <assistant> <think>", replied("so", ["dragon"])), ("<user> lake", "up")))

    batch = batch_of([demo, Demo((("<user>", "up"),))])

    wanted = [token for token in batch.wanted[0].tolist() if token != IGNORED]
    assert wanted == [*ids_of(demo.turns[0][1]), *ids_of("up")] and batch.ids[0].tolist() == [
        token for shown, reply in demo.turns for token in (*ids_of(shown), *ids_of(reply))]
    assert batch.ids[1].tolist()[2:] == [PAD] * (batch.ids.shape[1] - 2) and set(batch.wanted[1].tolist()[2:]) == {IGNORED}


def test_the_loss_is_the_mean_over_tokens_of_replies():
    model, batch = fresh_player(TINY), batch_of(shown_demos("lake", 3))

    loss, count = loss_of(model, batch)

    logits = model(input_ids=batch.ids).logits[:, :-1].log_softmax(-1)
    where = batch.wanted[:, 1:] != IGNORED
    each = [-logits[row, place, batch.wanted[row, place + 1]] for row, place in where.nonzero().tolist()]
    assert count == len(each) and loss.item() == pytest.approx(torch.stack(each).mean().item(), rel=1e-5)


def test_learning_lowers_the_loss_to_what_words_that_are_drawn_leave():
    losses = list(learn(fresh_player(TINY), TINY, endless(BEGINNERS["bandit"]), updates=80))

    assert len(losses) == 80 and losses[0] > 4.5 and np.mean(losses[-5:]) < 1.7
    assert losses[0] == pytest.approx(np.log(len(vocabulary())), rel=0.1)  # it knows nothing


def test_two_players_of_one_seed_learn_the_same():
    first, second = (list(learn(fresh_player(TINY), TINY, endless(BEGINNERS["bandit"]), updates=3)) for _ in range(2))

    assert first == second


@pytest.mark.parametrize("size", [SMALL, LARGER], ids=["small", "larger"])
def test_a_player_is_a_llama_of_less_than_a_million_weights(size):
    model = fresh_player(size)

    assert type(model).__name__ == "LlamaForCausalLM" and sum(weight.numel() for weight in model.parameters()) < 800_000


def rounds(make: type[TextGame], **rules: object) -> list:
    return play(fresh_player(TINY, seed=1).eval(), make, Rules(**rules), [TRAINING, TRAINING + 1], turns=3, max_tokens=6,
                temperature=1.0, members=2)


def test_a_prompt_goes_on_from_all_that_was_shown_and_said():
    for played in rounds(FrozenLake):
        told: list[int] = []
        for turn in played.turns:
            told += ids_of(turn.info["shown"])
            assert list(turn.prompt.ids) == told
            told += turn.reply.ids
        assert len(played.turns) == 3 and list(Words().prompt_of(played).ids) == [*told, *ids_of(played.info["shown"])]
    assert len(episode_samples(rounds(FrozenLake))) == 4  # refuses a prompt that does not go on


def test_members_of_a_group_meet_one_start_and_say_other_words():
    first, second, third, fourth = rounds(FrozenLake)

    assert first.turns[0].observation == second.turns[0].observation != third.turns[0].observation == fourth.turns[0].observation
    assert first.turns[0].reply.ids != second.turns[0].reply.ids and [one.start.group for one in (first, third)] == [0, 1]


def test_another_draw_says_other_words_on_the_same_starts():
    model = fresh_player(TINY, seed=1).eval()
    one, again, other = (play(model, Bandit, Rules(), [TRAINING], turns=1, max_tokens=6, temperature=1.0, draw=draw)
                         for draw in (0, 0, 1))

    assert one[0].turns[0].reply.ids == again[0].turns[0].reply.ids != other[0].turns[0].reply.ids
    assert one[0].turns[0].observation == other[0].turns[0].observation


@pytest.mark.parametrize("thinks", [True, False])
def test_a_reply_is_read_with_the_beginning_that_it_was_given(thinks):
    world = Turns(Bandit(), Rules(thinks=thinks))
    _, info = world.reset(seed=TRAINING)
    said = "<think> so </think> <answer> dragon </answer> <end>" if thinks else "<answer> dragon </answer> <end>"
    drawn = Reply(tuple(ids_of(said.split(maxsplit=1)[1])), (), stopped=True)

    class Now:
        pass
    now = Now()
    now.info = info

    text = reply_text(now, drawn)  # type: ignore[arg-type]

    assert text.startswith("<think>" if thinks else "<answer>") and END not in text
    assert read_reply(text, ("Phoenix", "Dragon"), thinks=thinks).known == ("Dragon",)


def test_marks_are_one_token_each_wherever_they_stand():
    assert len(ids_of("".join(MARKS))) == len(MARKS) == len(ids_of(" ".join(MARKS)))


def test_penalties_and_pay_of_a_turn_are_told_apart():
    world = Turns(Sokoban(max_actions=5), Rules(penalty=-0.3))
    world.reset(seed=TRAINING)

    _, reward, terminated, truncated, info = world.step("<think></think><answer>up || jump</answer>")

    assert info["penalty"] == -0.3 and reward == pytest.approx(-0.3 + sum(done["reward"] for done in info["done"]))
    assert [done["name"] for done in info["done"]] == ["Up"] and not terminated and not truncated


def test_demonstrations_are_of_every_pair_of_names_that_training_has_and_of_no_other():
    shown = {frozenset(demo.turns[0][0].split()[3:5]) for demo in shown_demos("bandit")}

    assert shown == {frozenset((pair.low.lower(), pair.high.lower())) for pair in TRAINING_PAIRS.values()}
