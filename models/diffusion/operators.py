"""What is put in the place of attention or of the feed-forward part: (batch, tokens, width) in, the same out.

Source: Exploring Diffusion Transformer Designs via Grafting, arXiv 2506.05340, table 3, and the names of the released weights, which
these modules take unchanged. The released code needs three CUDA libraries for the same; here everything is plain torch, on any
device. Tokens come in raster order: "the three before" are the neighbours on the left, and at the left edge the end of the row above.
"""

import logging
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import Mamba2Config
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer

from worlds.errors import InputError

FILTER = 4  # taps of every short convolution: a token and the three before it
WINDOW = 4  # tokens on each side that a sliding window sees; nine with its own
CHUNK = 64  # tokens of a Mamba-2 scan that are computed at once
BLOCK = 32  # queries of a sliding window that are computed at once

# it says at its first call that no CUDA kernels are there, three times
logging.getLogger("transformers.models.mamba2.modeling_mamba2").setLevel(logging.ERROR)


def causal(convolution: nn.Conv1d, sequence: Tensor) -> Tensor:
    """A depth-wise convolution that sees a place and those before it, (n, places, channels) -> the same."""
    taps = convolution.kernel_size[0]
    return convolution(functional.pad(sequence.transpose(1, 2), (taps - 1, 0))).transpose(1, 2)  # type: ignore[no-any-return]


def _depthwise(channels: int) -> nn.Conv1d:
    return nn.Conv1d(channels, channels, FILTER, groups=channels)


def _identity(convolution: nn.Conv1d) -> nn.Conv1d:
    """Let only the last tap through, so that the filter changes nothing until it is trained."""
    with torch.no_grad():
        convolution.weight.zero_()
        convolution.weight[..., -1] = 1
        convolution.bias.zero_()  # type: ignore[union-attr]
    return convolution


class Hyena(nn.Module):
    """Gated short convolutions: y = (q * f(k * v)) W + b, and q, k, v from a projection that may itself be filtered.

    Hyena-SE has both filters, Hyena-X only that of the projection, Hyena-Y only the inner one.

    Args:
        has_short: whether the projection is filtered.
        has_inner: whether the product of k and v is.
    """

    def __init__(self, width: int, *, has_short: bool, has_inner: bool) -> None:
        super().__init__()
        self.in_proj, self.out_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.short_filter = _depthwise(3 * width) if has_short else None
        self.inner_filter = _identity(_depthwise(width)) if has_inner else None

    def forward(self, hidden_states: Tensor, encoder_hidden_states: Tensor | None = None, attention_mask: Tensor | None = None,
                **_ignored: object) -> Tensor:
        projected = self.in_proj(hidden_states)
        query, key, value = (causal(self.short_filter, projected) if self.short_filter else projected).chunk(3, -1)
        product = key * value
        return self.out_proj(query * (causal(self.inner_filter, product) if self.inner_filter else product))  # type: ignore[no-any-return]


class _HeadMixer(nn.Module):
    """What projects to heads of q, k, v, mixes the tokens and projects back; the rows of `Wqkv` are q, k, v by heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise InputError(f"{heads} heads do not divide a width of {width}.")
        self.heads = heads
        self.Wqkv, self.out_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def mix(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """What a head makes of its tokens, (n, heads, tokens, d) each."""
        raise NotImplementedError

    def forward(self, hidden_states: Tensor, encoder_hidden_states: Tensor | None = None, attention_mask: Tensor | None = None,
                **_ignored: object) -> Tensor:
        number, tokens, width = hidden_states.shape
        query, key, value = self.Wqkv(hidden_states).view(number, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = self.mix(query, key, value)
        return self.out_proj(mixed.transpose(1, 2).reshape(number, tokens, width))  # type: ignore[no-any-return]


class SlidingWindow(_HeadMixer):
    """Attention to the nearest tokens on both sides, block by block: its cost grows with the tokens, not with their square."""

    def __init__(self, width: int, heads: int, window: int = WINDOW) -> None:
        super().__init__(width, heads)
        if window < 1:
            raise InputError(f"A window of {window} tokens sees nothing beside the token itself. It has at least 1 on each side.")
        self.window = window

    def mix(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        tokens, block, window = query.shape[2], BLOCK, self.window
        if tokens <= block + 2 * window:
            return _attend(query, key, value, window)
        blocks = -(-tokens // block)
        behind = blocks * block - tokens
        queries = functional.pad(query, (0, 0, 0, behind)).unflatten(2, (blocks, block))
        keys, values = (functional.pad(each, (0, 0, window, window + behind)).unfold(2, block + 2 * window, block).transpose(-1, -2)
                        for each in (key, value))
        place = torch.arange(block, device=query.device)[:, None]
        seen = torch.arange(block + 2 * window, device=query.device)[None]
        first = torch.arange(blocks, device=query.device)[:, None, None] * block - window
        is_near = ((seen - window - place).abs() <= window) & (first + seen >= 0) & (first + seen < tokens)
        is_near = is_near | ((first + window + place) >= tokens)  # rows of the padding, which are cut off below, must see something
        mixed = functional.scaled_dot_product_attention(queries.flatten(0, 1), keys.flatten(0, 1), values.flatten(0, 1),
                                                        attn_mask=is_near)
        return mixed.unflatten(0, query.shape[:2]).flatten(2, 3)[:, :, :tokens]


def _attend(query: Tensor, key: Tensor, value: Tensor, window: int) -> Tensor:
    """The same at once, where there are few tokens."""
    place = torch.arange(query.shape[2], device=query.device)
    is_near = (place[:, None] - place[None]).abs() <= window
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=is_near)


class LinearAttention(_HeadMixer):
    """Attention with the kernel elu + 1, to both sides. Not in the paper, whose linear attention is Mamba-2.

    Source: Katharopoulos et al., Transformers are RNNs, arXiv 2006.16236.
    """

    def mix(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        query, key = functional.elu(query) + 1, functional.elu(key) + 1
        total = key.sum(2, keepdim=True).transpose(-1, -2)
        return query @ (key.transpose(-1, -2) @ value) / (query @ total)


class Mamba2(Mamba2Mixer):  # type: ignore[misc]
    """The mixer of Mamba-2, one direction, raster order. Weights, their names and first values are transformers'.

    Its scan is computed chunk by chunk: a product within a chunk, a state from one to the next (Dao and Gu, arXiv 2405.21060,
    section 6). Without CUDA kernels transformers' own scan takes a hundred times as long on short sequences.
    """

    def __init__(self, width: int, *, state: int, head: int, expand: int = 2) -> None:
        """Make one; `state` and `head` are numbers per channel and channels per head."""
        if expand * width % head:
            raise InputError(f"Heads of {head} do not divide {expand * width} channels.")
        super().__init__(Mamba2Config(hidden_size=width, state_size=state, conv_kernel=FILTER, expand=expand, head_dim=head,
                                      num_heads=expand * width // head, n_groups=1, use_bias=False, use_conv_bias=True), layer_idx=0)

    def forward(self, hidden_states: Tensor, encoder_hidden_states: Tensor | None = None, attention_mask: Tensor | None = None,
                **_ignored: Any) -> Tensor:
        inner, state, heads = self.intermediate_size, self.ssm_state_size, self.num_heads
        gate, mixed, step = self.in_proj(hidden_states).split([inner, inner + 2 * state, heads], -1)
        filtered = self.conv1d(mixed.transpose(1, 2))[..., :hidden_states.shape[1]].transpose(1, 2)  # it pads by itself
        value, write, read = functional.silu(filtered).split([inner, state, state], -1)
        step = functional.softplus(step.float() + self.dt_bias)
        value = value.unflatten(-1, (heads, -1))
        scanned = scan(value.float(), write.float(), read.float(), step, -self.A_log.exp())
        passed = (scanned + self.D[:, None] * value.float()).flatten(-2)
        return self.out_proj(self.norm(passed, gate.float()).to(hidden_states))  # type: ignore[no-any-return]


def scan(value: Tensor, write: Tensor, read: Tensor, step: Tensor, decay: Tensor) -> Tensor:
    """The recurrence of Mamba-2: state <- exp(step decay) state + step write value, and what is read of it.

    Args:
        value: (n, tokens, heads, d).
        write, read: (n, tokens, state), the same for all heads.
        step: (n, tokens, heads), above 0.
        decay: (heads,), below 0.
    Returns:
        (n, tokens, heads, d).
    """
    tokens = value.shape[1]
    behind = -tokens % min(CHUNK, tokens)
    chunks = (tokens + behind) // min(CHUNK, tokens)
    value, write, read, step = (functional.pad(each, (0, 0) * (each.ndim - 2) + (0, behind)).unflatten(1, (chunks, -1))
                                for each in (value, write, read, step))
    fallen = (step * decay).cumsum(2)  # n, chunks, c, heads: the logarithm of what is left since the chunk began
    between = fallen[:, :, :, None] - fallen[:, :, None]  # later, earlier
    is_before = torch.ones(between.shape[2:4], dtype=torch.bool, device=value.device).tril()
    left = between.masked_fill(~is_before[..., None], float("-inf")).exp()
    written = step[..., None] * value
    near = torch.einsum("zkis,zkjs,zkijh,zkjhd->zkihd", read, write, left, written)
    if chunks == 1:
        return near.flatten(1, 2)[:, :tokens]
    added = torch.einsum("zkjs,zkjh,zkjhd->zkhds", write, (fallen[:, :, -1:] - fallen).exp(), written)
    states, state = [], torch.zeros_like(added[:, 0])
    for chunk in range(chunks):
        states.append(state)
        state = fallen[:, chunk, -1].exp()[..., None, None] * state + added[:, chunk]
    far = torch.einsum("zkis,zkih,zkhds->zkihd", read, fallen.exp(), torch.stack(states, 1))
    return (near + far).flatten(1, 2)[:, :tokens]


class Mlp(nn.Module):
    """The feed-forward part, `ratio` times as wide inside as outside."""

    def __init__(self, width: int, ratio: int) -> None:
        super().__init__()
        if not 1 <= ratio <= 16:
            raise InputError(f"A feed-forward part is 1 to 16 times as wide inside, not {ratio}.")
        self.fc1, self.fc2 = nn.Linear(width, ratio * width), nn.Linear(ratio * width, width)

    def forward(self, hidden_states: Tensor, *_ignored: object) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(hidden_states), approximate="tanh"))  # type: ignore[no-any-return]


class HyenaXMlp(nn.Module):
    """Hyena-X in the place of the feed-forward part: its filter runs along the channels of each token.

    The filter has its own weights for every token, so it works for one number of tokens only.
    """

    def __init__(self, width: int, tokens: int, ratio: int = 2) -> None:
        super().__init__()
        self.in_proj, self.out_proj = nn.Linear(width, 3 * ratio * width), nn.Linear(ratio * width, width)
        self.short_filter = _depthwise(tokens)

    def forward(self, hidden_states: Tensor, *_ignored: object) -> Tensor:
        tokens = self.short_filter.in_channels
        if hidden_states.shape[1] != tokens:
            raise InputError(f"A Hyena-X feed-forward part that was made for {tokens} tokens cannot take {hidden_states.shape[1]}.")
        query, key, value = causal(self.short_filter, self.in_proj(hidden_states).transpose(1, 2)).transpose(1, 2).chunk(3, -1)
        return self.out_proj(query * key * value)  # type: ignore[no-any-return]
