"""Replies of a language model to many prompts at once, each drawn from numbers of its own.

A reply depends on its prompt and on its draw, (seed, turn), and not on what else is generated beside it: every reply has a
generator of its own, prompts are padded on the left with positions that count tokens only, and rows that are done leave the batch.
(What remains is rounding: sums in another order differ in the last digits, which changes a reply only where its number falls
between the two.) It works for every decoder of transformers, with pictures or without, also where a token has three positions, as
in Qwen-VL. transformers' own `generate` draws all rows from one stream.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature

import numpy as np
import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from models.attention.families import positions

Draw = tuple[int, int]  # seed and turn, none below 0


@dataclass(frozen=True)
class Prompt:
    """What a model is shown.

    Attributes:
        ids: tokens, at least one.
        inputs: what else it needs, such as `pixel_values`, as for a batch of one prompt: rows are joined along the first axis.
            Nothing that has an entry per token.
    """

    ids: tuple[int, ...]
    inputs: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Sampling:
    """How replies are drawn.

    Attributes:
        stops: tokens that end a reply.
        max_tokens: of a reply, the stop included.
        temperature: 0 takes the likeliest token.
        top_p: only the likeliest tokens that together reach it are drawn from.
        batch: most prompts at once.
        tells_entropy: whether replies say how undecided each draw was.
    """

    stops: tuple[int, ...]
    max_tokens: int = 64
    temperature: float = 1.0
    top_p: float = 1.0
    batch: int = 64
    tells_entropy: bool = False

    @property
    def softness(self) -> float:
        """What logits are divided by before probabilities are reported: those of a greedy reply are the model's own."""
        return self.temperature or 1.0


@dataclass(frozen=True)
class Reply:
    """What a model said.

    Attributes:
        ids: tokens that were drawn, the stop included where there was one.
        logprobs: of them, nats, at the temperature but before top-p, as they are learned from.
        stopped: False where the reply was cut at its longest.
        entropies: of what each token was drawn from, nats, at the temperature; empty where nobody asked.
    """

    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    stopped: bool
    entropies: tuple[float, ...] = ()


@torch.no_grad()
def generate(model: PreTrainedModel, prompts: Sequence[Prompt], draws: Sequence[Draw], sampling: Sampling) -> list[Reply]:
    """Return a reply to each prompt, in their order.

    Args:
        draws: what each reply is drawn from; the same one gives the same reply to the same prompt.
    Raises:
        ValueError: a prompt is empty, or has no room for a reply.
    """
    room = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    for prompt in prompts:
        if not prompt.ids:
            raise ValueError("a prompt is empty; it must have a token at the least")
        if room is not None and len(prompt.ids) + sampling.max_tokens > room:
            raise ValueError(f"a prompt has {len(prompt.ids)} tokens; with {sampling.max_tokens} for the reply at most "
                             f"{room - sampling.max_tokens} fit into the model's {room} positions")
    model.eval()
    replies: list[Reply | None] = [None] * len(prompts)
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index].ids))  # of about one length: little padding
    for start in range(0, len(order), sampling.batch):
        part = order[start:start + sampling.batch]
        for index, reply in zip(part, _generate(model, [prompts[i] for i in part], [draws[i] for i in part], sampling)):
            replies[index] = reply
    return [reply for reply in replies if reply is not None]


def _generate(model: PreTrainedModel, prompts: Sequence[Prompt], draws: Sequence[Draw], sampling: Sampling) -> list[Reply]:
    drawn = np.stack([np.random.default_rng(draw).random(sampling.max_tokens) for draw in draws])
    uniforms = torch.from_numpy(drawn).to(model.device)  # (prompts, tokens)
    accepted = signature(model.forward).parameters
    cache_name = "cache" if "cache" in accepted else "past_key_values"  # its name before transformers 5.24
    ids, attention = _padded_left(prompts, model)
    inputs = joined_inputs([prompt.inputs for prompt in prompts], model)
    places = positions(model, {"input_ids": ids, "attention_mask": attention, **inputs})  # (rows, tokens) or (3, rows, tokens)
    cache = DynamicCache(config=model.config.get_text_config())
    logits = model(input_ids=ids, attention_mask=attention, position_ids=places, **{cache_name: cache}, use_cache=True,
                   logits_to_keep=1, **inputs).logits[:, -1]
    rows = torch.arange(len(prompts), device=model.device)  # that are not done yet
    places = places[..., -1:]
    stops = torch.tensor(sampling.stops, dtype=torch.long, device=model.device)
    tokens = torch.zeros_like(uniforms, dtype=torch.long)
    logprobs, entropies = torch.zeros_like(uniforms), torch.zeros_like(uniforms)
    lengths = torch.full_like(rows, sampling.max_tokens)
    is_stopped = torch.zeros_like(rows, dtype=torch.bool)
    for step in range(sampling.max_tokens):
        chosen = sayable(logits, model)
        token, logprob = draw_tokens(chosen, uniforms[rows, step], sampling)
        tokens[rows, step], logprobs[rows, step] = token, logprob.to(logprobs.dtype)
        if sampling.tells_entropy:
            entropies[rows, step] = entropy_of(chosen / sampling.softness).to(entropies.dtype)
        done = torch.isin(token, stops)
        lengths[rows[done]], is_stopped[rows[done]] = step + 1, True
        if done.all() or step + 1 == sampling.max_tokens:
            break
        if done.any():  # a row that is done is not computed any further
            left = (~done).nonzero()[:, 0]
            cache.batch_select_indices(left)
            rows, token, attention, places = rows[left], token[left], attention[left], places[..., left, :]
        attention = torch.cat([attention, torch.ones_like(token[:, None])], 1)
        places = places + 1
        logits = model(input_ids=token[:, None], attention_mask=attention, position_ids=places, **{cache_name: cache},
                       use_cache=True).logits[:, -1]
    return [Reply(tuple(own[:length]), tuple(said[:length]), stopped, tuple(open_[:length]) if sampling.tells_entropy else ())
            for own, said, open_, length, stopped in
            zip(tokens.tolist(), logprobs.tolist(), entropies.tolist(), lengths.tolist(), is_stopped.tolist())]


def entropy_of(logits: Tensor) -> Tensor:
    """Return how undecided each row is, nats, (..., vocabulary) -> (...)."""
    logprobs = torch.log_softmax(logits, -1)
    return -(logprobs.exp() * logprobs).sum(-1)


def draw_tokens(logits: Tensor, uniforms: Tensor, sampling: Sampling) -> tuple[Tensor, Tensor]:
    """Return a token for each row and its log-probability, (rows,) both.

    The number picks where it falls when all probabilities are laid end to end in the order of the vocabulary, not of their size: two
    tokens of nearly one probability change places for a rounding, and would change the reply.

    Args:
        logits: (rows, vocabulary).    uniforms: (rows,), 0 to 1, 1 excluded.
    """
    all_logprobs = torch.log_softmax(logits / sampling.softness, -1)
    if sampling.temperature == 0:
        token = all_logprobs.argmax(-1)
    else:
        chances = all_logprobs.double().exp()
        if sampling.top_p < 1:
            ranked, order = torch.sort(chances, dim=-1, descending=True, stable=True)
            is_beyond = ranked.cumsum(-1) - ranked >= sampling.top_p  # the token that reaches it is the last one in
            chances = chances.masked_fill(torch.zeros_like(is_beyond).scatter(-1, order, is_beyond), 0)
        ends = chances.cumsum(-1)
        token = torch.searchsorted(ends, (uniforms.to(ends.dtype) * ends[:, -1])[:, None], right=True)[:, 0]  # never past the end:
        # a number below 1 times the end is less than the end in double precision, however it is rounded
    return token, all_logprobs.gather(-1, token[:, None])[:, 0]


def precise(logits: Tensor) -> Tensor:
    """Return logits in single precision at the least: probabilities of half precision are too coarse for ratios."""
    return logits if logits.dtype == torch.float64 else logits.float()


def sayable(logits: Tensor, model: PreTrainedModel) -> Tensor:
    """Return `precise` logits in which no placeholder of a picture can be drawn: in a reply no picture would stand behind it.

    Args:
        logits: (..., vocabulary).
    """
    places = [place for name in ("image_token_id", "video_token_id") if (place := getattr(model.config, name, None)) is not None]
    logits = precise(logits)
    return logits.index_fill(-1, torch.tensor(places, device=logits.device), -1e9) if places else logits  # finite: 0 times it is 0


def joined_inputs(shown: Sequence[Mapping[str, Tensor]], model: PreTrainedModel) -> dict[str, Tensor]:
    """Return what each row is shown beside tokens, joined along the first axis; a row without a picture adds nothing."""
    names = dict.fromkeys(name for inputs in shown for name in inputs)
    joined = {name: torch.cat([inputs[name] for inputs in shown if name in inputs]).to(model.device) for name in names}
    return {name: value.to(model.dtype) if value.is_floating_point() else value for name, value in joined.items()}


def own_positions(model: PreTrainedModel, ids: Tensor, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return `position_ids` of rows padded on the right, for models that do not simply count; their own may be of another prompt.

    Args:
        ids: (rows, tokens).    inputs: of all rows.
    """
    places = positions(model, {"input_ids": ids, **inputs})
    return {"position_ids": places} if places.ndim > 2 else {}


def _padded_left(prompts: Sequence[Prompt], model: PreTrainedModel) -> tuple[Tensor, Tensor]:
    """Return tokens, (prompts, tokens) with zeros in front, and 1 where there is one."""
    longest = max(len(prompt.ids) for prompt in prompts)
    ids = torch.tensor([[0] * (longest - len(prompt.ids)) + list(prompt.ids) for prompt in prompts], device=model.device)
    attention = torch.tensor([[0] * (longest - len(prompt.ids)) + [1] * len(prompt.ids) for prompt in prompts], device=model.device)
    return ids, attention
