"""Replies to many prompts at once: each is what it would be alone."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from models.attention.families import SEQUENCE, prepare
from models.training.critic import Critic
from models.training.generation import Prompt, Sampling, draw_tokens, generate, sayable
from models.training.policy import said
from models.training.samples import Sample, batch_of
from tests.models.tiny_vlms import load_tiny
from tests.models.training.tiny_policies import (
    BOS,
    CONTEXT,
    IMAGE,
    PATCHES,
    SAMPLING,
    SEP,
    STOP,
    VOCABULARY,
    gpt2,
    llama,
    llava,
    picture,
)

LONG = replace(SAMPLING, max_tokens=8)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def texts(count):
    return [Prompt((BOS, *(5 + (7 * index + place) % 19 for place in range(index % 5)), SEP)) for index in range(count)]


def shown(count):
    """Prompts with a picture, and every third one without."""
    return [Prompt((BOS, *[SEP] * (index % 3))) if index % 3 == 2 else
            Prompt((BOS, *[IMAGE] * PATCHES, *[SEP] * (index % 4)), {"pixel_values": picture(index)}) for index in range(count)]


KINDS = [pytest.param(llama, texts, id="llama"), pytest.param(llava, shown, id="llava"), pytest.param(gpt2, texts, id="gpt2")]


@pytest.mark.parametrize(("network", "prompts_of"), KINDS)
def test_a_reply_is_the_same_alone_and_among_others_of_other_lengths(network, prompts_of):
    model, prompts = network(), prompts_of(9)
    draws = [(index, index % 3) for index in range(9)]

    together = generate(model, prompts, draws, LONG)
    in_small_batches = generate(model, prompts[::-1], draws[::-1], replace(LONG, batch=2))[::-1]
    alone = [generate(model, [prompt], [draw], LONG)[0] for prompt, draw in zip(prompts, draws)]

    assert [reply.ids for reply in together] == [reply.ids for reply in alone] == [reply.ids for reply in in_small_batches]
    assert len({len(reply.ids) for reply in alone}) > 1  # some ended while others went on
    for one, other in zip(together, alone):
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-5)


@pytest.mark.parametrize(("network", "prompts_of"), KINDS)
def test_the_likeliest_tokens_are_those_that_transformers_takes(network, prompts_of):
    model = network()

    for prompt in prompts_of(4):
        reply = generate(model, [prompt], [(0, 0)], replace(LONG, temperature=0))[0]
        theirs = model.generate(input_ids=torch.tensor([prompt.ids]), attention_mask=torch.ones(1, len(prompt.ids), dtype=torch.long),
                                **prompt.inputs, do_sample=False, max_new_tokens=8, eos_token_id=STOP, pad_token_id=0,
                                suppress_tokens=[IMAGE] if prompt.inputs else None)
        assert list(reply.ids) == theirs[0, len(prompt.ids):].tolist()


@pytest.mark.parametrize("temperature", [0, 0.5, 1])
@pytest.mark.parametrize(("network", "prompts_of"), KINDS)
def test_logprobs_are_those_of_a_pass_over_the_whole_row(network, prompts_of, temperature):
    model, prompts = network(), prompts_of(5)
    replies = generate(model, prompts, [(index, 0) for index in range(5)], replace(LONG, temperature=temperature, top_p=0.9))

    for prompt, reply in zip(prompts, replies):
        ids = torch.tensor([[*prompt.ids, *reply.ids]])
        with torch.no_grad():
            logits = model(input_ids=ids, **prompt.inputs).logits[0, len(prompt.ids) - 1:-1]
        if network is llava:
            logits[:, IMAGE] = -torch.inf
        expected = torch.log_softmax(logits / (temperature or 1), -1)[torch.arange(len(reply.ids)), list(reply.ids)]
        assert reply.logprobs == pytest.approx(expected.tolist(), abs=1e-5)


@pytest.fixture(scope="module")
def qwen(tmp_path_factory):
    """A Qwen-VL, whose tokens have three positions, and prompts with pictures of two sizes and without."""
    vlm = load_tiny(tmp_path_factory.mktemp("tiny"), "qwen2_5_vl").tool
    pictures = [Image.fromarray(np.random.default_rng(side).integers(255, size=(side, 84, 3), dtype=np.uint8)) for side in (56, 112)]
    prompts = []
    for asked in (pictures[:1], pictures[1:], []):
        inputs = prepare(vlm, [asked], ["where is the cube ?"])
        prompts.append(Prompt(tuple(inputs["input_ids"][0].tolist()),
                              {name: value for name, value in inputs.items() if name not in SEQUENCE}))
    return vlm.model, prompts


def test_tokens_with_three_positions_are_counted_as_the_model_counts_them(qwen):
    model, prompts = qwen
    greedy = Sampling(stops=(), max_tokens=8, temperature=0)

    together = generate(model, prompts, [(0, 0)] * 3, greedy)
    samples = [Sample(0, torch.tensor([*prompt.ids, *reply.ids]), torch.tensor([-1] * len(prompt.ids) + [0] * 8), 
                      torch.zeros(len(prompt.ids) + 8), prompt.inputs) for prompt, reply in zip(prompts, together)]
    again, _ = said(model, batch_of(samples, model), 1.0)

    for prompt, reply in zip(prompts, together):
        model.model.rope_deltas = None  # else a prompt without a picture takes the offset of the one before
        types = (torch.tensor([prompt.ids]) == model.config.image_token_id).long()
        theirs = model.generate(input_ids=torch.tensor([prompt.ids]), attention_mask=torch.ones_like(types), mm_token_type_ids=types,
                                **prompt.inputs, do_sample=False, max_new_tokens=8, min_new_tokens=8, pad_token_id=0,
                                suppress_tokens=[model.config.image_token_id, model.config.video_token_id])
        assert list(reply.ids) == theirs[0, len(prompt.ids):].tolist()
    assert again.tolist() == pytest.approx([number for reply in together for number in reply.logprobs], abs=1e-4)


def test_a_critic_counts_three_positions_as_the_model_counts_them(qwen):
    model, (prompt, *_) = qwen
    critic, ids = Critic.beside(model), torch.tensor([prompt.ids])
    torch.nn.init.normal_(critic.head.weight, generator=torch.Generator().manual_seed(0))

    with torch.no_grad():
        values = critic(ids, prompt.inputs)
        types = (ids == model.config.image_token_id).long()
        theirs = critic.head(critic.model.model(input_ids=ids, mm_token_type_ids=types, **prompt.inputs).last_hidden_state)

    assert torch.allclose(values, theirs, atol=1e-5)


def test_a_placeholder_of_a_picture_is_never_said():
    model = llava()
    uniforms = (torch.arange(500, dtype=torch.float64) + 0.5) / 500

    tokens, logprobs = draw_tokens(sayable(torch.zeros(500, VOCABULARY), model), uniforms, LONG)

    assert set(tokens.tolist()) == set(range(VOCABULARY)) - {IMAGE}
    assert logprobs.exp().tolist() == pytest.approx([1 / (VOCABULARY - 1)] * 500)


def test_a_picture_changes_what_is_said():
    model, prompt = llava(), shown(1)[0]
    other = Prompt(prompt.ids, {"pixel_values": picture(99)})

    one, two = generate(model, [prompt, other], [(0, 0), (0, 0)], LONG)

    assert one.logprobs[0] != pytest.approx(two.logprobs[0], abs=1e-3)


def test_the_same_draw_gives_the_same_reply_and_another_turn_another():
    model, prompt = llama(), texts(1)[0]

    replies = generate(model, [prompt] * 12, [(3, turn % 6) for turn in range(12)], LONG)

    assert [reply.ids for reply in replies[:6]] == [reply.ids for reply in replies[6:]]
    assert len({reply.ids for reply in replies}) > 3


def test_a_reply_ends_with_its_stop_or_is_cut():
    replies = generate(llama(), texts(40), [(index, 0) for index in range(40)], LONG)

    assert all(STOP not in reply.ids[:-1] for reply in replies)
    assert all(reply.ids[-1] == STOP for reply in replies if reply.stopped)
    assert all(len(reply.ids) == 8 and reply.ids[-1] != STOP for reply in replies if not reply.stopped)
    assert {reply.stopped for reply in replies} == {True, False}
    assert all(len(reply.logprobs) == len(reply.ids) for reply in replies)


def test_a_reply_that_has_ended_is_not_computed_any_further():
    model, rows = llama(), []
    model.register_forward_pre_hook(lambda _, args, named: rows.append(len(named["input_ids"])), with_kwargs=True)

    replies = generate(model, texts(20), [(index, 0) for index in range(20)], LONG)

    going = [sum(len(reply.ids) > step for reply in replies) for step in range(8)]
    assert rows == [count for count in going if count]
    assert rows[-1] < rows[0] == 20


@pytest.mark.parametrize(("top_p", "allowed"), [(0.5, {1}), (0.51, {1, 3}), (0.8, {1, 3}), (0.81, {0, 1, 3}), (1.0, {0, 1, 2, 3})])
def test_top_p_draws_from_the_fewest_tokens_that_reach_it(top_p, allowed):
    chances = {0: 0.15, 1: 0.5, 2: 0.05, 3: 0.3}
    logits = torch.log(torch.tensor([list(chances.values())], dtype=torch.float64)).expand(1000, 4)
    uniforms = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000

    tokens, logprobs = draw_tokens(logits, uniforms, Sampling((0,), top_p=top_p))

    counts = Counter(tokens.tolist())
    assert set(counts) == allowed
    whole = sum(chances[token] for token in allowed)
    assert all(counts[token] == pytest.approx(1000 * chances[token] / whole, abs=1) for token in allowed)
    assert logprobs[0].exp() == pytest.approx(chances[int(tokens[0])])  # of the whole vocabulary, not of what is left


def test_a_token_without_a_chance_is_never_drawn():
    logits = torch.tensor([[-torch.inf, 0.0, 0.0, -torch.inf]]).expand(3, 4)
    largest = 1 - 2.0**-53

    tokens, _ = draw_tokens(logits, torch.tensor([0.0, 0.5, largest], dtype=torch.float64), Sampling((0,)))

    assert tokens.tolist() == [1, 2, 2]


def test_a_low_temperature_sharpens():
    logits = torch.tensor([[0.0, 1.0]]).expand(1000, 2)
    uniforms = (torch.arange(1000) + 0.5) / 1000

    shares = [draw_tokens(logits, uniforms, Sampling((0,), temperature=t))[0].double().mean() for t in (2.0, 0.5)]

    assert shares == [pytest.approx(torch.sigmoid(torch.tensor(1 / t)).item(), abs=2e-3) for t in (2.0, 0.5)]


def test_a_prompt_that_leaves_no_room_for_a_reply_is_refused_with_the_numbers():
    fits = Prompt((BOS,) * (CONTEXT - 8))

    generate(llama(), [fits], [(0, 0)], LONG)
    with pytest.raises(ValueError, match=f"at most {CONTEXT - 8} fit"):
        generate(llama(), [Prompt((*fits.ids, SEP))], [(0, 0)], LONG)
    with pytest.raises(ValueError, match="empty"):
        generate(llama(), [Prompt(())], [(0, 0)], LONG)


def test_the_global_random_numbers_are_left_alone():
    model = llama()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)

    generate(model, texts(3), [(0, 0), (1, 0), (2, 0)], LONG)

    assert torch.equal(torch.rand(3), expected)
    assert model.config.vocab_size == VOCABULARY


def test_replies_say_how_undecided_each_draw_was_where_that_is_asked():
    model, prompts = llama(), texts(4)
    draws = [(index, 0) for index in range(4)]
    soft = replace(LONG, temperature=2.0)

    plain, told = generate(model, prompts, draws, soft), generate(model, prompts, draws, replace(soft, tells_entropy=True))

    assert [one.entropies for one in plain] == [()] * 4
    for prompt, one, other in zip(prompts, plain, told):
        assert (one.ids, one.logprobs) == (other.ids, other.logprobs) and len(other.entropies) == len(other.ids)
        with torch.no_grad():
            logits = model(torch.tensor([[*prompt.ids, *other.ids]])).logits[0, len(prompt.ids) - 1:-1] / 2.0
        assert other.entropies == pytest.approx(torch.distributions.Categorical(logits=logits).entropy().tolist(), abs=1e-4)
