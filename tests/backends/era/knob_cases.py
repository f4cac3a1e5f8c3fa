"""What each knob of ERA changes: cases of `tests/backends/test_every_knob.py`."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from backends.era.results import EraResult
from backends.era.run import run
from backends.era.settings import EraSettings
from backends.made import Made
from backends.run import Inputs, last
from models.agents.crafts import CRAFTS
from models.agents.learning import fresh_agent
from models.scene_words import processor
from tests.backends.era import made_logs
from tests.backends.knobs import Case
from tests.models import tiny_languages, tiny_vlms

SHORT = {"max_turns": 2}
TALKS = SHORT | {"agent": "trained", "temperature": 2.0}
ACTS = SHORT | {"agent": "model", "model": "era-reads", "max_new_tokens": 6}
LOGS = {"file": "upload:logs.zip"}
TRAINS: dict[str, object] = {"iterations": 1, "episodes": 3, "episode_turns": 5, "judged": 0}
SCHOOLS: dict[str, object] = {"priors": ("raw",), "samples": 4, "updates": 2}


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> Inputs:
    """An agent of the miniature's form that learned nothing, for a copy without the trained one; models of real classes, with eyes
    and without; and logs of two runs."""
    torch.set_num_threads(1)
    for world, craft in CRAFTS.items():
        fresh_agent(craft, seed=0).save_pretrained(folder / f"{world}-agent")
        processor(craft.size.input_px, craft.size.patch_px, craft.tokenizer).save_pretrained(folder / f"{world}-agent")
    tiny_languages.save_chat(folder / "era-reads", context=8_192)
    tiny_vlms.load_tiny(folder, "llava")
    logs = made_logs.alfred((1, 4)) | made_logs.manipulation((2,))
    (folder / "logs.zip").write_bytes(made_logs.zipped(logs))
    (folder / "other.zip").write_bytes(made_logs.zipped(made_logs.wrapper()))
    inputs = Inputs({"logs.zip": folder / "logs.zip", "other.zip": folder / "other.zip"}, {}, Made(lambda: folder / "makes"))
    learned = last(run(EraSettings(task="train", **TRAINS | {"iterations": 2}), inputs))
    longer = last(run(EraSettings(task="train", **TRAINS | {"iterations": 3}), inputs))
    return replace(inputs, results={"learned": learned, "longer": longer})


def names(result: EraResult) -> list[str]:
    assert result.episode is not None
    return [action.name for _, action in result.episode.steps()]


def same_task(before: EraResult, after: EraResult) -> None:
    assert before.episode.instruction == after.episode.instruction and before.episode.seed == after.episode.seed


def other_agent(before: EraResult, after: EraResult) -> None:
    same_task(before, after)
    assert before.model_id == "expert" and "home-agent" in after.model_id
    assert {turn.by for turn in after.episode.turns} == {"model"}


def other_words(before: EraResult, after: EraResult) -> None:
    same_task(before, after)
    assert before.episode.turns[0].prompt == after.episode.turns[0].prompt
    assert [turn.reply for turn in before.episode.turns] != [turn.reply for turn in after.episode.turns]


def other_world(before: EraResult, after: EraResult) -> None:
    assert (before.episode.world, after.episode.world) == ("minihome", "minitable")
    assert (before.episode.group, before.episode.number) == (after.episode.group, after.episode.number)
    assert names(after)[0].startswith("[") and not names(before)[0].startswith("[")


def other_wording(before: EraResult, after: EraResult) -> None:
    assert (before.episode.group, after.episode.group) == ("base", "long_horizon")
    assert before.episode.instruction != after.episode.instruction


def other_home(before: EraResult, after: EraResult) -> None:
    assert (before.episode.number, after.episode.number) == (0, 7) and before.episode.group == after.episode.group
    assert before.episode.turns[0].state != after.episode.turns[0].state


def own_task(before: EraResult, after: EraResult) -> None:
    """The home is the same but for what is asked for in it."""
    was, now = before.episode.turns[0].state, after.episode.turns[0].state
    assert after.episode.instruction == after.settings.instruction and was["goal"] != now["goal"]
    assert {**was, "goal": None} == {**now, "goal": None}


def longer_memory(before: EraResult, after: EraResult) -> None:
    """Nothing is remembered at the first turn; later ones are told more."""
    was, now = ([turn.prompt for turn in result.episode.turns] for result in (before, after))
    assert names(before) == names(after) and was[0] == now[0] and len(now[2]) > len(was[2])


def more_turns(before: EraResult, after: EraResult) -> None:
    assert (len(before.episode.turns), len(after.episode.turns)) == (2, 4) and names(after)[:2] == names(before)


def by_hand(before: EraResult, after: EraResult) -> None:
    same_task(before, after)
    assert [turn.by for turn in after.episode.turns] == ["expert", "person", "perturbation", "expert"]
    assert names(after)[:3] == [names(before)[0], "find a Sink", "!slip"] and after.episode.turns[-1].actions[0].ok is False


def stops(before: EraResult, after: EraResult) -> None:
    assert len(before.episode.turns) > 1 and names(after) == names(before)[:1] and after.episode.ended == ""


def logs_beside(before: EraResult, after: EraResult) -> None:
    assert after.episode == before.episode and after.logs[:len(before.logs)] == before.logs and len(after.logs) > len(before.logs)


def other_logs(before: EraResult, after: EraResult) -> None:
    assert [log.num_episodes for log in before.logs] == [2, 1] and [log.num_episodes for log in after.logs] == [1]
    assert before.lines != after.lines and before.counted != after.counted


def other_run(before: EraResult, after: EraResult) -> None:
    assert before.logs == after.logs and before.lines != after.lines
    assert (before.episode.layout, after.episode.layout) == ("rows", "manipulation")


def other_episode(before: EraResult, after: EraResult) -> None:
    assert (before.episode.number, after.episode.number) == (1, 4)
    assert before.lines == after.lines and json.dumps(str(before.counted)) == json.dumps(str(after.counted))


def of_session(before: EraResult, after: EraResult) -> None:
    same_task(before, after)
    assert after.model_id == "home-agent, trained here" and {turn.by for turn in after.episode.turns} == {"model"}


def more_iterations(before: EraResult, after: EraResult) -> None:
    was, now = before.training.iterations, after.training.iterations
    assert now[:1] == was and [one.number for one in now] == [1, 2]


def more_episodes(before: EraResult, after: EraResult) -> None:
    assert [result.training.iterations[0].episodes for result in (before, after)] == [3, 6]


def longer_episodes(before: EraResult, after: EraResult) -> None:
    assert [result.training.iterations[0].turns for result in (before, after)] == [2, 3]


def judges(before: EraResult, after: EraResult) -> None:
    assert not before.training.before and [one.episodes for one in after.training.before] == [1, 1, 1]
    assert before.training.iterations == after.training.iterations and len(after.training.after) == 3


def goes_on_from(before: EraResult, after: EraResult) -> None:
    assert [len(result.training.iterations) for result in (before, after)] == [1, 3]
    assert (before.training.went_on_from, after.training.went_on_from) == (0, 2) and after.training.iterations[-1].kl is not None


def unpaid(before: EraResult, after: EraResult) -> None:
    was, now = (result.training.iterations[0] for result in (before, after))
    assert (was.success, was.invalid) == (now.success, now.invalid) and was.invalid > 0
    assert now.mean_return == 3 * now.success != was.mean_return


def by_tokens(before: EraResult, after: EraResult) -> None:
    was, now = (result.training.iterations[0] for result in (before, after))
    assert was.within_turns < 1e-9 < now.within_turns and was.mean_return == now.mean_return


def other_credit(before: EraResult, after: EraResult) -> None:
    """The first turn's advantage holds what came later."""
    was, now = ([turn.advantage for turn in result.episode.turns] for result in (before, after))
    assert was[0] != now[0] and before.training.iterations[0].mean_return == after.training.iterations[0].mean_return


def real_agent(before: EraResult, after: EraResult) -> None:
    same_task(before, after)
    assert (before.model_id, after.model_id) == ("expert", "local:era-reads") and before.is_miniature and not after.is_miniature


def has_eyes(before: EraResult, after: EraResult) -> None:
    """Who is shown the picture is not told what is on it."""
    same_task(before, after)
    was, now = (result.episode.turns[0].prompt for result in (before, after))
    assert "What is seen now" in was and "visual_state_description" not in was
    assert "What is seen now" not in now and "visual_state_description" in now and after.model_id == "local:llava"


def packed(before: EraResult, after: EraResult) -> None:
    same_task(before, after)
    assert before.episode.turns[0].prompt == after.episode.turns[0].prompt and after.model_id == f"{before.model_id} (nf4)"


def other_prompt(before: EraResult, after: EraResult) -> None:
    same_task(before, after)
    was, now = (result.episode.turns[0].prompt for result in (before, after))
    assert "executable_plan" in was and "<|think_start|>" not in was and "<|think_start|>" in now and "executable_plan" not in now


def longer_replies(before: EraResult, after: EraResult) -> None:
    was, now = (result.episode.turns[0] for result in (before, after))
    assert was.prompt == now.prompt and len(now.reply) > len(was.reply) and now.reply[:2] == was.reply[:2]


def other_drawing(before: EraResult, after: EraResult) -> None:
    was, now = ([turn.reply for turn in result.episode.turns] for result in (before, after))
    assert was != now


PLAY = (
    Case("agent", "model", real_agent, SHORT | {"model": "era-reads", "max_new_tokens": 6}, task="play", on_page="elsewhere"),
    Case("model", "llava", has_eyes, ACTS, task="play", on_page="elsewhere"),
    Case("quantisation", "nf4", packed, ACTS, task="play", on_page="elsewhere"),
    Case("style", "era", other_prompt, ACTS, task="play", on_page="elsewhere"),
    Case("max_new_tokens", 24, longer_replies, ACTS | {"max_new_tokens": 2}, task="play", on_page="elsewhere"),
    Case("agent", "own", of_session, SHORT | {"continues": "learned"}, task="play", on_page="elsewhere"),
    Case("continues", "longer", other_words, TALKS | {"agent": "own", "continues": "learned"}, task="play", on_page="elsewhere"),
    Case("agent", "trained", other_agent, SHORT, task="play", on_page="shown"),
    Case("seed", 1, other_words, TALKS, task="play"),
    Case("temperature", 2.0, other_words, TALKS | {"temperature": 0.0}, task="play"),
    Case("world", "table", other_world, SHORT, task="play", on_page="elsewhere"),
    Case("subset", "long_horizon", other_wording, SHORT, task="play"),
    Case("number", 7, other_home, SHORT, task="play"),
    Case("instruction", "Put the mug on the counter.", own_task, SHORT | {"subset": "visual_appearance", "number": 3},
         task="play"),
    Case("policy", "full", longer_memory, {"max_turns": 4}, task="play"),
    Case("max_turns", 4, more_turns, SHORT, task="play"),
    Case("actions", (".", "find a Sink", "!slip"), by_hand, {"max_turns": 3}, task="play"),
    Case("goes_on", False, stops, {"actions": (".",), "max_turns": 3}, task="play"),
)
REPLAY = (
    Case("log", 1, other_run, LOGS, task="replay"),
    Case("episode", 4, other_episode, LOGS, task="replay"),
    Case("file", "upload:other.zip", other_logs, LOGS, task="replay", on_page="elsewhere"),
    Case("beside", "upload:other.zip", logs_beside, LOGS, task="replay", on_page="elsewhere"),
)
def learns_otherwise(before: EraResult, after: EraResult) -> None:
    """By an expert: no episode was played, the loss is told, and an agent comes of it."""
    assert before.training.iterations and not before.training.losses and before.episode is not None
    assert not after.training.iterations and [one.prior for one in after.training.losses] == ["raw"] * 2
    assert after.episode is None and len(after.made) == 1 and after.made != before.made


def losses(result: EraResult) -> list[float]:
    return [one.loss for one in result.training.losses]


def begins_anew(before: EraResult, after: EraResult) -> None:
    """The network of a copy that learned nothing is as random: the weights are others, or the same."""
    assert len(losses(before)) == len(losses(after)) == 2 and before.made != after.made


def other_priors(before: EraResult, after: EraResult) -> None:
    assert [one.prior for one in before.training.losses] == ["raw"] * 2
    assert [one.prior for one in after.training.losses] == ["external"] * 2 + ["anchored"] * 2


def other_samples(before: EraResult, after: EraResult) -> None:
    assert losses(before) != losses(after) and len(losses(before)) == len(losses(after))


def more_updates(before: EraResult, after: EraResult) -> None:
    assert (len(losses(before)), len(losses(after))) == (2, 4) and losses(before)[0] == losses(after)[0]


def trains_elsewhere(before: EraResult, after: EraResult) -> None:
    assert (before.model_id, after.model_id) == ("home-agent", "table-agent") and after.episode.world == "minitable"


TRAIN = (
    Case("stage", "prior", learns_otherwise, TRAINS | SCHOOLS, task="train", on_page="elsewhere"),
    Case("begins", "nothing", begins_anew, TRAINS | SCHOOLS | {"stage": "prior"}, task="train", on_page="elsewhere"),
    Case("priors", ("external", "anchored"), other_priors, TRAINS | SCHOOLS | {"stage": "prior"}, task="train", on_page="elsewhere"),
    Case("samples", 6, other_samples, TRAINS | SCHOOLS | {"stage": "prior"}, task="train", on_page="elsewhere"),
    Case("updates", 4, more_updates, TRAINS | SCHOOLS | {"stage": "prior"}, task="train", on_page="elsewhere"),
    Case("world", "table", trains_elsewhere, TRAINS, task="train"),
    Case("iterations", 2, more_iterations, TRAINS, task="train"),
    Case("episodes", 6, more_episodes, TRAINS, task="train"),
    Case("episode_turns", 3, longer_episodes, TRAINS | {"episode_turns": 2}, task="train"),
    Case("judged", 1, judges, TRAINS, task="train"),
    Case("continues", "learned", goes_on_from, TRAINS, task="train", on_page="elsewhere"),
    Case("estimator", "token", by_tokens, TRAINS, task="train"),
    Case("rewards", ("success",), unpaid, TRAINS | {"exploration": 2.0}, task="train"),
    Case("gamma", 0.5, other_credit, TRAINS, task="train"),
    Case("lam", 0.5, other_credit, TRAINS | {"iterations": 2}, task="train"),
    Case("exploration", 0.3, other_drawing, TRAINS, task="train"),
    Case("seed", 1, other_drawing, TRAINS, task="train"),
)
CASES = (*PLAY, *TRAIN, *REPLAY)
