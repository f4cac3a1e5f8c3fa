"""How the agent learns from samples: next words of the reply alone, one prior after another (arXiv 2510.12693, section 3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import LlavaForConditionalGeneration

from models.agents.craft import Craft
from models.agents.samples import Sample
from models.scene_vlm import fresh_model
from models.scene_words import BOS, IMAGE, MEAN, PAD, STD
from models.training.supervised import Learner

LEARNING_RATE, WARM_UP = 1.5e-3, 50
IGNORED = -100  # of the loss


@dataclass(frozen=True)
class Batch:
    """Samples that all have a picture, or all have none; padded on the right.

    Attributes:
        ids, wanted: (samples, tokens); what is wanted is IGNORED but in replies.
        pixels: (samples, 3, side, side), or None.
    """

    ids: Tensor
    wanted: Tensor
    pixels: Tensor | None


def pixels_of(pictures: Sequence[np.ndarray]) -> Tensor:
    """Pictures, each (side, side, 3) uint8 RGB, as the network takes them: (pictures, 3, side, side), normalised."""
    normal = (np.stack(pictures).astype(np.float32) / 255 - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    return torch.from_numpy(normal.transpose(0, 3, 1, 2).copy())


def prompt_ids(craft: Craft, prompt: str, *, has_picture: bool) -> list[int]:
    """<s>, the picture's places, and the words."""
    words: list[int] = craft.tokenizer(prompt, add_special_tokens=False)["input_ids"]
    return [BOS, *[IMAGE] * (craft.size.image_tokens if has_picture else 0), *words]


@dataclass
class Eye:
    """What the samples of a training show, each drawn once."""

    craft: Craft
    seen: dict[int, np.ndarray] = field(default_factory=dict)  # by the sample's identity

    def of(self, sample: Sample) -> np.ndarray:
        """Its picture."""
        if id(sample) not in self.seen:
            self.seen[id(sample)] = self.craft.picture(sample.state)
        return self.seen[id(sample)]


def batch_of(samples: Sequence[Sample], craft: Craft, eye: Eye) -> Batch:
    """Samples as one batch."""
    has_picture = samples[0].state is not None
    rows = [(prompt_ids(craft, one.prompt, has_picture=has_picture),
             craft.tokenizer(one.reply, add_special_tokens=False)["input_ids"]) for one in samples]
    longest = max(len(prompt) + len(said) for prompt, said in rows)
    ids, wanted = torch.full((len(rows), longest), PAD), torch.full((len(rows), longest), IGNORED)
    for index, (prompt, said) in enumerate(rows):
        ids[index, :len(prompt) + len(said)] = torch.tensor([*prompt, *said])
        wanted[index, len(prompt):len(prompt) + len(said)] = torch.tensor(said)
    return Batch(ids, wanted, pixels_of([eye.of(one) for one in samples]) if has_picture else None)


def loss_of(model: LlavaForConditionalGeneration, batch: Batch) -> Tensor:
    """Mean cross entropy of the replies' tokens, nats. In single precision: half of it takes ten times as long where a processor has
    no instructions for it."""
    shown = {} if batch.pixels is None else {"pixel_values": batch.pixels}
    seen = model.model(input_ids=batch.ids, attention_mask=(batch.ids != PAD).long(), use_cache=False, **shown)
    is_wanted = batch.wanted[:, 1:] != IGNORED
    logits = model.lm_head(seen.last_hidden_state[:, :-1][is_wanted])
    return functional.cross_entropy(logits, batch.wanted[:, 1:][is_wanted])


def fresh_agent(craft: Craft, *, seed: int = 0) -> LlavaForConditionalGeneration:
    """An agent that has learned nothing."""
    return fresh_model(craft.size, seed=seed, words=len(craft.tokenizer))


def learn(model: LlavaForConditionalGeneration, craft: Craft, samples: Sequence[Sample], *, updates: int,
          seed: int = 0) -> Iterator[float]:
    """Learn from batches of the samples; yield the loss of each update. The rate rises, and falls as a cosine."""
    model.train().set_attn_implementation("eager")  # fused attention takes longer to train on a CPU
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    losses: list[float] = []

    def loss(batch: Batch) -> tuple[Tensor, int]:
        value = loss_of(model, batch)
        losses.append(value.item())
        return value, len(batch.ids)

    learner: Learner[Batch] = Learner(model, optimizer, loss)
    batches, eye = _batches(samples, seed, craft.batch), Eye(craft)
    try:
        for update in range(updates):
            for group in optimizer.param_groups:
                falls = 0.02 + 0.49 * (1 + np.cos(np.pi * update / updates))
                group["lr"] = LEARNING_RATE * min(1.0, (update + 1) / WARM_UP) * falls
            learner.learn(batch_of(next(batches), craft, eye))
            yield losses[-1]
    finally:  # also where it is stopped
        model.eval().set_attn_implementation("sdpa")


def _batches(samples: Sequence[Sample], seed: int, size: int) -> Iterator[list[Sample]]:
    """Endlessly: each pass in a new order, those with a picture and those without apart, as often as there are of them."""
    generator = np.random.default_rng([seed, 77])
    kinds = [[one for one in samples if (one.state is not None) == has] for has in (True, False)]
    while True:
        cut = [[kind[int(index)] for index in generator.permutation(len(kind))] for kind in kinds]
        made = [kind[first:first + size] for kind in cut for first in range(0, len(kind), size)]
        for index in generator.permutation(len(made)):
            yield made[int(index)]
