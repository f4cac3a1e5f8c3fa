"""Rows to learn from: what was shown and said, which tokens the policy drew, and what they are to learn.

A row is one turn (ERA, whose prompts show the last turn only), or a whole episode where each prompt goes on from what stood before it
(RAGEN, Evo-MARL). Only tokens that the policy drew itself are learned from; prompts, what a world says and forced tokens are not.
Batches are padded on the right, where no token of a decoder sees it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers import PreTrainedModel

from models.training.generation import joined_inputs
from models.training.rollout import Played, PlayedTurn


@dataclass(frozen=True)
class Sample:
    """One row as it was played.

    Attributes:
        episode: number of the episode among those that are learned from together.
        ids: (tokens,) prompt and replies.
        turns: (tokens,) which turn of the episode the policy drew a token in, -1 where it drew none.
        logprobs: (tokens,) of the drawn tokens when they were drawn, 0 elsewhere; nats.
        inputs: what was shown beside tokens, as for a batch of one.
    """

    episode: int
    ids: Tensor
    turns: Tensor
    logprobs: Tensor
    inputs: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def drawn(self) -> Tensor:
        """(tokens,) true where the policy drew."""
        return self.turns >= 0

    @property
    def firsts(self) -> Tensor:
        """(tokens,) true at the first drawn token of every turn."""
        return self.drawn & (self.turns != torch.cat([self.turns.new_full((1,), -1), self.turns[:-1]]))

    @property
    def ends(self) -> Tensor:
        """(tokens,) true at the last drawn token of every turn."""
        return self.drawn & (self.turns != torch.cat([self.turns[1:], self.turns.new_full((1,), -1)]))


def turn_samples(episodes: Sequence[Played], agent: str | None = None) -> list[Sample]:
    """Return a row for each turn of each episode, of one agent's turns only where it is named."""
    return [_sample(number, turn.prompt.ids, [turn]) for number, episode in enumerate(episodes) for turn in episode.turns
            if agent is None or turn.agent == agent]


def episode_samples(episodes: Sequence[Played]) -> list[Sample]:
    """Return one row for each episode, from the first prompt to the last reply.

    Raises:
        ValueError: a prompt does not begin with everything that was shown and said before it.
    """
    return [_sample(number, episode.turns[-1].prompt.ids, episode.turns) for number, episode in enumerate(episodes) if episode.turns]


def _sample(number: int, last_prompt: tuple[int, ...], turns: Sequence[PlayedTurn]) -> Sample:
    ids = list(last_prompt) + list(turns[-1].reply.ids)
    owner, logprobs = [-1] * len(ids), [0.0] * len(ids)
    for turn in turns:
        start, end = len(turn.prompt.ids), len(turn.prompt.ids) + len(turn.reply.ids)
        if ids[:end] != [*turn.prompt.ids, *turn.reply.ids]:
            raise ValueError(f"the prompts after turn {turn.index} of episode {number} do not go on from it; such turns are rows of "
                             "their own (turn_samples)")
        owner[start:end], logprobs[start:end] = [turn.index] * (end - start), turn.reply.logprobs
    return Sample(number, torch.tensor(ids), torch.tensor(owner), torch.tensor(logprobs, dtype=torch.float64),
                  turns[-1].prompt.inputs)


@dataclass(frozen=True)
class Lesson:
    """A row and what it is to teach; everything is (tokens,), at the token that a number is about.

    Attributes:
        advantages: of drawn tokens, as the policy learns them (whitened where that was asked for).
        raw: the same before whitening.
        valued: where the critic learns; its value was read one position before.
        values, returns: the critic's there when the episode was over, and what it is to say.
    """

    sample: Sample
    advantages: Tensor
    raw: Tensor
    valued: Tensor
    values: Tensor
    returns: Tensor


@dataclass(frozen=True)
class Batch:
    """Rows of one length, (rows, tokens) each but `episodes`, which is (rows,)."""

    ids: Tensor
    turns: Tensor
    logprobs: Tensor
    episodes: Tensor
    inputs: Mapping[str, Tensor]

    @property
    def drawn(self) -> Tensor:
        return self.turns >= 0


def stacked(rows: Sequence[Tensor], *, fill: float = 0) -> Tensor:
    """Return rows of any lengths as (rows, tokens), filled behind."""
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True, padding_value=fill)


def batch_of(samples: Sequence[Sample], model: PreTrainedModel) -> Batch:
    """Return rows as one batch on the model's device."""
    device = model.device
    return Batch(ids=stacked([sample.ids for sample in samples]).to(device),
                 turns=stacked([sample.turns for sample in samples], fill=-1).to(device),
                 logprobs=stacked([sample.logprobs for sample in samples]).to(device),
                 episodes=torch.tensor([sample.episode for sample in samples], device=device),
                 inputs=joined_inputs([sample.inputs for sample in samples], model))


def by_episode(samples: Sequence[Sample]) -> Iterator[tuple[int, list[int]]]:
    """Yield each episode's number with the places of its rows, in the order of their turns."""
    places: dict[int, list[int]] = {}
    for place, sample in enumerate(samples):
        places.setdefault(sample.episode, []).append(place)
    for episode, own in places.items():
        yield episode, sorted(own, key=lambda place: int(samples[place].turns.max()))
