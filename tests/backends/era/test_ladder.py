"""Real classes of both roles act in the home through the same run as the miniature: tiny checkpoints whose words are noise, and one
whose replies are given token by token."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, LlamaForCausalLM

from backends.era.asking import asked
from backends.era.playing import OutOfRoom, Player, play
from backends.era.results import EraResult
from backends.era.run import run
from backends.era.settings import EraSettings
from backends.era.system import SYSTEM
from backends.files.saved import load_result, save_result
from backends.run import Inputs, RunStopped, last
from backends.rungs import at_revision
from benchmarks.era import models
from models import catalogue
from models.agents.speech import MARKS
from models.memory import budget
from models.vlm import VisionLanguageModel
from tests.models import tiny_languages, tiny_vlms
from tests.real import needs_smollm2
from worlds.errors import InputError
from worlds.minihome.env import MAX_INVALID

CONTEXT = 8_192  # of a tokenizer of so few pieces a prompt has thousands
SHORT = {"agent": "model", "max_new_tokens": 6}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where people keep checkpoints of their own: two that see, one that reads, one that cannot hold what it would be told."""
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("own-models")
    tiny_languages.save_chat(root / "reads", context=CONTEXT)
    tiny_languages.save_chat(root / "forgets")
    tokenizer = AutoTokenizer.from_pretrained(root / "reads")
    tokenizer.add_special_tokens({"additional_special_tokens": list(MARKS[:5])})  # as ERA's own checkpoints have them
    tiny_languages.random_model("llama", vocabulary=320, end=1, context=CONTEXT).save_pretrained(root / "speaks")
    tokenizer.save_pretrained(root / "speaks")
    for family in ("llava", "qwen2_5_vl"):
        tiny_vlms.load_tiny(root, family)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORRERY_MODELS_DIR", str(root))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield root
    budget().clear()


def played(**settings: object) -> EraResult:
    return last(run(EraSettings(**SHORT | settings), Inputs()))


def speaking(monkeypatch: pytest.MonkeyPatch, root: Path, *replies: str) -> list[str]:
    """The model of the folder `speaks` writes these, one after another and the last for ever; what it was told is collected."""
    tokenizer, told, left = AutoTokenizer.from_pretrained(root / "speaks"), [], list(replies)

    def generate(_model: object, *, input_ids: torch.Tensor, **_how: object) -> torch.Tensor:
        told.append(tokenizer.decode(input_ids[0]))
        said = tokenizer((left.pop(0) if len(left) > 1 else left[0]) + "<eos>", add_special_tokens=False)["input_ids"]
        return torch.cat([input_ids, torch.tensor([said])], dim=1)

    monkeypatch.setattr(LlamaForCausalLM, "generate", generate)
    budget().clear()  # what another test's model said is forgotten with it
    return told


def era(action: str) -> str:
    return ("<|think_start|>visual_description: a sink reasoning_and_reflection: nothing yet language_plan: go <|think_end|>"
            f"<|action_start|>[0, '{action}']<|action_end|><|diff_marker|>")


@pytest.mark.parametrize("style", ["benchmark", "era"])
@pytest.mark.parametrize(("model", "quantisation"), [("llava", "none"), ("qwen2_5_vl", "none"), ("reads", "none"), ("reads", "nf4")])
def test_both_roles_act_in_both_styles_and_noise_ends_the_episode_at_the_limit(model, quantisation, style):
    result = played(model=model, quantisation=quantisation, style=style)
    episode = result.episode

    assert result.model_id == episode.agent == f"local:{model}{'' if quantisation == 'none' else ' (nf4)'}"
    assert not result.is_miniature and result.ended == "finished"
    assert [turn.parse for turn in episode.turns] == ["failed"] * MAX_INVALID and not list(episode.steps())
    assert episode.num_invalid == MAX_INVALID and episode.ended == "too many invalid actions" and episode.success is False
    sees = model != "reads"
    assert all(("What is seen now:" in turn.prompt or "additional_info:" in turn.prompt) != sees for turn in episode.turns)
    assert load_result(save_result(result), EraResult) == result


@pytest.mark.parametrize(("model", "style"), [("llava", "benchmark"), ("reads", "era")])
def test_both_roles_act_at_the_table_and_noise_uses_up_its_steps(model, style):
    episode = played(model=model, style=style, world="table").episode

    assert [turn.parse for turn in episode.turns] == ["failed"] * 15 and episode.ended == "steps" and episode.success is False
    assert "object 1" in episode.turns[0].prompt or model == "reads"


def test_who_has_eyes_is_shown_the_home_as_it_stands(monkeypatch):
    budget().clear()
    seen = []
    real = VisionLanguageModel.say
    monkeypatch.setattr(VisionLanguageModel, "say", lambda tool, frames, *given, **how: seen.append(frames) or real(
        tool, frames, *given, **how))

    played(model="llava", max_turns=3, actions=(".", "find a Sink", "."), goes_on=False)

    assert [frames.shape for frames in seen] == [(1, 500, 500, 3)] * 2 and (seen[0] != seen[1]).any()


def test_marks_that_are_special_tokens_of_a_checkpoint_are_read_and_what_it_thought_is_told_to_it_again(monkeypatch, folder):
    told = speaking(monkeypatch, folder, era("find a Sink"), era("find a Table"))

    episode = played(model="speaks", style="era", max_turns=2).episode

    assert [[action.name for action in turn.actions] for turn in episode.turns] == [["find a Sink"], ["find a Table"]]
    assert episode.turns[0].sections["reasoning_and_reflection"] == "nothing yet"
    assert told[0].startswith("<|user|>") and told[0].endswith("<|assistant|>") and "<|action_start|>" in told[0]
    assert "reasoning_and_reflection: nothing yet" in told[1].split("interaction_history")[1]


def test_special_tokens_of_its_own_never_come_back_to_it(monkeypatch, folder):
    told = speaking(monkeypatch, folder, era("find a Sink").replace("nothing yet", "nothing <|user|> yet"))

    played(model="speaks", style="era", max_turns=2)

    assert told[1].count("<|user|>") == 1 and "nothing  yet" in told[1]


def test_an_episode_with_one_turn_more_asks_only_for_what_is_new(monkeypatch, folder):
    told = speaking(monkeypatch, folder, era("find a Sink"), era("find a Table"), era("find a Fridge"))
    once = played(model="speaks", style="era", actions=(".",), goes_on=False)

    twice = played(model="speaks", style="era", actions=(".", "."), goes_on=False)

    assert len(told) == 2 and twice.episode.turns[0] == once.episode.turns[0] and len(twice.episode.turns) == 2


def test_drawn_replies_go_by_the_seed_and_differ_from_turn_to_turn():
    first, again, other = (
        [turn.reply for turn in played(model="reads", temperature=1.5, seed=seed, max_turns=3).episode.turns] for seed in (0, 0, 1))

    assert first == again != other and len(set(first)) == 3


def test_a_stop_between_turns_keeps_what_was_done():
    events = run(EraSettings(**SHORT, model="reads"), Inputs())
    for event in events:
        if getattr(event, "turns", ()):
            break

    result = events.throw(RunStopped())

    assert result.ended == "stopped" and len(result.episode.turns) == 1


def test_what_a_context_cannot_hold_is_one_sentence_at_first_and_the_end_later_on():
    with pytest.raises(InputError, match=r"The prompt has [\d,]+ tokens.*; this model reads at most 128\. Choose a model that reads"):
        played(model="forgets")

    def say(_picture: object, _prompt: str, turn: int) -> str:
        if turn:
            raise OutOfRoom("There is no room.")
        return era("find a Sink")

    *_, episode = play(EraSettings(), asked("small", say, style="era"))
    assert len(episode.turns) == 1 and episode.ended == "context" and episode.notes == ("The episode ends here. There is no room.",)


@pytest.mark.parametrize(("model", "said"), [
    ("home-agent", "is a miniature, which knows only the words that it was trained on"), ("coda-english", "is a miniature"),
    ("owlvit-base-patch32", "is a detector"), ("nothing-like-it", "There is no model 'nothing-like-it'"),
    ("qwen2-vl-2b", "is not in this machine's model cache"), ("made:era-00000000", "There is no model")])
def test_what_cannot_act_is_refused_in_a_sentence(model, said):
    asked_for = EraSettings(**SHORT, model=model)

    with pytest.raises(InputError, match=said):
        last(run(asked_for, Inputs()))
    assert bool(SYSTEM.objection(asked_for)) == ("miniature" in said)  # of others their card tells


def test_only_who_acts_by_one_needs_the_model():
    assert [named.name for named in EraSettings(agent="model", model="reads").named_models()] == ["reads"]
    assert not EraSettings(model="reads").named_models() and not EraSettings(agent="model", task="train").named_models()
    assert SYSTEM.lane(EraSettings(agent="model")) == "long" and SYSTEM.lane(EraSettings()) == "short"


def test_a_published_model_is_named_with_its_revision(monkeypatch, tmp_path):
    revision = "895c3a49bc3fa70a340399125c650a463535e71c"
    monkeypatch.setattr(catalogue, "folder_of", lambda rung: tmp_path / "snapshots" / revision)

    assert at_revision(catalogue.find("qwen2-vl-2b"), "nf4") == f"qwen2-vl-2b@{revision[:12]} (nf4)"


def test_players_but_the_ladders_are_miniatures_or_none():
    assert Player("expert", "expert", lambda info, turns: None).is_miniature
    assert last(run(EraSettings(max_turns=1), Inputs())).is_miniature


def test_the_benchmark_counts_what_was_read_done_and_met(monkeypatch, folder):
    speaking(monkeypatch, folder, "nothing", era("find a Sink"), era("slice the Potato"))
    homes = list(models.played(EraSettings(agent="model", model="speaks", style="era", max_turns=3), 2))

    style, done, met, turns, read, actions, failed, _ = models.row("era", homes)
    assert (style, done, met, turns, read, actions, failed) == ("era", "0 of 2", "0%", "6", "5", "5", "4")
    assert models.table(EraSettings(agent="model", model="speaks", max_turns=1), 1).count("\n") == 4


@needs_smollm2
def test_a_real_model_acts_and_says_which_it_is():
    result = played(model="smollm2-135m", style="era", max_new_tokens=2, max_turns=1)

    assert result.model_id.startswith("smollm2-135m@") and not result.is_miniature and result.episode.turns[0].reply
    budget().clear()
