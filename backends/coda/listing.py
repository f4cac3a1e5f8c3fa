"""One step of decoding as a page tells it: the likeliest tokens of both prompts and by score, each with its three numbers."""

from typing import cast

import torch

from backends.coda.choices import Membership
from backends.coda.contrast import sets
from backends.coda.decode import Step
from backends.coda.results import TopToken, WrittenToken
from models.language import LanguageModel

TOP = 12  # tokens kept per list
_MEMBERSHIPS = ("out", "both", "esc")


def listed(language: LanguageModel, step: Step, *, alpha: float, top: int = TOP) -> WrittenToken:
    """Return a token and what it was chosen from.

    Args:
        alpha: of the plausible sets.
        top: tokens per list.
    """
    by_full, by_masked, by_score = likeliest(language, step, alpha=alpha, top=top)
    return WrittenToken(
        piece=language.piece(step.token), greedy_piece=language.piece(step.greedy), is_contrasted=bool(step.seen.is_contrasted),
        is_end=step.is_end, layer=None if step.seen.layers is None else int(step.seen.layers),
        by_full=by_full, by_masked=by_masked, by_score=by_score)


def likeliest(language: LanguageModel, step: Step, *, alpha: float, top: int) -> list[tuple[TopToken, ...]]:
    """Return the likeliest tokens by X, by X' and by score, whether in both plausible sets, escaping, or in neither."""
    seen = step.seen
    found = sets(seen.full, seen.masked, alpha)
    kinds = found.both.int() + 2 * found.escaping.int()  # (vocabulary,): 0 out, 1 both, 2 escaping
    sources = torch.stack([seen.full, seen.masked, seen.scores])  # (3, vocabulary)
    best = sources.topk(min(top, sources.shape[-1])).indices  # (3, top)
    columns = [column[best].tolist() for column in (*sources, kinds)]  # (3, top) each
    return [
        tuple(TopToken(piece=language.piece(token), full=full, masked=masked, score=score,
                       membership=cast(Membership, _MEMBERSHIPS[kind]))
              for token, full, masked, score, kind in zip(tokens, *numbers))
        for tokens, *numbers in zip(best.tolist(), *columns)
    ]
