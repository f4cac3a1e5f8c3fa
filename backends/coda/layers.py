"""DoLa: contrast the last layer with an early one of the same model (arXiv 2309.03883), the paper's strongest baseline.

The early layer is the candidate whose next-token distribution differs most from the last layer's; then
s = log q_last - log q_early on the tokens with q_last >= 0.1 max. An early layer is read through the output matrix without
the final norm, as in the released code and in transformers' former version. transformers 5 runs `dola_layers` only with
code from the hub, which is never run here.
"""

import math

import torch

from backends.coda.choices import Layers
from models.language import LanguageModel
from models.reading import Reading
from worlds.errors import InputError

HEAD = 0.1  # of the largest probability: the plausible tokens
FEW, SPAN = 40, 20  # a model of more than 40 layers has its candidates among its first or last 20
MIN_LAYERS = 2


def candidate_layers(num_layers: int, which: Layers, *, is_tied: bool) -> tuple[int, ...]:
    """Return the early layers to choose from; 0 is the embeddings, `num_layers` would be the last.

    Args:
        which: "low" is the first half, "high" the second, every other layer of it.
        is_tied: input and output share one matrix. Then the embeddings would only repeat the token just read, so that
            candidates start at layer 2, or at 1 of 2.
    Raises:
        InputError: the model has too few layers.
    """
    if num_layers < MIN_LAYERS:
        raise InputError(f"DoLa compares layers and this model has {num_layers}. It needs at least {MIN_LAYERS}.")
    start = (1 if num_layers == 2 else 2) if is_tied else 0
    half, end = num_layers // 2, num_layers
    low, high = range(start, half, 2), range(half, end, 2)
    if num_layers > FEW:
        low, high = range(start, SPAN, 2), range(end - SPAN, end, 2)
    found = tuple(low if which == "low" else high)
    if not found:
        raise InputError(f"This model's {num_layers} layers are too few for DoLa's lower half: its output matrix is its input "
                         f"matrix, so candidates start at layer {start} and must lie below {half}. Choose the upper half.")
    return found


def layers_of(language: LanguageModel, which: Layers) -> tuple[int, ...]:
    """Return the candidate layers of a loaded model. Raises InputError where it has too few."""
    is_tied = language.model.get_output_embeddings().weight is language.model.get_input_embeddings().weight
    return candidate_layers(int(language.config.num_hidden_layers), which, is_tied=is_tied)


@torch.inference_mode()
def early_logits(language: LanguageModel, reading: Reading, layers: tuple[int, ...]) -> torch.Tensor:
    """Return (layers, rows, vocabulary) float32 logits of the candidates, read without the final norm."""
    head = language.model.get_output_embeddings()
    return torch.stack([head(reading.hidden_states[layer]).float() for layer in layers])


def dola_scores(last: torch.Tensor, early: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return s, (rows, vocabulary), and per row the index of the early layer that it is contrasted with.

    Args:
        last: (rows, vocabulary) logits of the last layer.
        early: (layers, rows, vocabulary) logits of the candidates.
    """
    full, before = last.log_softmax(-1), early.log_softmax(-1)
    chosen = divergence(full, before).argmax(0)  # (layers, rows) -> (rows,)
    picked = before[chosen, torch.arange(len(chosen), device=chosen.device)]  # (rows, vocabulary)
    plausible = full >= full.amax(-1, keepdim=True) + math.log(HEAD)
    return torch.where(plausible, full - picked, -torch.inf), chosen


def divergence(full: torch.Tensor, early: torch.Tensor) -> torch.Tensor:
    """Return (layers, rows): how much each early layer differs from the last, as the released code counts it.

    differs from Jensen-Shannon: KL(M || p) where it would be KL(p || M), and the mean over the vocabulary, not the sum.
    differs from transformers' former version, which takes one layer for a whole batch: here each row has its own.
    """
    mean = (full.exp() + early.exp()) / 2  # M
    log_mean = mean.clamp(min=torch.finfo(mean.dtype).tiny).log()
    return ((mean * (log_mean - full)).mean(-1) + (mean * (log_mean - early)).mean(-1)) / 2
