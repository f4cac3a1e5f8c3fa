"""Which tokens are learned from: those that the player drew, or more, as RAGEN's code has it (arXiv 2504.20073; issues 54, 132, 141).

The released code counts the marks that begin messages, c = cumsum(id == <|im_start|>), and asks at each token whether the next one
is learned: where c is odd and not 1, which is in the player's messages, or at the paper's time where c > 1, which is behind the
system prompt. So a mark is not of the message that it begins, but of the one before it: the role, the forced `<think>`, an end
that may have been forced, and the next message's mark are learned. A reply also stands there as it was read and written anew. None
of these tokens was drawn where it stands, so no reward says anything of it: the monitor tells.
"""

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Literal

import torch

from models.gamers.acting import Speech
from models.training.generation import Reply
from models.training.rollout import Played
from models.training.samples import Sample, episode_samples

Mask = Literal["drawn", "message", "everything"]


def rows(episodes: Sequence[Played], speech: Speech, mask: Mask) -> list[Sample]:
    """Return one row for each episode, with what is learned from for what was drawn.

    Log-probabilities are 0 where a token was not drawn; the player as it stands has to give them (`PolicyTraining.recomputed`).
    """
    kept = [_as_kept(played, speech) if speech.cleans else played for played in episodes]
    samples = episode_samples(kept)
    return samples if mask == "drawn" else [_widened(sample, kept[sample.episode], speech, mask) for sample in samples]


def _as_kept(played: Played, speech: Speech) -> Played:
    """The episode with each reply as it stands in the context."""
    turns = []
    for number, turn in enumerate(played.turns):
        ids = speech.kept(played, number)
        turns.append(replace(turn, reply=Reply(ids, (0.0,) * len(ids), stopped=turn.reply.stopped)))
    return replace(played, turns=turns)


def _widened(sample: Sample, played: Played, speech: Speech, mask: Mask) -> Sample:
    """The row with more tokens counted to each turn: those of its message, or all that was read before it. Never the first token,
    which nothing stands before that could foretell it."""
    turns, end = sample.turns.clone(), speech.begins(played)
    for number, turn in enumerate(played.turns):
        start = len(turn.prompt.ids)
        begins = end if mask == "everything" else start - (speech.header - 1)  # the mark that begins the message is not its own
        turns[max(1, begins):start] = number
        end = start + len(turn.reply.ids)
        if mask == "message":
            turns[end:end + speech.behind(turn.reply.ids)] = number  # nothing stands behind the last reply
    return replace(sample, turns=turns, logprobs=torch.where(sample.turns == turns, sample.logprobs, 0.0))


def unsampled(sample: Sample, played: Played) -> int:
    """How many tokens of a row are learned from that the player did not draw there."""
    count = 0
    for number, turn in enumerate(played.turns):
        learned, drawn = sample.ids[sample.turns == number].tolist(), list(turn.reply.ids)
        if learned != drawn:
            same = SequenceMatcher(None, learned, drawn, autojunk=False).get_matching_blocks()
            count += len(learned) - sum(block.size for block in same)
    return count
