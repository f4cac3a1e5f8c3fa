"""Models of the ladder as players and learners, tried on tiny random ones of a real class: saved, and read back as a person's own."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import LlamaForCausalLM

from backends.made import Made
from backends.ragen import ladder
from backends.ragen.games import new_game, rules_of
from backends.ragen.masks import rows
from backends.ragen.players import trained
from backends.ragen.results import RagenResult
from backends.ragen.run import run
from backends.ragen.settings import RagenSettings
from backends.ragen.training import attempt_of
from backends.run import Inputs, last
from models.gamers.talking import Chat
from models.gamers.turns import Turns
from models.language import LanguageModel
from models.memory import budget
from models.training.credit import lessons_by_score
from models.training.generation import Reply
from models.training.rollout import Played, PlayedTurn, Start
from tests.models import tiny_languages
from worlds.errors import InputError

CONTEXT = 4096
TINY: dict[str, object] = {"learner": "model", "model": "own", "algorithm": "grpo", "iterations": 1, "groups": 2, "members": 3,
                           "slice": 4, "rank": 2, "max_new_tokens": 6, "actor_rate": 0.01, "kl": 0.0}
LAKE = TINY | {"game": "lake", "turns": 2}


@pytest.fixture(autouse=True, scope="module")
def own_models(tmp_path_factory: pytest.TempPathFactory):
    """A tiny Llama with a chat template, and one without, as folders of a person."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("models")
        patch.setenv("ORRERY_MODELS_DIR", str(folder))
        torch.set_num_threads(1)
        tiny_languages.save_chat(folder / "own", context=CONTEXT)
        tiny_languages.save_chat(folder / "plain", None, context=CONTEXT)
        tiny_languages.save_chat(folder / "short", context=600)
        yield
        budget().clear()


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    return Inputs(makes=Made(lambda: tmp_path / "makes"))


def settings(**changes: object) -> RagenSettings:
    return RagenSettings(**TINY | changes)


def ran(asked: RagenSettings, inputs: Inputs | None = None) -> RagenResult:
    result = last(run(asked, inputs or Inputs()))
    assert isinstance(result, RagenResult) and result.ended == "finished"
    return result


def told(result: RagenResult) -> list[object]:
    return [replace(one, seconds=None) for one in result.training.metrics]


@pytest.mark.parametrize("model", ["own", "plain"])
@pytest.mark.parametrize("thinks", [True, False])
def test_a_model_of_ones_own_plays_and_is_told_the_games_texts(model, thinks):
    result = ran(RagenSettings(task="play", game="lake", player="model", model=model, turns=3, max_new_tokens=8, thinks=thinks,
                               entries=(".", "Left")))
    turns = result.played.episode.turns

    assert not result.is_miniature and result.model_id == f"local:{model}" and [one.by for one in turns[:2]] == ["model", "person"]
    forced = "<think>" if thinks else "<answer>"
    assert all(turn.prompt.endswith(forced) and turn.prompt.count("Turn ") == 1 for turn in turns)
    assert "Legend:" in turns[0].prompt and "Legend:" not in turns[1].prompt and "Reward:" in turns[1].prompt
    assert turns[0].reply.startswith(forced) and len(turns[0].token_ids) == len(result.played.pieces[0]) <= 8
    assert turns[1].token_ids is None and result.played.pieces[1] == () and len(result.played.entropies[0]) == len(turns[0].token_ids)


def learner_of(**changes: object):
    """A training at its beginning, with what it was lent."""
    return trained(settings(**changes), Inputs())


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


@pytest.mark.parametrize(("algorithm", "quantisation"), [("grpo", "none"), ("ppo", "none"), ("grpo", "int8"), ("bi", "nf4")])
def test_only_the_adapter_is_moved_and_the_lent_weights_are_those_of_before(algorithm, quantisation):
    with learner_of(algorithm=algorithm, kl=0.01, entropy=0.01, quantisation=quantisation) as learner:
        model = learner.starpo.model
        before = weights(model)
        assert {weight.dtype for name, weight in before.items() if "lora_" in name} == {torch.float32}
        learner.starpo.learn()
        after = weights(model)

        moved = {name for name in before if not torch.equal(before[name], after[name])}
        assert moved and all("lora_" in name for name in moved)
        assert {name for name in before if "lora_B" in name} <= moved, "a gradient reaches the adapters of every layer"
        assert {name for name, weight in model.named_parameters() if weight.requires_grad} >= moved
        with ladder.talking(settings(algorithm=algorithm, quantisation=quantisation)) as talker:
            lent = talker.model
            assert lent.get_input_embeddings().weight.data_ptr() == model.get_input_embeddings().weight.data_ptr()
            assert not any("lora_" in name for name, _ in lent.named_parameters())
            assert all(weight.grad is None for weight in lent.parameters())


def test_the_first_step_finds_every_ratio_at_one_and_a_model_begins_as_it_was_lent():
    with learner_of(**LAKE) as learner, ladder.talking(settings()) as talker:
        ids = torch.arange(5, 45)[None]
        assert torch.equal(learner.starpo.model(input_ids=ids).logits, talker.model(input_ids=ids).logits)
        iteration = learner.starpo.learn()

    assert iteration.numbers[0].actor.largest_change < 1e-6 and iteration.numbers[0].actor.clip_fraction == 0


def test_loss_has_a_gradient_at_tokens_that_the_model_drew_and_nowhere_else():
    with learner_of(**LAKE) as learner:
        starpo = learner.starpo
        seen: list[torch.Tensor] = []
        hook = starpo.model.model.register_forward_hook(lambda _module, _given, out: seen.append(out.last_hidden_state))
        episodes = starpo.play([10_000, 10_001], members=2)
        samples = starpo._training.recomputed(rows(episodes, starpo.speech, "drawn"))
        lessons = lessons_by_score(samples, torch.tensor([1.0, -1.0, 2.0, 0.5], dtype=torch.float64))
        for number, lesson in enumerate(lessons):
            seen.clear()
            loss, _ = starpo._training._loss([lesson], torch.full((1, len(lesson.sample.ids)), 0.1))
            (gradient,) = torch.autograd.grad(loss, seen[-1])
            drawn = lesson.sample.drawn
            said = [token for turn in episodes[number].turns for token in turn.reply.ids]
            assert lesson.sample.ids[drawn].tolist() == said and 0 < int(drawn.sum()) < len(drawn) / 4
            reached = gradient[0, :-1].abs().amax(-1) > 0  # where each next token is foretold
            assert torch.equal(reached, drawn[1:]) and gradient[0, -1].abs().max() == 0
        hook.remove()


@pytest.mark.parametrize("changes", [{}, {"algorithm": "ppo", "kl": 0.01, "quantisation": "nf4"}], ids=["grpo", "ppo in 4 bits"])
def test_going_on_from_a_kept_training_is_as_if_it_had_never_stopped(changes, inputs):
    whole = ran(settings(iterations=3, **changes), inputs)
    first = ran(settings(iterations=1, **changes), inputs)
    again = ran(settings(iterations=2, continues="first", **changes), replace(inputs, results={"first": first}))

    assert told(again) == told(whole) and again.training.went_on_from == 1
    folder = inputs.makes.find(first.made[0])
    assert sum(file.stat().st_size for file in folder.rglob("*.safetensors")) < 200_000, "the adapter alone is kept"
    assert not (folder / "model.safetensors").exists() and (folder / "adapter_config.json").exists()
    for changed in ({"rank": 4}, {"quantisation": "int8"}, {"model": "plain"}, {"learner": "beginner"}):
        with pytest.raises(InputError, match=f"another {next(iter(changed))}"):
            ran(settings(continues="first", **{**changes, **changed}), replace(inputs, results={"first": first}))


def test_what_was_trained_here_plays_on_the_weights_that_it_was_trained_on(inputs):
    before = ran(RagenSettings(task="play", player="model", model="own", max_new_tokens=6))
    learned = ran(settings(actor_rate=0.01, iterations=2, entropy=0.1), inputs)
    asked = RagenSettings(task="play", player="own", continues="learned", max_new_tokens=6)
    after = ran(asked, replace(inputs, results={"learned": learned}))

    assert after.model_id == "local:own, trained here" and not after.is_miniature
    was, now = (one.played.episode.turns[0] for one in (before, after))
    assert was.prompt == now.prompt and was.logprobs.tolist() != now.logprobs.tolist()


def test_an_adapter_is_read_by_peft_itself(inputs):
    folder = inputs.makes.find(ran(settings(entropy=0.1), inputs).made[0])
    with ladder.talking(settings()) as talker:
        ids = torch.arange(5, 45)[None]
        own = ladder.trained_here(talker, settings(), folder)(input_ids=ids).logits
        bare = LlamaForCausalLM(talker.model.config)
        bare.load_state_dict(talker.model.state_dict())
        theirs = PeftModel.from_pretrained(bare.eval(), folder)(input_ids=ids).logits
        torch.testing.assert_close(theirs, own)
        assert not torch.equal(own, talker.model(input_ids=ids).logits)


def test_an_episode_that_a_model_cannot_read_whole_is_refused_before_anything_is_played():
    with pytest.raises(InputError, match="reads 600 tokens, and an episode here may have "):
        ran(settings(**LAKE | {"model": "short", "turns": 5, "max_new_tokens": 100}))


def test_a_miniature_is_refused_as_a_model_and_what_is_too_large_is_one_sentence(monkeypatch):
    assert "is a miniature" in ladder.objection(settings(model="coda-english"))
    assert ladder.objection(settings()) == ladder.objection(settings(model="nobody")) == ""
    monkeypatch.setattr(ladder, "total_and_free_mb", lambda device: (1000, 1))
    why = ladder.objection(settings(rank=128))
    assert why.startswith("To train own (local folder) takes about ") and "1 MB free of 1,000 MB" in why
    with pytest.raises(InputError, match="To train own"):
        ran(settings(rank=128))
    assert ladder.objection(RagenSettings(task="play", player="model", model="own")) == ""


def test_the_estimate_counts_what_an_adapter_and_a_longer_episode_take():
    with learner_of(rank=8) as learner:
        exact = sum(weight.numel() for weight in learner.starpo.model.parameters() if weight.requires_grad)
    sizes = ladder._sizes(ladder.rung_of("own", "language"))

    assert sizes.adapter(8) == exact
    need = [ladder.needed_mb(settings(**changes)) for changes in ({}, {"max_new_tokens": 512}, {"rank": 128}, {"task": "play"})]
    assert need[1] > need[0] and need[2] > need[0] and need[3] < need[0]


@pytest.fixture
def begun():
    """An episode of the lake that has just begun, and how its player is spoken to."""
    asked = RagenSettings(**LAKE)
    with ladder.talking(asked) as talker:
        world = Turns(new_game(asked)(), rules_of(asked))
        observation, info = world.reset(seed=10_000)
        own = LanguageModel(talker.model, talker.speech.language.tokenizer, tiny_languages.CHAT)  # whose template a test may change
        yield Chat(language=own), world, Played(Start(10_000, 0), observation, info)


def said_then(begun, text: str, *, stopped: bool) -> list[int]:
    """What is read behind a reply."""
    speech, world, played = begun
    ids = tuple(speech.language.tokenizer(text, add_special_tokens=False)["input_ids"])
    reply, prompt = Reply(ids, (0.0,) * len(ids), stopped), speech.prompt_of(played)
    _, reward, _, _, info = world.step(speech.action_of(played, reply))
    played.turns.append(PlayedTurn(0, "", played.observation, played.info, prompt, reply, "", reward))
    played.info = info
    after = speech.prompt_of(played)
    assert after.ids[:len(prompt.ids) + len(ids)] == (*prompt.ids, *ids)
    return list(after.ids[len(prompt.ids) + len(ids):])


def test_what_form_costs_is_not_shown_and_a_reply_is_followed_by_the_templates_own_end(begun):
    ids = said_then(begun, "nothing", stopped=False)
    text = begun[0].language.tokenizer.decode(ids)

    assert text.startswith(" <|end|>") and "Reward:\n0.0\n" in text and "Turn 2:" in text and text.endswith("<|assistant|><think>")


def test_a_reply_that_ends_its_own_turn_is_not_ended_twice(begun):
    speech = begun[0]
    speech.language.chat_template = tiny_languages.CHAT.replace("<|end|>", "<eos>")

    ids = said_then(begun, "nothing<eos>", stopped=True)

    assert speech.language.tokenizer.decode(ids).startswith("<|user|>")


def test_a_template_without_a_system_role_is_told_all_by_the_user(begun):
    speech, _, played = begun
    refuses = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + tiny_languages.CHAT
    speech.language.chat_template = refuses

    text = speech.language.tokenizer.decode(speech.prompt_of(played).ids)

    assert text.startswith("<|user|> You play small games") and "Turn 1:" in text
    speech.language.chat_template = "nothing"
    with pytest.raises(InputError, match="changes or drops"):
        speech.prompt_of(played)


def test_what_begins_a_reply_is_told_by_the_template(begun):
    speech, _, played = begun
    asked = "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    speech.language.chat_template = tiny_languages.CHAT.replace("<|assistant|>", asked)

    assert speech.prompt_of(played).ids[-speech.header:] == speech._ids("<|assistant|><think>")


CHATML = ("{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<eos>\n{% endfor %}"
          "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + tiny_languages.CHAT


def talked(begun, template: str, *replies: tuple[str, bool]) -> tuple[Chat, Played]:
    """An episode in which somebody said these replies, in another template."""
    speech, world, played = begun
    tokenizer = copy.deepcopy(speech.language.tokenizer)
    tokenizer.add_tokens(["<|im_start|>"], special_tokens=True)
    speech = Chat(language=LanguageModel(speech.language.model, tokenizer, template))
    for text, stopped in replies:
        said_then((speech, world, played), text, stopped=stopped)
    return speech, played


@pytest.mark.parametrize("template", [CHATML, tiny_languages.CHAT, NO_SYSTEM], ids=["chatml", "marks of its own", "no system role"])
@pytest.mark.parametrize("mask", ["message", "everything"])
def test_masks_are_the_released_codes_formula(begun, template, mask):
    """Worked out anew: c counts the marks of messages, and a token is learned where c before it says so."""
    speech, played = talked(begun, template, ("nothing", False), ("no<eos>", True), ("at all", False))
    tokenizer = speech.language.tokenizer
    marks = tokenizer.convert_tokens_to_ids(["<|im_start|>"] if template == CHATML else ["<|user|>", "<|assistant|>"])
    (sample,) = rows([played], speech, mask)

    ids = sample.ids.tolist()
    count, wanted = int(template != CHATML), [False]  # a system prompt without such a mark has been, or stands in the first message
    for token in ids[:-1]:
        count += token in marks
        wanted.append(count > 1 and (mask == "everything" or count % 2 == 1))

    assert sample.drawn.tolist() == wanted
    behind = [tokenizer.decode(ids[len(turn.prompt.ids) + len(turn.reply.ids):][:3]) for turn in played.turns[:2]]
    if template == CHATML:  # the end that was forced, and the two tokens behind an end
        assert behind[0] == "<eos>\n<|im_start|>" and behind[1].startswith("\n<|im_start|>") and speech.behind((1,)) == 2


def test_a_thought_is_as_long_as_it_has_tokens():
    with learner_of(**LAKE) as learner:
        speech = learner.starpo.speech
        (episode,) = learner.starpo.play([10_000], members=1)
        info = episode.outcomes[0]
        info["reply"] = replace(info["reply"], thought="Who wrote it?", has_form=True)

        told = attempt_of(episode, 0, 0.0, speech).thought_tokens

        tokens = speech.language.tokenizer("Who wrote it?", add_special_tokens=False)["input_ids"]
        assert told[0] == len(tokens) != 3


def test_what_kl_charges_is_against_the_model_as_it_was_lent():
    """With the adapter away from where it began: the reference is the network without it, on the same weights."""
    with learner_of(**LAKE | {"algorithm": "ppo", "kl": 0.1}) as learner, ladder.talking(settings()) as talker:
        starpo = learner.starpo
        for _ in range(2):
            starpo.learn()
        samples = starpo._training.recomputed(rows(starpo.play([10_000], members=2), starpo.speech, "drawn"))
        for sample, charged in zip(samples, starpo._training.penalties(samples)):
            with torch.no_grad():
                moved, lent = (torch.log_softmax(model(input_ids=sample.ids[None]).logits[0, :-1].double(), -1)
                               for model in (starpo.model, talker.model))
            away = (moved - lent).gather(1, sample.ids[1:, None])[:, 0]
            wanted = torch.where(sample.drawn[1:], -0.1 * away, 0)
            torch.testing.assert_close(charged[1:], wanted, atol=1e-5, rtol=0)
            assert wanted.abs().max() > 1e-3
