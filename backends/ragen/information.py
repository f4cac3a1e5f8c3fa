"""Do thoughts still depend on what they are about? RAGEN-2's diagnosis of a batch (arXiv 2604.06268).

Each thought z is scored under every prompt x of the batch: l_j(z) = mean over its tokens of log p(token | x_j).

    H(Z|X) = -mean l_own        I(X;Z) = mean(l_own - (logsumexp_j l_j - log N)) <= log N

Low H is a model that is sure of its words. Low I is one that says the same whatever it reads, which H does not see: where each of
many templates is drawn at random, H is high all the same. Both are per token, so they are diagnoses and not the information of a
whole thought. Prompts that are the same count as one.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backends.shapes import Count, Finite, Rate

Regime = Literal["diverse", "template", "compressed", "collapsed"]
REGIMES: dict[Regime, str] = {  # H and I; RAGEN-2's names
    "diverse": "varied thoughts that fit their prompt",
    "template": "varied thoughts that fit any prompt: template collapse",
    "compressed": "few words that fit their prompt",
    "collapsed": "few words that fit any prompt"}
HALF = 0.5  # of the start: where high ends (ours; RAGEN-2 gives no number)
LEAST = 0.05  # of the most that could be told: a run that begins below it has nothing to lose (ours)


@dataclass(frozen=True)
class Information:
    """What a batch of thoughts tells of its prompts.

    Attributes:
        entropy: H(Z|X), nats per token.    information: I(X;Z), nats per token, at most `most`.
        retrieval: share of thoughts that are likeliest under their own prompt; a tie of n counts 1/n.
        chance: what guessing would retrieve.
        thoughts, prompts: how many were scored, how many differ.
        left_out: thoughts with a score that is no finite number, such as empty ones.
    """

    entropy: Finite
    information: Finite
    retrieval: Rate
    chance: Rate
    most: Finite
    thoughts: Count
    prompts: Count
    left_out: Count


@dataclass(frozen=True)
class Diagnosis:
    """What was found before an iteration."""

    iteration: Count
    found: Information


@dataclass(frozen=True)
class Lines:
    """Where high ends: values from a line on are high."""

    entropy: float
    information: float


def information(logprobs: np.ndarray, prompts: Sequence[Hashable] | None = None) -> Information | None:
    """Return what thoughts tell of their prompts; None where no thought has scores, or fewer than two prompts differ.

    Args:
        logprobs: (thoughts, prompts) l_j(z_i), nats; thought i was written after prompt i.
        prompts: (prompts,) what they say, to find those that are the same; None takes all for different.
    Raises:
        ValueError: there are not as many prompts as thoughts.
    """
    table = np.asarray(logprobs, float)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or (prompts is not None and len(prompts) != len(table)):
        told = "" if prompts is None else f" and {len(prompts)} prompts"
        raise ValueError(f"there are scores of shape {table.shape}{told}; a thought needs one under its own and every other prompt")
    own = _numbered(range(len(table)) if prompts is None else prompts)
    num_prompts = int(own.max(initial=-1)) + 1
    is_scored = np.isfinite(table).all(1)
    if num_prompts < 2 or not is_scored.any():
        return None
    # equal prompts give equal scores but for rounding: their mean stands for them
    scores = np.stack([table[:, own == number].mean(1) for number in range(num_prompts)], 1)[is_scored]  # (scored, different)
    matched = scores[np.arange(len(scores)), own[is_scored]]
    highest = scores.max(1)
    marginal = highest + np.log(np.exp(scores - highest[:, None]).sum(1)) - np.log(num_prompts)
    ties = (scores == highest[:, None]).sum(1)
    return Information(entropy=float(-matched.mean()), information=float((matched - marginal).mean()),
                       retrieval=float(((matched == highest) / ties).mean()), chance=1 / num_prompts, most=float(np.log(num_prompts)),
                       thoughts=len(scores), prompts=num_prompts, left_out=int((~is_scored).sum()))


def _numbered(prompts: Iterable[Hashable]) -> np.ndarray:
    """Return (prompts,) a number for each, the same for those that are equal."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(prompt, len(numbers)) for prompt in prompts], int)


def lines_from(start: Information) -> Lines:
    """Return where high ends in a run that began like this: at half of both (ours)."""
    return Lines(HALF * start.entropy, HALF * start.information)


def tells(start: Information) -> bool:
    """Return whether thoughts told of their prompts when a run began; else no regime can be told, for half of nothing is no line."""
    return start.information >= LEAST * start.most


def regime(one: Information, lines: Lines) -> Regime:
    """Return which of the four regimes a batch is in."""
    is_varied, fits = one.entropy >= lines.entropy, one.information >= lines.information
    if is_varied:
        return "diverse" if fits else "template"
    return "compressed" if fits else "collapsed"
