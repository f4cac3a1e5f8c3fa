"""What a training becomes elsewhere: overrides for RAGEN's repository, and a script for TRL that is run here."""

import ast
import importlib.util
import os
import subprocess
import sys
import zipfile
from collections import Counter
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from backends.ragen.exports.real import NOT_OF_A_TRAINING
from backends.ragen.exports.sources import names_of, picked
from backends.ragen.exports.trl import steps_of, trl_script
from backends.ragen.exports.verl import TARGETS, verl_overrides
from backends.ragen.games import new_game
from backends.ragen.reading import read
from backends.ragen.settings import RagenSettings
from backends.run import Inputs
from models.gamers.turns import Rules, Turns
from tests.models import tiny_languages
from worlds.errors import InputError
from worlds.games import frozen_lake

STARPO_S = {"ratio": 0.25, "clip_high": 0.28, "kl": 0.0}
GAMES = ("bandit", "lake", "sokoban")
SMALL = {"groups": 2, "members": 4, "slice": 4, "iterations": 2, "max_tokens": 4}
OTHERWISE = {  # another value of each setting of a training, and what else must be set for it to matter
    "seed": {"seed": 3}, "game": {"game": "lake"}, "names": {"names": "Engineer, Teacher"}, "chance": {"chance": 0.5},
    "safe": {"safe": 0.2}, "shared_noise": {"shared_noise": True}, "grip": {"game": "lake", "grip": 1.0},
    "frozen": {"game": "lake", "frozen": 0.9}, "thinks": {"thinks": False}, "turns": {"game": "lake", "turns": 5},
    "actions_per_turn": {"game": "lake", "actions_per_turn": 2}, "budget": {"game": "lake", "budget": 8},
    "penalty": {"penalty": -0.2}, "max_tokens": {"max_tokens": 14}, "algorithm": {"algorithm": "grpo"},
    "filtered": {"filtered": "std_rev"}, "ratio": {"ratio": 0.5},
    "skips_flat": {"skips_flat": True}, "clip_low": {"clip_low": 0.1}, "clip_high": {"clip_high": 0.3}, "kl": {"kl": 0.01},
    "entropy": {"entropy": 0.01}, "turn_gamma": {"turn_gamma": 0.9}, "groups": {"groups": 4}, "members": {"members": 8},
    "slice": {"slice": 16}, "passes": {"passes": 2}, "updates": {"updates": 2}, "temperature": {"temperature": 0.7},
    "actor_rate": {"actor_rate": 2e-3}, "critic_rate": {"critic_rate": 1e-3}, "iterations": {"iterations": 10},
    "validation": {"validation": 64}, "continues": {"continues": "earlier"}, "learner": {"learner": "model"},
    "model": {"learner": "model", "model": "pythia-160m"}, "rank": {"learner": "model", "rank": 4},
    "max_new_tokens": {"learner": "model", "max_new_tokens": 64}, "learns_from": {"learns_from": "everything"},
    "quantisation": {"learner": "model", "quantisation": "nf4"}, "cleans": {"cleans": True}}
WITHOUT_COUNTERPART = {"continues", "cleans", "quantisation"}  # upstream always cleans, TRL's script never


def overrides(text: str) -> dict[str, str]:
    """What bash hands to `python train.py`, by key."""
    said = f"python() {{ printf '%s\\n' \"$@\"; }}\n{text}"
    told = subprocess.run(["bash", "-c", said], capture_output=True, text=True, check=True)
    first, *others = told.stdout.splitlines()
    assert first == "train.py" and others[0] == "--config-name"
    return dict(line.split("=", 1) for line in others[2:])


def bare_exports(settings: RagenSettings) -> list[list[str]]:
    """All exports without their remarks."""
    texts = [*(verl_overrides(settings, target=target) for target in TARGETS), trl_script(settings)]
    return [[line for line in text.splitlines() if not line.lstrip().startswith("#")] for text in texts]


def remarks(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.lstrip().startswith("#"))


@pytest.mark.parametrize("settings, wanted", [
    (RagenSettings(), ("gae", "identity", "1.0", "0.2", "0.001", "False")),
    (RagenSettings(algorithm="grpo"), ("grpo", "mean_std", "1.0", "0.2", "0.001", "True")),
    (RagenSettings(**STARPO_S), ("gae", "identity", "0.25", "0.28", "0.0", "False"))], ids=["ppo", "grpo", "starpo-s"])
def test_recipes_of_the_paper_have_its_own_overrides(settings, wanted):
    told = overrides(verl_overrides(settings, target="T1"))

    keys = ("algorithm.adv_estimator", "agent_proxy.reward_normalization.method", "actor_rollout_ref.rollout.rollout_filter_ratio",
            "actor_rollout_ref.actor.clip_ratio_high", "algorithm.kl_ctrl.kl_coef", "actor_rollout_ref.actor.use_kl_loss")
    assert tuple(told[key] for key in keys) == wanted
    assert told["actor_rollout_ref.actor.kl_loss_coef"] == told["algorithm.kl_ctrl.kl_coef"]  # the switches say which of them acts
    assert told["model_path"] == "Qwen/Qwen2.5-0.5B-Instruct"
    assert told["actor_rollout_ref.actor.optim.lr"] == "1e-06"
    assert told["critic.optim.lr"] == "1e-05"


@pytest.mark.parametrize("settings, wanted", [
    (STARPO_S, ("top_k", "0.25", "largest", "True")),
    ({**STARPO_S, "filtered": "std_rev"}, ("top_k", "0.25", "smallest", "True")),
    ({**STARPO_S, "filtered": "top_p"}, ("top_p", "0.9", "largest", "False")),
    ({**STARPO_S, "skips_flat": True}, ("top_k", "0.25", "largest", "False"))], ids=["most", "least", "by sum", "skips"])
def test_filter_of_ragen_2_has_keys_of_its_own(settings, wanted):
    told = overrides(verl_overrides(RagenSettings(**settings), target="T2"))

    keys = ("strategy", "value", "type", "include_zero")
    assert tuple(told[f"actor_rollout_ref.rollout.rollout_filter_{key}"] for key in keys) == wanted
    assert "actor_rollout_ref.rollout.rollout_filter_ratio" not in told


def test_a_random_share_of_the_starts_is_played_as_fewer_starts():
    told = overrides(verl_overrides(RagenSettings(filtered="random", ratio=0.25), target="T1"))

    assert told["es_manager.train.env_groups"] == "2"
    assert told["actor_rollout_ref.rollout.rollout_filter_ratio"] == "1.0"


def test_ice_that_the_first_state_does_not_know_is_called_another():
    text = verl_overrides(RagenSettings(game="lake", grip=0.8), target="T1")

    assert "NOT THE SAME" in text
    assert "NOT THE SAME" not in verl_overrides(RagenSettings(game="lake", grip=1.0), target="T1")
    told = overrides(verl_overrides(RagenSettings(game="lake", grip=0.8)))
    assert told["++custom_envs.FrozenLake.env_config.success_rate"] == "0.8"


@pytest.mark.parametrize("game", GAMES)
def test_every_setting_is_named_by_every_export(game):
    texts = [verl_overrides(RagenSettings(game=game), target=target) for target in TARGETS] + [trl_script(RagenSettings(game=game))]

    for name in set(RagenSettings.model_fields) - set(NOT_OF_A_TRAINING):
        assert all(f"{name} = " in remarks(text) for text in texts), name
    for name in NOT_OF_A_TRAINING:
        assert all(name in remarks(text) for text in texts), name


@pytest.mark.parametrize("name", sorted(set(RagenSettings.model_fields) - set(NOT_OF_A_TRAINING)))
def test_every_setting_of_a_training_changes_an_export(name):
    others = {key: value for key, value in OTHERWISE[name].items() if key != name}

    before, after = (bare_exports(RagenSettings(**given)) for given in (others, OTHERWISE[name]))

    assert (before == after) == (name in WITHOUT_COUNTERPART), "what can be said by a comment alone has no counterpart anywhere"


def test_a_name_from_a_strangers_link_stays_in_its_comment():
    hostile = RagenSettings(continues="x\necho broken\n'''\n\"\"\"", model="$(echo broken)\n'''\n\"\"\"")

    plain = RagenSettings()
    assert overrides(verl_overrides(hostile)) == overrides(verl_overrides(plain))
    assert compile(trl_script(hostile), "script", "exec").co_code == compile(trl_script(plain), "script", "exec").co_code


@pytest.mark.parametrize("game", GAMES)
def test_no_name_of_the_script_is_given_twice(game):
    tree = ast.parse(trl_script(RagenSettings(game=game)))

    counted = Counter(name for node in tree.body for name in names_of(node))
    assert [name for name, count in counted.items() if count > 1] == []


def test_unknown_state_of_the_repository_is_refused():
    with pytest.raises(ValueError, match=r"'T0'.*T1, T2"):
        verl_overrides(RagenSettings(), target="T0")


def test_one_episode_of_a_start_has_nothing_to_be_compared_with():
    trl_script(RagenSettings(members=2))

    with pytest.raises(InputError, match="2 or more"):
        trl_script(RagenSettings(members=1))


def test_a_name_that_a_module_does_not_have_is_not_picked():
    with pytest.raises(ValueError, match="no 'thaw'"):
        picked(frozen_lake, ("thaw",))


@pytest.mark.parametrize("settings, steps", [({}, 4), (STARPO_S, 1), ({"filtered": "random", "ratio": 0.25}, 1), ({"slice": 48}, 2),
                                             ({"groups": 3, "members": 5, "slice": 4}, 3), ({"filtered": "top_p", "ratio": 0.25}, 4)],
                         ids=["all", "a quarter", "by chance", "one rounded", "parted evenly", "by sum"])
def test_steps_of_an_iteration_are_those_of_the_kept_episodes(settings, steps):
    assert steps_of(RagenSettings(**settings)) == steps


def module_of(folder: Path, settings: RagenSettings) -> ModuleType:
    path = folder / f"exported_{settings.game}.py"
    path.write_text(trl_script(settings), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    return tiny_languages.save_chat(tmp_path_factory.mktemp("tiny"), context=4096)


@pytest.fixture(scope="module")
def model(tiny):
    return AutoModelForCausalLM.from_pretrained(tiny)


@pytest.fixture(scope="module")
def tokenizer(tiny):
    return AutoTokenizer.from_pretrained(tiny)


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> ModuleType:
    return module_of(tmp_path_factory.mktemp("lake"), RagenSettings(game="lake", **SMALL, ratio=0.5))


@pytest.fixture
def options(tmp_path):
    return partial(SimpleNamespace, out=str(tmp_path / "starpo"), context=4096, max_tokens=6, together=3)


@pytest.mark.parametrize("game, shared", [("bandit", False), ("lake", True), ("lake", False), ("sokoban", False)],
                         ids=["bandit", "lake, one chance", "lake", "sokoban"])
def test_a_seed_is_the_same_game_in_the_script_as_here(tmp_path, game, shared):
    settings = RagenSettings(game=game, shared_noise=shared, grip=0.5, chance=0.5)
    script, own = module_of(tmp_path, settings), new_game(settings)()

    for seed in range(10_000, 10_012):
        for member in (0, 1):
            written, info = own.reset(seed=seed, options={"member": member})
            game = script.Game(seed, member)
            assert script.messages(seed)[1]["content"].startswith(own.opening() + "\nTurn 1:")
            is_over = False
            while not is_over:
                assert script.state_text(game.state) == written and game.left == info["left"]
                action = own.actions[own.expert(own.state, info["left"]) - 1]
                written, reward, ended, cut, info = own.step(action)
                assert game.step(action) == pytest.approx(reward)
                is_over = ended or cut
            assert game.is_done and script.is_won(game.state) == info["success"]


def taken(script, tokenizer, replies: list[str], *, seed: int = 10_000, most: int = 4096):
    """An episode in which the model drew these replies."""
    episode = script.Episode(script.Chat(tokenizer), script.messages(seed), 0)
    for reply in replies:
        ids = tokenizer(reply, add_special_tokens=False)["input_ids"]
        episode.take(ids, [-1.0] * len(ids), most)
    return episode


def test_replies_are_paid_as_the_game_pays_here(lake, tokenizer):
    settings = RagenSettings(game="lake")
    said = ["hm</think><answer>Right || jump</answer><eos>", "I give up<eos>", "</think><answer>Down || Down</answer><eos>"]
    own = Turns(new_game(settings)(), Rules())
    own.reset(seed=10_000)
    scores = []
    for reply in said:
        _, reward, ended, cut, _ = own.step("<think>" + reply.removesuffix("<eos>"))
        scores.append(reward)
        if ended or cut:
            break

    episode = taken(lake, tokenizer, said[:len(scores)])

    assert episode.score == pytest.approx(sum(scores))
    assert scores[0] == pytest.approx(-0.1) and episode.is_done


def test_mask_is_one_at_what_the_model_drew_and_nowhere_else(lake, tokenizer):
    episode = taken(lake, tokenizer, ["no<eos>", "never", "not"])
    drawn = [tokenizer.decode(token) for token, own in zip(episode.completion, episode.mask) if own]
    others = tokenizer.decode([token for token, own in zip(episode.completion, episode.mask) if not own])

    assert "".join(drawn) == "no<eos>nevernot"
    assert others.count("Reward:") == 2 and "Turn 2:" in others and "Turn 3:" in others
    assert others.endswith("<eos>"), "the end that the game put there is not learned"
    assert [chance for chance, own in zip(episode.logprobs, episode.mask) if not own] == [0.0] * episode.mask.count(0)


def test_an_end_that_the_model_drew_is_learned_and_not_put_there_twice(lake, tokenizer):
    episode = taken(lake, tokenizer, ["a<eos>", "b<eos>", "c<eos>"])

    assert episode.completion[-2:] == tokenizer("c<eos>", add_special_tokens=False)["input_ids"]
    assert episode.mask[-2:] == [1, 1]


def test_an_episode_that_would_outgrow_the_context_ends(lake, tokenizer):
    first = taken(lake, tokenizer, ["a<eos>"])

    assert not taken(lake, tokenizer, ["a<eos>"], most=len(first.context)).is_done
    cut = taken(lake, tokenizer, ["a<eos>"], most=len(first.context) - 1)
    assert cut.is_done and cut.mask == [1, 1]


def test_the_end_of_a_turn_that_was_drawn_is_not_shown_again(lake, tokenizer):
    tokenizer = AutoTokenizer.from_pretrained(tokenizer.name_or_path)
    tokenizer.chat_template = tiny_languages.CHAT.replace("<|end|>", "<eos>")
    chat = lake.Chat(tokenizer)
    drawn, cut = (tokenizer(reply, add_special_tokens=False)["input_ids"] for reply in ("a<eos>", "a"))

    shown, closed = (tokenizer.decode(chat.between(reply, "go on")) for reply in (drawn, cut))

    assert closed.split("<eos>", 1)[0].strip() == ""
    assert shown == closed.split("<eos>", 1)[1]


def trainer_of(model, tokenizer) -> SimpleNamespace:
    """What a rollout reads of TRL's trainer."""
    accelerator = SimpleNamespace(autocast=torch.no_grad, unwrap_model=lambda model: model, process_index=0, num_processes=1)
    return SimpleNamespace(model=model, processing_class=tokenizer, accelerator=accelerator, state=SimpleNamespace(global_step=7))


def test_one_row_is_returned_for_each_prompt_received(lake, model, tokenizer, options, monkeypatch):
    monkeypatch.setattr(lake, "FILTERS", False)
    torch.manual_seed(0)
    prompts = [lake.messages(seed) for seed in (10_000, 10_000, 10_001, 10_001, 10_002)]

    rows = lake.rollout(prompts, trainer_of(model, tokenizer), options=options())

    assert {key: len(value) for key, value in rows.items()} == dict.fromkeys(
        ("prompt_ids", "completion_ids", "logprobs", "env_mask", "earned", "won"), 5)
    for prompt, ids, mask, logprobs in zip(prompts, rows["completion_ids"], rows["env_mask"], rows["logprobs"]):
        assert len(ids) == len(mask) == len(logprobs) and ids[-1] == tokenizer.eos_token_id
        assert 0 in mask and 1 in mask
        assert prompt[1]["content"].split("Turn 1")[0][:40] in tokenizer.decode(rows["prompt_ids"][0])


def test_what_is_drawn_alone_is_drawn_as_among_others(lake, model, tokenizer):
    contexts = [lake.Chat(tokenizer).first(lake.messages(seed)) for seed in (10_000, 10_003)]
    contexts[1] = contexts[1][40:]  # shorter, so that it is padded

    replies = lake.draw(model, contexts, end=tokenizer.eos_token_id, longest=5)

    for context, (ids, logprobs) in zip(contexts, replies):
        with torch.no_grad():
            said = torch.log_softmax(model(torch.tensor([context + ids])).logits[0, len(context) - 1:-1], -1)
        torch.testing.assert_close(said[range(len(ids)), ids], torch.tensor(logprobs), atol=1e-4, rtol=0)


def test_a_group_that_is_left_out_is_masked_whole_and_keeps_its_rows(lake, model, tokenizer, options, monkeypatch):
    scores = iter([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0])
    played = lake.play

    def scored(*given, **named):
        episodes = played(*given, **named)
        for episode in episodes:
            episode.score = next(scores)
        return episodes

    monkeypatch.setattr(lake, "play", scored)
    prompts = [lake.messages(10_000 + place // 4) for place in range(8)]

    rows = lake.rollout(prompts, trainer_of(model, tokenizer), options=options(max_tokens=2))

    assert [any(mask) for mask in rows["env_mask"]] == [False] * 4 + [True] * 4
    assert all(len(mask) == len(ids) for mask, ids in zip(rows["env_mask"], rows["completion_ids"]))


def test_what_is_played_is_written_down_so_that_it_can_be_read_here(lake, model, tokenizer, options, tmp_path, monkeypatch):
    texts = iter(["<think>so</think><answer>Right</answer>", "<think>hm"] * 12)
    monkeypatch.setattr(lake.Chat, "text_of", lambda chat, ids: next(texts))
    monkeypatch.setattr(lake, "FILTERS", False)
    rows = lake.rollout([lake.messages(10_000)] * 4, trainer_of(model, tokenizer), options=options(max_tokens=2))

    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as logs:
        logs.write(tmp_path / "starpo/rollouts/7.jsonl", "rollouts/7.jsonl")
    logs, _ = read(RagenSettings(task="logs", file="logs.zip"), Inputs(files={"logs.zip": tmp_path / "logs.zip"}))

    assert logs.iterations == (7,) and logs.num_rollouts == 4 and logs.groups == (0,)
    assert [rollout.score for rollout in logs.rollouts] == pytest.approx(rows["earned"])
    assert logs.rollouts[0].tag == "FrozenLake" and logs.rollouts[0].episode.turns[0].thought == "so"


@pytest.mark.parametrize("members", [3, 8, 16])
def test_equal_rewards_have_an_exact_mean_in_32_bits(lake, members):
    rewards = torch.tensor(lake.score(None, [-0.3, -0.1, 1.8, 0.15, 10.9])).repeat(members, 1)

    assert (rewards == rewards.mean(0)).all()


def test_groups_that_two_processes_hold_are_not_filtered_in_silence(lake, model, tokenizer, options):
    trainer = trainer_of(model, tokenizer)
    trainer.accelerator.num_processes = 2

    with pytest.raises(SystemExit, match="one process only"):
        lake.rollout([lake.messages(10_000)] * 4, trainer, options=options(max_tokens=1))


def test_checks_see_a_mask_that_is_one_token_off(lake, model, tokenizer, options, capsys):
    episode = lake.play(model, tokenizer, [lake.messages(10_000)], options=options())[0]
    lake.check_logprobs(model, episode)

    episode.mask = [0, *episode.mask[:-1]]
    with pytest.raises(SystemExit):
        lake.check_logprobs(model, episode)

    assert "WRONG: log-probabilities" in capsys.readouterr().out


def test_checks_see_a_row_too_few(lake, model, tokenizer, options, capsys):
    prompts = [lake.messages(10_000)] * 2
    episodes = lake.play(model, tokenizer, prompts, options=options(max_tokens=2))
    lake.check_rows(prompts, episodes, tokenizer.eos_token_id)

    with pytest.raises(SystemExit):
        lake.check_rows(prompts, episodes[:1], tokenizer.eos_token_id)

    assert "WRONG: 2 prompts received, 1 rows returned" in capsys.readouterr().out


def test_masked_tokens_have_no_gradient_in_the_loaded_model(lake, model, tokenizer, options, capsys):
    lake.check(model, tokenizer, options=options())

    said = capsys.readouterr().out
    assert said.count("ok: ") == 3 and "masked tokens have no gradient (0.0; without the mask" in said
    assert all(weight.grad is None for weight in model.parameters()), "the check leaves nothing behind"


def test_a_tokenizer_without_a_chat_template_is_refused_with_a_remedy(lake, tokenizer):
    bare = AutoTokenizer.from_pretrained(tokenizer.name_or_path)
    bare.chat_template = None

    with pytest.raises(SystemExit, match=r"no chat template.*-Instruct"):
        lake.Chat(bare)


def run(folder: Path, tiny: Path, *arguments: str, settings: RagenSettings) -> str:
    """The script in a process and a folder of its own, without Orrery; what it prints."""
    path = folder / "starpo.py"
    path.write_text(trl_script(settings), encoding="utf-8")
    given = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1"}
    done = subprocess.run([sys.executable, path.name, "--model", str(tiny), *arguments], cwd=folder, env=given, capture_output=True,
                          text=True, timeout=170)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_script_checks_itself_and_ends_without_trl(tmp_path, tiny):
    said = run(tmp_path, tiny, "--check", "--max-tokens", "4", settings=RagenSettings(game="sokoban", **SMALL))

    assert "ok: 4 prompts received, 4 rows returned" in said
    assert "masked tokens have no gradient" in said
    assert not (tmp_path / "starpo").exists()


@pytest.mark.parametrize("game", GAMES)
def test_the_script_trains_with_trl(tmp_path, tiny, game):
    pytest.importorskip("trl", reason="TRL is not installed: pip install trl datasets")
    pytest.importorskip("datasets", reason="datasets is not installed: pip install trl datasets")

    said = run(tmp_path, tiny, "--max-tokens", "6", "--rate", "1e-3", settings=RagenSettings(game=game, **SMALL, ratio=0.5))

    assert "ok: TRL's own loss of the first step has no gradient at the" in said
    assert sorted(path.name for path in (tmp_path / "starpo/rollouts").iterdir()) == ["0.jsonl", "1.jsonl"]
    before, after = (AutoModelForCausalLM.from_pretrained(folder) for folder in (tiny, tmp_path / "starpo"))
    assert any((one != other).any() for one, other in zip(before.parameters(), after.parameters()))
