"""Thoughts of a small player, each scored after the prompts of other starts: what RAGEN-2's diagnosis is worked out from.

The player as it stands thinks a few times about each of some fixed starts, the same at every diagnosis, in the first turn. X is what
it reads there, up to the forced `<think>`; Z what it drew before the end of its thought. A thought without that end is all of the
reply, as a player that has lost its form echoes too. Nothing is learned, and no draw of the training is moved by it.
Differs from the released code, which scores 64 thoughts of the batch that is learned from.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from backends.ragen.information import Information, information
from models.gamers.acting import play
from models.gamers.words import END, THINK_END, ids_of
from models.training.policy import said
from models.training.samples import Sample, batch_of
from worlds.games.seeds import validation_seeds

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from backends.ragen.starpo import StarPO
    from models.training.rollout import Played

Ids = tuple[int, ...]
STARTS, THOUGHTS = 8, 4  # fixed starts, and thoughts about each: RAGEN-2 scores 64 after 64
TOGETHER = 128  # rows of one pass


def diagnosed(starpo: "StarPO") -> Information | None:
    """Return what the thoughts of a player tell of their prompts; None where all starts read alike, or nothing is thought."""
    plan = starpo.plan
    played = play(starpo.model, starpo.new_game, plan.rules, validation_seeds(STARTS), turns=1, max_tokens=plan.max_tokens,
                  temperature=plan.temperature, members=THOUGHTS, draw=plan.seed, speech=starpo.speech)
    prompts = [one.turns[0].prompt.ids for one in played]
    return information(scores(starpo.model, prompts, [thought_of(one) for one in played], plan.temperature), prompts)


def thought_of(played: "Played") -> Ids:
    """The tokens of an episode's first thought, without marks."""
    (thought_end,), (end,) = ids_of(THINK_END), ids_of(END)
    ids = played.turns[0].reply.ids
    place = next((place for place, token in enumerate(ids) if token in (thought_end, end)), len(ids))
    return ids[:place]


@torch.no_grad()
def scores(model: "PreTrainedModel", prompts: Sequence[Ids], thoughts: Sequence[Ids], temperature: float = 1.0) -> np.ndarray:
    """Return how likely each thought is after each prompt.

    Returns:
        (thoughts, prompts) mean log-probability of its tokens, nats; minus infinity where a thought has none. Equal prompts have
        equal columns.
    """
    columns = {prompt: column for column, prompt in enumerate(dict.fromkeys(prompts))}
    found = np.full((len(thoughts), len(columns)), -np.inf)
    pairs = [(row, column, _sample(prompt, thought)) for row, thought in enumerate(thoughts) if thought
             for prompt, column in columns.items()]
    model.eval()
    for start in range(0, len(pairs), TOGETHER):
        part = pairs[start:start + TOGETHER]
        logprobs, _ = said(model, batch_of([sample for _, _, sample in part], model), temperature)
        each = logprobs.cpu().double().split([int(sample.drawn.sum()) for _, _, sample in part])
        for (row, column, _), own in zip(part, each):
            found[row, column] = own.mean().item()
    return found[:, [columns[prompt] for prompt in prompts]]


def _sample(prompt: Ids, thought: Ids) -> Sample:
    """A row in which the thought alone counts as drawn."""
    turns = torch.tensor([-1] * len(prompt) + [0] * len(thought))
    return Sample(0, torch.tensor([*prompt, *thought]), turns, torch.zeros(len(turns), dtype=torch.float64))
