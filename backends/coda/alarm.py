"""The paper's alarm: a prompt is foreseen to be answered wrong if some token of it has a positive indicator.

As printed (arXiv 2502.16143, Sec. 6.1, A.4.1 and Table 8): every single input token in order, alpha 0.01, the paper's own bias
b, no reward where S is empty. No knob changes it. What a token's masking is, the paper does not say: `mode` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backends.coda.masking import Candidates, candidates
from backends.coda.results import Masked
from backends.numbers import signed
from models.language import Prompt


@dataclass(frozen=True)
class Alarm:
    """`is_raised` is None where it is silent among the tokens that were tried, and not all were."""

    is_raised: bool | None
    reason: str


def tokens_of(prompt: Prompt) -> Candidates:
    """Return every single token of the prompt as a candidate, the first 64 of a long one."""
    return candidates(prompt, unit="token")


def alarm(scored: Sequence[Masked], tried: Candidates) -> Alarm:
    """Return the alarm of a prompt whose tokens have these scores."""
    first = next((entry for entry in scored if entry.indicator > 0), None)
    if first is not None:
        return Alarm(True, f"{first.text.strip()!r} is the first token with a positive indicator, {signed(first.indicator)}.")
    untried = len(tried.skipped)
    if untried:
        return Alarm(None, f"None of the first {len(tried.tried)} tokens has a positive indicator; {untried} more were not tried.")
    return Alarm(False, f"None of {len(tried.tried)} tokens has a positive indicator.")
