"""The decoders once more, in plain loops over Python floats, from their papers' formulas: nothing of the app is used but its model.

CoDA: arXiv 2502.16143, eq. 7 to 12. CAD: arXiv 2305.14739. CD: arXiv 2210.15097. DoLa: arXiv 2309.03883 and its released code.
"""

import math
from collections.abc import Sequence

import torch


class Reference:
    """A language model asked one prompt at a time, without a cache."""

    def __init__(self, model, end_ids, masked_by, mask_id=None):
        self.model, self.end_ids, self.masked_by, self.mask_id = model, end_ids, masked_by, mask_id

    def log_p(self, ids):
        with torch.no_grad():
            logits = self.model(torch.tensor([list(ids)])).logits[0, -1].tolist()
        most = max(logits)
        total = most + math.log(sum(math.exp(value - most) for value in logits))
        return [value - total for value in logits]

    def without(self, ids, positions):
        if self.masked_by == "delete":
            return [token for place, token in enumerate(ids) if place not in positions]
        return [self.mask_id if place in positions else token for place, token in enumerate(ids)]

    def first_positive(self, ids, parts):
        """Sec. 6.1: walk through the candidates in order, stop at the first positive indicator."""
        full = self.log_p(ids)
        for positions in parts:
            if indicator(full, self.log_p(self.without(ids, positions))) > 0:
                return positions
        return None

    def largest_lift(self, ids, parts, tau):
        full = self.log_p(ids)
        greedy = full.index(max(full))
        lifts = [self.log_p(self.without(ids, positions))[greedy] - full[greedy] for positions in parts]
        best = max(lifts)
        return parts[lifts.index(best)] if best > tau else None

    def write(self, ids, masked, score, length):
        """Return the tokens that have the largest score, the end token included; without a masked prompt greedy decoding."""
        written = []
        for _ in range(length):
            full = self.log_p([*ids, *written])
            scores = full if masked is None else score(full, self.log_p([*masked, *written]))
            best = max(scores)
            tied = [y for y, value in enumerate(scores) if value >= best - 1e-5]
            written.append(max(tied, key=lambda y: full[y]))
            if written[-1] in self.end_ids:
                break
        return written

    def write_dola(self, ids, layers, length):
        written = []
        for _ in range(length):
            with torch.no_grad():
                out = self.model(torch.tensor([[*ids, *written]]), output_hidden_states=True)
            last = out.logits[0, -1]
            full = last.log_softmax(-1).tolist()
            early = [self.model.lm_head(out.hidden_states[layer][0, -1]).log_softmax(-1).tolist() for layer in layers]
            apart = [divergence(full, one) for one in early]
            chosen = early[apart.index(max(apart))]
            scores = [f - e if f >= max(full) + math.log(0.1) else -math.inf for f, e in zip(full, chosen)]
            written.append(scores.index(max(scores)))
            if written[-1] in self.end_ids:
                break
        return written


def top(values: Sequence[float], alpha: float) -> set[int]:
    return {y for y, value in enumerate(values) if value >= max(values) + math.log(alpha)}


def bias_of(full, masked, alpha):
    """b: the least log p(y|X') of the tokens with negative R-PMI, and whether there is one."""
    lower = [masked[y] for y in top(full, alpha) & top(masked, alpha) if full[y] - masked[y] < 0]
    return (min(lower), True) if lower else (0.0, False)


def indicator(full, masked, alpha=0.01):
    """Eq. 7 to 9, without a reward where S is empty."""
    both = top(full, alpha) & top(masked, alpha)
    rpmi_sum = sum(min(full[y] - masked[y], 0) for y in both)
    b, has_s = bias_of(full, masked, alpha)
    reward = sum(full[y] - b for y in top(full, alpha) - top(masked, alpha)) if has_s else 0.0
    return rpmi_sum + reward


def coda(alpha=0.01, floor=False, gate=False):
    def score(full, masked):
        greedy = full.index(max(full))
        if gate and not full[greedy] < masked[greedy]:
            return full
        here, there = top(full, alpha), top(masked, alpha)
        b, _ = bias_of(full, masked, alpha)
        if floor:
            lower = [masked[y] for y in here & there if full[y] < masked[y]]
            b = min([*lower, max(masked) + math.log(alpha)])
        return [full[y] - masked[y] if y in here & there else full[y] - b if y in here else -math.inf for y in range(len(full))]

    return score


def cad(a):
    return lambda full, masked: [(1 + a) * f - a * m for f, m in zip(full, masked)]


def cd(full, masked):
    return [f - m if f >= max(full) + math.log(0.1) else -math.inf for f, m in zip(full, masked)]


def divergence(full, early):
    """As the released code counts it: KL(M || p) of both, averaged over the vocabulary."""
    total = 0.0
    for f, e in zip(full, early):
        m = (math.exp(f) + math.exp(e)) / 2
        total += m * (math.log(m) - f) / len(full) + m * (math.log(m) - e) / len(full)
    return total / 2
