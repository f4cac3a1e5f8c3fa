"""Depth to width: two blocks hear the same, one projection merges what they say, and nothing else of the model changes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.transformers.pixart_transformer_2d import PixArtTransformer2DModel
from safetensors.torch import load_file, save_file
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from models.diffusion.assembling import skeleton
from models.diffusion.choices import MAX_SENTENCE, learners, replaced
from models.diffusion.costs import flops, parameters, replaced_flops, replaced_parameters
from models.diffusion.distilling import Distilling, extract, relative_error
from models.diffusion.folders import (
    CHANGED,
    GRAFTED,
    MARKER,
    Graft,
    hash_of,
    load_changed,
    load_folder,
    save_changed,
    save_folder,
)
from models.diffusion.latency import pair_took
from models.diffusion.locality import watched
from models.diffusion.network import MINIATURE, count_parameters, fresh_miniature
from models.diffusion.official import from_official, to_official
from models.diffusion.pairs import averaging, put_beside
from models.diffusion.surgery import Shape, blocks_of, graft, operator_of, shape_of
from models.diffusion.training import DiffusionTraining, Rates
from worlds.errors import InputError
from worlds.vignettes import vignettes

XL = MINIATURE | {"num_attention_heads": 16, "attention_head_dim": 72, "in_channels": 4, "out_channels": 8, "num_layers": 28,
                  "sample_size": 32, "patch_size": 2, "num_embeds_ada_norm": 1000}


@pytest.fixture(scope="module")
def model():
    """A miniature all of whose blocks do something."""
    made = fresh_miniature(0).eval()
    drawn = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=drawn))
    return made


@pytest.fixture(scope="module")
def drawn():
    return torch.from_numpy(vignettes(40)).permute(0, 3, 1, 2).float() / 127.5 - 1, torch.arange(40) % 10


@pytest.fixture
def heard():
    tokens = torch.randn(3, 64, 96, generator=torch.Generator().manual_seed(2))
    return tokens, {"timestep": torch.tensor([3, 500, 999]), "class_labels": torch.tensor([1, 5, 10])}


@torch.no_grad()
def said(model):
    pictures = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    return model(pictures, timestep=torch.tensor([3, 999]), class_labels=torch.tensor([1, 10])).sample


def told(base, layers=tuple(range(8)), **more):
    return Graft(**{"operator": "pairs", "layers": layers, "pattern": "all", "stage": "stage 1", "loss": "l1", "seed": 7,
                    "base": hash_of(base), **more})


@torch.no_grad()
def test_a_fresh_pair_says_the_mean_of_what_its_blocks_say(model, heard):
    tokens, given = heard
    grafted = graft(model, "pairs", [2], seed=0)
    first, second = (blocks_of(model)[layer](tokens, **given) for layer in (2, 3))

    assert torch.allclose(operator_of(grafted, 2, "block")(tokens, **given), (first + second) / 2, atol=1e-5)
    assert not torch.allclose(first, second, atol=0.1), "else the mean would say nothing"


@torch.no_grad()
def test_a_pair_merges_what_both_blocks_make_of_the_same_in_the_order_of_the_formula(model, heard):
    """[B(x, c); B'(x, c)] W + b with a random W and b, block by block and number by number."""
    tokens, given = heard
    grafted = graft(model, "pairs", [4, 5], seed=0)
    merge = blocks_of(grafted)[5].merge
    torch.nn.init.normal_(merge.weight)
    torch.nn.init.normal_(merge.bias)
    first, second = (blocks_of(model)[layer](tokens, **given) for layer in (4, 5))
    wanted = first @ merge.weight[:, :96].T + second @ merge.weight[:, 96:].T + merge.bias
    pair = operator_of(grafted, 4, "block")

    assert torch.allclose(pair(tokens, **given), wanted, atol=1e-3)
    with ThreadPoolExecutor(2) as threads:
        assert torch.allclose(pair.at_once(tokens, threads, **given), wanted, atol=1e-3)


@torch.no_grad()
def test_in_the_model_as_it_was_two_blocks_follow_one_another(model, heard):
    tokens, given = heard
    first, second = blocks_of(model)[6], blocks_of(model)[7]

    assert torch.equal(operator_of(model, 6, "block")(tokens, **given), second(first(tokens, **given), **given))


def test_a_pair_sits_in_the_model_where_its_blocks_were(model):
    """The whole forward is that of pairs in a row; the blocks, the shared embedder and their attention are found as before."""
    before = {name: value.clone() for name, value in model.state_dict().items()}
    grafted = graft(model, "pairs", range(8), seed=0)
    blocks = blocks_of(grafted)
    with watched(grafted) as maps:
        answer = said(grafted)

    by_hand = graft(model, "pairs", [0], seed=0)  # one pair: the rest of the model goes on from what it says
    assert torch.isfinite(answer).all() and not torch.allclose(answer, said(model)) and not torch.allclose(answer, said(by_hand))
    assert len(blocks) == 8 and all(block.norm1.emb is blocks[0].norm1.emb for block in blocks)
    assert [len(layer) for layer in maps] == [1] * 8
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(type(block) is BasicTransformerBlock for block in blocks_of(model))
    assert set(grafted.state_dict()) - set(before) == {f"transformer_blocks.{layer}.merge.{kind}" for layer in (1, 3, 5, 7)
                                                       for kind in ("weight", "bias")}


def test_four_pairs_of_the_miniature_have_74_112_numbers_more(model):
    assert count_parameters(graft(model, "pairs", range(8), seed=0)) - count_parameters(model) == 4 * (2 * 96 * 96 + 96) == 74_112


def test_fourteen_pairs_of_dit_xl_have_37_million_numbers_more():
    plain, grafted = (skeleton(XL, {(layer, "block"): "pairs" for layer in firsts}) for firsts in ((), range(0, 28, 2)))
    surplus = count_parameters(grafted) - count_parameters(plain)

    assert surplus == 14 * (2 * 1152 * 1152 + 1152) and round(surplus / 1e6, 1) == 37.2
    assert round(count_parameters(grafted) / 1e6) == 712  # as many as the paper says


def test_costs_are_those_of_the_blocks_that_stand_there_and_of_the_merge(model):
    shape = shape_of(model)
    own = sum(parameter.numel() for parameter in operator_of(model, 2, "block").own_parameters())

    assert replaced_parameters("pairs", shape) == own
    assert parameters("pairs", shape) - own == 2 * 96 * 96 + 96
    was, now = replaced_flops("pairs", shape), flops("pairs", shape)
    assert now.mixing == was.mixing == 2 * flops("mha", shape).mixing
    assert now.features - was.features == 4 * 64 * 96**2
    assert replaced_flops("mlp-3", shape) == flops("mlp-4", shape) and replaced_flops("swa", shape) == flops("mha", shape)


def test_blocks_that_read_sentences_cost_their_attention_to_them_too():
    pixart = PixArtTransformer2DModel(num_attention_heads=2, attention_head_dim=16, in_channels=4, out_channels=8, num_layers=2,
                                      sample_size=8, patch_size=2, cross_attention_dim=32, caption_channels=16,
                                      use_additional_conditions=False)
    shape, asked = shape_of(pixart), {"encoder_hidden_states": torch.zeros(1, MAX_SENTENCE, 16), "timestep": torch.tensor([5])}
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counted:  # as products, which can be counted
        pixart(torch.zeros(1, 4, 8, 8), **asked)
    by_module = counted.get_flop_counts()
    of_blocks = sum(sum(counts.values()) for name, counts in by_module.items() if name.split(".")[-2:-1] == ["transformer_blocks"])

    assert replaced_parameters("pairs", shape) == sum(parameter.numel() for parameter in operator_of(pixart, 0, "block").parameters())
    assert replaced_flops("pairs", shape).total == pytest.approx(of_blocks, rel=1e-6)


@pytest.mark.parametrize(("layers", "count", "pairs"), [
    ((1, 3, 5, 7), 8, (0, 2, 4, 6)), (range(8), 8, (0, 2, 4, 6)), ((4, 5, 6, 7), 8, (4, 6)), ((5, 2), 8, (2, 4)),
    ((0, 6), 7, (0,)), (range(28), 28, tuple(range(0, 28, 2)))])
def test_every_pair_that_holds_a_chosen_layer_is_taken(layers, count, pairs):
    taken = replaced("pairs", layers, count)

    assert taken == tuple(layer for first in pairs for layer in (first, first + 1)) and learners("pairs", taken) == pairs
    assert replaced("swa", (3, 1), count) == learners("swa", (3, 1)) == (1, 3)


def test_what_cannot_stand_side_by_side_is_one_sentence(model):
    odd = skeleton(MINIATURE | {"num_layers": 7}, {})
    with pytest.raises(InputError, match="Layer 6 is the last of 7 and has none to stand beside"):
        graft(odd, "pairs", [6], seed=0)
    with pytest.raises(InputError, match="stand side by side already"):
        graft(graft(model, "pairs", [0], seed=0), "pairs", [1], seed=0)


def test_other_operators_go_into_blocks_side_by_side(model):
    both = graft(graft(model, "swa", [1], seed=0), "pairs", [0], seed=0)

    assert torch.equal(said(both), said(graft(graft(model, "pairs", [0], seed=0), "swa", [1], seed=0)))


def test_a_pair_hears_and_says_what_its_two_blocks_did(model, drawn):
    heard = extract(model, [2, 4], "block", *drawn, seed=0, batch=25)[2]
    pair = operator_of(model, 2, "block")
    tokens, given, wanted = heard.some(slice(None))

    assert heard.heard.shape == heard.said.shape == (40, 64, 96) and heard.heard.dtype == torch.float16
    assert set(given) == {"timestep", "class_labels"} and len(set(given["timestep"].tolist())) > 20
    with torch.no_grad():
        again = pair(tokens, **given)
    assert (again - wanted).norm() / wanted.norm() < 2e-3 and relative_error(pair, heard) < 1e-3
    assert not blocks_of(model)[2]._forward_pre_hooks and not blocks_of(model)[3]._forward_hooks


def test_the_error_is_a_share_of_what_two_blocks_add(model, drawn):
    """Who only hands on what was heard is off by about all of it, although most of what is said would be right."""
    heard = extract(model, [0], "block", *drawn, seed=0)[0]
    added = heard.said.float() - heard.heard.float()

    class HandsOn(torch.nn.Module):
        def forward(self, tokens, **_given):
            return tokens + float(added.mean())

    assert relative_error(HandsOn(), heard) == pytest.approx(1, abs=0.01)
    assert float(heard.said.float().var()) != pytest.approx(float(added.var()), rel=0.05)


def test_a_pair_learns_and_leaves_the_embedder_that_all_share(model, drawn):
    heard = extract(model, [2], "block", *drawn, seed=0)[2]
    grafted = graft(model, "pairs", [2], seed=0)
    before = {name: value.clone() for name, value in grafted.state_dict().items()}
    learner = Distilling(operator_of(grafted, 2, "block"), heard, loss="l1", steps=8, seed=0)
    began = relative_error(learner.operator, heard)
    learner.learn(8)
    changed = {name for name, value in grafted.state_dict().items() if not torch.equal(value, before[name])}

    assert relative_error(learner.operator, heard) < 0.7 * began
    assert {name.split(".")[1] for name in changed} == {"2", "3"} and not any("norm1.emb" in name for name in changed)
    assert {"transformer_blocks.3.merge.weight", "transformer_blocks.2.attn1.to_q.weight"} <= changed


def test_stage_2_trains_pairs_and_hears_the_teacher_where_a_pair_ends(model, drawn):
    grafted = graft(model, "pairs", [0, 2], seed=0)
    training = DiffusionTraining(grafted.train(), Rates(steps=3, peak=1e-3, warm_up=1), seed=0, taught_by=model, layers=(0, 2),
                                 place="block", has_diffusion=False)
    before = blocks_of(grafted)[1].merge.weight.clone()
    loss, _ = training.loss((drawn[0][:4], drawn[1][:4]))
    training.learn((drawn[0][:4], drawn[1][:4]))

    assert float(loss.detach()) > 0 and not torch.equal(blocks_of(grafted)[1].merge.weight, before)
    assert not torch.equal(blocks_of(training.averaged)[1].merge.weight, before)
    assert len(training._teacher._said) == len(training._teacher._kept) == 2, "else a step is held against what was said before"


def test_no_block_is_put_into_a_second_pair(model):
    blocks = blocks_of(graft(model, "pairs", [2], seed=0))
    for first, second in ((2, 3), (2, 4), (1, 3)):
        with pytest.raises(InputError, match="stand side by side already"):
            put_beside(blocks[first], blocks[second], averaging(96))


def test_a_folder_of_pairs_comes_back_bit_for_bit_and_not_without_its_marker(model, tmp_path):
    grafted = graft(model, "pairs", [2, 3], seed=5)
    with torch.no_grad():
        blocks_of(grafted)[3].merge.weight.normal_()
    save_folder(grafted, tmp_path / "pairs", graft=told(model, (2, 3)))
    again = load_folder(tmp_path / "pairs")

    assert torch.equal(said(again), said(grafted)) and hash_of(again) == hash_of(grafted)
    with pytest.raises(ValueError, match="the graft says"):
        save_folder(grafted, tmp_path / "other", graft=told(model, (4, 5)))
    (tmp_path / "pairs" / MARKER).unlink()
    with pytest.raises(InputError, match=r"^Blocks 2 and 3 of 'pairs' stand side by side and there is no graft\.json"):
        load_folder(tmp_path / "pairs")


def test_a_merge_in_the_first_block_of_a_pair_is_refused(model, tmp_path):
    save_folder(graft(model, "pairs", [2], seed=5), tmp_path / "pairs", graft=told(model, (2, 3)))
    file = tmp_path / "pairs" / GRAFTED
    weights = {key.replace("blocks.3.merge", "blocks.2.merge"): value for key, value in load_file(file).items()}
    save_file(weights, file)

    with pytest.raises(InputError, match=r"has a merge in block 2\. It stands in the second block of a pair"):
        load_folder(tmp_path / "pairs")


def test_what_pairs_changed_is_their_merges_and_what_learned(model, tmp_path):
    grafted = graft(model, "pairs", [0, 1], seed=5)
    with torch.no_grad():
        blocks_of(grafted)[0].ff.net[2].bias.add_(1)
    save_changed(grafted, model, tmp_path / "changed", graft=told(model, (0, 1)))
    again, _ = load_changed(tmp_path / "changed", model)

    assert set(load_file(tmp_path / "changed" / CHANGED)) == {
        "transformer_blocks.1.merge.weight", "transformer_blocks.1.merge.bias", "transformer_blocks.0.ff.net.2.bias"}
    assert torch.equal(said(again), said(grafted))


def test_the_official_layout_cannot_say_pairs(model):
    with pytest.raises(InputError, match="Blocks 4 and 5 stand side by side, which the official layout cannot say"):
        to_official(graft(model, "pairs", [4], seed=0))
    weights = to_official(model) | {"blocks.1.merge.weight": torch.zeros(96, 192)}
    with pytest.raises(InputError, match=r"holds 'blocks\.1\.merge\.weight', which is no part of this network"):
        from_official(weights, heads=6)


@pytest.mark.parametrize("threads", [1, 2])
def test_two_blocks_are_timed_every_way_that_the_threads_allow(threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        now = iter(range(10_000))
        timed = pair_took(Shape(16, 2, 16), 16, times=4, most_s=1e9, clock=lambda: next(now))

        assert (timed.tokens, timed.threads, timed.sequence, timed.beside) == (16, threads, (1e3, 1e3), (1e3, 1e3))
        assert timed.at_once == (None if threads == 1 else (1e3, 1e3)) and torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
