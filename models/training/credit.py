"""From what turns earned to what every token is to learn: the estimators of the papers, on rows of any make-up.

All drawn tokens of an episode, in their order, are one line of time, whether they stand in one row or in one per turn. A turn's
reward stands at its last token. Values exist where the critic was asked: at each turn's first token for "turn", at every token
otherwise (ERA's code trains the critic on first tokens only, also for the other two, which is no fair comparison).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from models.training.advantages import bi_level_gae, gae, padded, unpadded, whiten
from models.training.samples import Lesson, Sample, by_episode

Estimator = Literal["turn", "bi", "token"]


@dataclass(frozen=True)
class Credit:
    """Which estimator, and its numbers.

    Attributes:
        turn_gamma: discount from turn to turn; token_gamma: from token to token.
        turn_value: which value stands for a turn in "bi"; "first" is ERA's, "last" RAGEN's.
        is_whitened: whether advantages get mean 0 and variance 1 over all tokens.
    """

    estimator: Estimator = "turn"
    turn_gamma: float = 0.99
    token_gamma: float = 0.99
    lam: float = 0.99
    turn_value: Literal["first", "last"] = "first"
    is_whitened: bool = True


def valued_tokens(sample: Sample, estimator: Estimator) -> Tensor:
    """Return where a critic is asked and learns, (tokens,): one token per turn, or all that were drawn."""
    return sample.firsts if estimator == "turn" else sample.drawn


def lessons_by_value(samples: Sequence[Sample], rewards: Sequence[Sequence[float]], values: Sequence[Tensor], credit: Credit, *,
                     token_rewards: Sequence[Tensor] | None = None) -> list[Lesson]:
    """Return what each row is to teach, from rewards and a critic's values.

    Args:
        rewards: of every turn, by episode and turn, as samples number them; those of turns that are in no row are left out.
        values: for each sample (tokens,), the critic's at `valued_tokens`.
        token_rewards: for each sample (tokens,), what single tokens earn beside, such as a penalty for leaving a reference.
    """
    raw = [torch.zeros_like(own) for own in values]
    returns = [torch.zeros_like(own) for own in values]
    valued = [valued_tokens(sample, credit.estimator) for sample in samples]
    places = [own for _, own in by_episode(samples)]
    earned = [_earned(sample, rewards[sample.episode], None if token_rewards is None else token_rewards[index], values[index].dtype)
              for index, sample in enumerate(samples)]

    def line(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """The drawn tokens of all episodes, (episodes, tokens), and which are some."""
        return padded([torch.cat([rows[place][samples[place].drawn] for place in own]) for own in places])

    line_rewards, mask = line(earned)
    line_values, _ = line(values)
    firsts, ends = line([sample.firsts for sample in samples])[0], line([sample.ends for sample in samples])[0]
    advantages = _advantages(credit, line_rewards, line_values, firsts, ends, mask)
    for own, drawn in zip(places, unpadded(advantages, mask)):
        for place, part in zip(own, drawn.split([int(samples[place].drawn.sum()) for place in own])):
            raw[place][samples[place].drawn] = part
            returns[place] = torch.where(valued[place], raw[place] + values[place], 0)  # before whitening
    return _whitened([Lesson(sample, own, own, where, value, target) for sample, own, where, value, target in
                      zip(samples, raw, valued, values, returns)], credit.is_whitened)


def lessons_by_score(samples: Sequence[Sample], advantages: Tensor, *, is_whitened: bool = False) -> list[Lesson]:
    """Return what each row is to teach where no critic is asked: every token of an episode, or of its turn, the same number.

    Args:
        advantages: (episodes,), such as those of `group_advantages`, or (episodes, turns).
    """
    lessons = []
    for sample in samples:
        own = advantages[sample.episode]
        spread = torch.where(sample.drawn, own[sample.turns.clamp(min=0)] if own.ndim else own, 0).to(sample.logprobs.dtype)
        nothing = torch.zeros_like(spread)
        lessons.append(Lesson(sample, spread, spread, nothing.bool(), nothing, nothing))
    return _whitened(lessons, is_whitened)


def _earned(sample: Sample, rewards: Sequence[float], beside: Tensor | None, dtype: torch.dtype) -> Tensor:
    earned = torch.zeros(len(sample.ids), dtype=dtype) if beside is None else beside.to(dtype).clone()
    for place in sample.ends.nonzero()[:, 0].tolist():
        earned[place] += rewards[int(sample.turns[place])]
    return earned


def _advantages(credit: Credit, rewards: Tensor, values: Tensor, firsts: Tensor, ends: Tensor, mask: Tensor) -> Tensor:
    """Return (episodes, tokens) from arguments of that shape."""
    if credit.estimator == "token":
        return gae(rewards, values, gamma=credit.token_gamma, lam=credit.lam, mask=mask)
    if credit.estimator == "bi":
        return bi_level_gae(rewards, values, ends, turn_gamma=credit.turn_gamma, token_gamma=credit.token_gamma, lam=credit.lam,
                            turn_value=credit.turn_value, mask=mask)
    turn = (firsts.cumsum(1) - 1).clamp(min=0)  # (episodes, tokens)
    shape = (len(rewards), int(firsts.sum(1).max()))
    turn_rewards = rewards.new_zeros(shape).scatter_add(1, turn, torch.where(mask, rewards, 0))
    turn_values = rewards.new_zeros(shape).scatter_add(1, turn, torch.where(firsts, values, 0))
    own = torch.arange(shape[1]) < firsts.sum(1, keepdim=True)
    by_turn = gae(turn_rewards, turn_values, gamma=credit.turn_gamma, lam=credit.lam, mask=own)
    return torch.where(mask, by_turn.gather(1, turn), 0)


def _whitened(lessons: Sequence[Lesson], is_asked: bool) -> list[Lesson]:
    if not is_asked or not lessons:
        return list(lessons)
    flat = torch.cat([lesson.raw[lesson.sample.drawn] for lesson in lessons])
    parts = whiten(flat, torch.ones_like(flat, dtype=torch.bool)).split([int(lesson.sample.drawn.sum()) for lesson in lessons])
    return [Lesson(lesson.sample, torch.zeros_like(lesson.raw).masked_scatter(lesson.sample.drawn, part), lesson.raw, lesson.valued,
                   lesson.values, lesson.returns) for lesson, part in zip(lessons, parts)]
