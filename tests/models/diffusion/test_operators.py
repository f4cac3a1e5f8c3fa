"""Operators: as many parameters as the paper says, as far a look as the paper says, and every way of computing them agrees."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from transformers import Mamba2Config
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer

from models.diffusion.network import count_parameters
from models.diffusion.operators import BLOCK, CHUNK, Hyena, HyenaXMlp, LinearAttention, Mamba2, Mlp, SlidingWindow, causal
from worlds.errors import InputError

WIDTH, HEADS, TOKENS = 96, 6, 64
MAKERS = {
    "hyena_se": lambda width=WIDTH: Hyena(width, has_short=True, has_inner=True),
    "hyena_x": lambda width=WIDTH: Hyena(width, has_short=True, has_inner=False),
    "hyena_y": lambda width=WIDTH: Hyena(width, has_short=False, has_inner=True),
    "swa": lambda width=WIDTH: SlidingWindow(width, width // 16),
    "linear": lambda width=WIDTH: LinearAttention(width, width // 16),
    "mamba2": lambda width=WIDTH: Mamba2(width, state=16, head=16),
}


def random(maker, *, seed=0):
    """An operator all of whose weights are random, those of the identity filter too."""
    torch.manual_seed(seed)
    made = maker().eval()
    for parameter in made.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=0.3)
    return made


@pytest.mark.parametrize(("name", "number"), [("swa", 37_248), ("linear", 37_248), ("hyena_x", 38_688), ("hyena_y", 37_728),
                                              ("hyena_se", 39_168), ("mamba2", 60_868)])
def test_an_operator_has_as_many_parameters_as_it_should(name, number):
    assert count_parameters(MAKERS[name]()) == number


@pytest.mark.parametrize("ratio", [1, 3, 4, 6])
def test_a_feed_forward_part_grows_with_its_ratio(ratio):
    assert count_parameters(Mlp(WIDTH, ratio)) == WIDTH * ratio * WIDTH * 2 + WIDTH * ratio + WIDTH


def test_at_the_width_of_dit_xl_the_parameters_are_those_of_the_paper():
    width, attention = 1152, 4 * 1152 * 1152 + 4 * 1152
    with torch.device("meta"):
        made = {"x": Hyena(width, has_short=True, has_inner=False), "y": Hyena(width, has_short=False, has_inner=True),
                "se": Hyena(width, has_short=True, has_inner=True), "mamba2": Mamba2(width, state=64, head=16)}

    extra = {name: count_parameters(one) - attention for name, one in made.items()}
    assert (extra["x"], extra["y"], extra["se"]) == (15 * width, 5 * width, 20 * width)
    assert count_parameters(made["mamba2"]) == 8_290_864


@pytest.mark.parametrize(("name", "first", "last"), [("hyena_x", 30, 33), ("hyena_y", 30, 33), ("hyena_se", 30, 36), ("swa", 26, 34),
                                                     ("mamba2", 30, 63), ("linear", 0, 63)])
@torch.no_grad()
def test_an_operator_looks_as_far_as_it_should(name, first, last):
    operator = random(MAKERS[name])
    seen = torch.randn(1, TOKENS, WIDTH, generator=torch.Generator().manual_seed(1))
    other = seen.clone()
    other[0, 30] += torch.randn(WIDTH, generator=torch.Generator().manual_seed(2))

    changed = ((operator(seen) - operator(other)).abs().amax(-1)[0] > 1e-7).nonzero()[:, 0].tolist()
    assert (changed[0], changed[-1]) == (first, last) and len(changed) == last - first + 1


@torch.no_grad()
def test_an_inner_filter_begins_as_the_identity():
    operator, seen = MAKERS["hyena_y"]().eval(), torch.randn(1, TOKENS, WIDTH)
    query, key, value = operator.in_proj(seen).chunk(3, -1)

    assert torch.allclose(operator(seen), operator.out_proj(query * key * value), atol=1e-6)


@torch.no_grad()
def test_the_ways_of_a_short_convolution_agree():
    torch.manual_seed(0)
    convolution, sequence = nn.Conv1d(12, 12, 4, groups=12), torch.randn(2, 50, 12)
    weight, padded = convolution.weight[:, 0], functional.pad(sequence, (0, 0, 3, 0))

    shifted = sum(padded[:, tap:tap + 50] * weight[:, tap] for tap in range(4)) + convolution.bias
    long = torch.fft.rfft(sequence, n=100, dim=1) * torch.fft.rfft(weight.flip(1), n=100, dim=1).T
    fast = torch.fft.irfft(long, n=100, dim=1)[:, :50] + convolution.bias
    assert torch.allclose(causal(convolution, sequence), shifted, atol=1e-6)
    assert torch.allclose(causal(convolution, sequence), fast, atol=1e-5)


@pytest.mark.parametrize("tokens", [9, BLOCK, 40, 41, 64, 100, 256])
@pytest.mark.parametrize("window", [1, 4, 40])
@torch.no_grad()
def test_a_sliding_window_in_blocks_is_attention_under_a_band(tokens, window):
    torch.manual_seed(0)
    operator, seen = SlidingWindow(32, 2, window).eval(), torch.randn(2, tokens, 32)
    query, key, value = operator.Wqkv(seen).view(2, tokens, 3, 2, 16).permute(2, 0, 3, 1, 4)
    scores = query @ key.transpose(-1, -2) / 4
    place = torch.arange(tokens)
    band = (place[:, None] - place).abs() <= window

    mixed = scores.masked_fill(~band, float("-inf")).softmax(-1) @ value
    assert torch.allclose(operator(seen), operator.out_proj(mixed.transpose(1, 2).reshape(2, tokens, 32)), atol=1e-5)


@torch.no_grad()
def test_linear_attention_is_a_weighted_mean_of_all_values():
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 2, 3, 20, 8)
    weights = (functional.elu(query) + 1) @ (functional.elu(key) + 1).transpose(-1, -2)

    assert torch.allclose(LinearAttention(24, 3).mix(query, key, value), weights / weights.sum(-1, keepdim=True) @ value, atol=1e-5)


@pytest.mark.parametrize("tokens", [24, CHUNK, 100, 3 * CHUNK])  # less than a chunk, one, not a whole number of them, several
@torch.no_grad()
def test_mamba_takes_the_weights_of_the_mixer_and_is_its_recurrence(tokens):
    torch.manual_seed(0)
    operator = Mamba2(32, state=8, head=16).eval()
    mixer = Mamba2Mixer(Mamba2Config(hidden_size=32, state_size=8, conv_kernel=4, expand=2, head_dim=16, num_heads=4, n_groups=1,
                                     use_bias=False, use_conv_bias=True), layer_idx=0).eval()
    mixer.load_state_dict(operator.state_dict())
    seen = torch.randn(2, tokens, 32)

    assert torch.allclose(operator(seen), mixer(seen), atol=1e-5)
    assert torch.allclose(operator(seen), _recurrence(operator, seen), atol=1e-5)


def _recurrence(mamba, seen):
    """Mamba-2 token by token, as its paper writes it."""
    inner, state, heads, head = 64, 8, 4, 16
    gate, mixed, step = mamba.in_proj(seen).split([inner, inner + 2 * state, heads], -1)
    mixed = functional.silu(mamba.conv1d(mixed.transpose(1, 2))[..., :seen.shape[1]].transpose(1, 2))
    value, into, out = mixed.split([inner, state, state], -1)
    step = functional.softplus(step + mamba.dt_bias)
    decay = torch.exp(-step * mamba.A_log.exp())
    memory, said = torch.zeros(2, heads, head, state), []
    for token in range(seen.shape[1]):
        now = value[:, token].view(2, heads, head)
        memory = memory * decay[:, token, :, None, None] + (step[:, token, :, None] * now)[..., None] * into[:, token, None, None]
        said.append(((memory * out[:, token, None, None]).sum(-1) + mamba.D[:, None] * now).flatten(1))
    return mamba.out_proj(mamba.norm(torch.stack(said, 1), gate))


@torch.no_grad()
def test_a_hyena_feed_forward_part_filters_along_the_channels_of_each_token():
    torch.manual_seed(0)
    operator, seen = HyenaXMlp(8, tokens=5).eval(), torch.randn(1, 5, 8)
    projected = operator.in_proj(seen)[0]
    filtered = torch.stack([sum(functional.pad(projected[token], (3, 0))[tap:tap + 48] * operator.short_filter.weight[token, 0, tap]
                                for tap in range(4)) + operator.short_filter.bias[token] for token in range(5)])
    query, key, value = filtered.chunk(3, -1)

    assert torch.allclose(operator(seen)[0], operator.out_proj(query * key * value), atol=1e-6)


@pytest.mark.parametrize("make", [lambda: SlidingWindow(96, 6, 0), lambda: SlidingWindow(96, 7), lambda: Mlp(96, 0),
                                  lambda: Mamba2(96, state=16, head=17), lambda: HyenaXMlp(8, tokens=5)(torch.zeros(1, 6, 8))])
def test_what_cannot_be_is_refused_in_a_sentence(make):
    with pytest.raises(InputError, match=r"\w.*\.$"):
        make()
