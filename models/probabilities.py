"""What a language model makes likely after prompts of token ids: whole answers, or the next token."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from transformers import PreTrainedModel

Ids = Sequence[int]
ROWS = 512  # prompts per forward pass
Scores = Callable[[Sequence[Ids], Sequence[Ids]], tuple[np.ndarray, np.ndarray]]


def scores_of(model: PreTrainedModel) -> Scores:
    """Return what a world's questions are asked with: `answer_scores` of that model."""
    return partial(answer_scores, model)


def answer_scores(model: PreTrainedModel, prompts: Sequence[Ids], answers: Sequence[Ids]) -> tuple[np.ndarray, np.ndarray]:
    """Return whether greedy decoding gives each answer, (rows,) bool, and the answer's probability, (rows,).

    The answer is fed along with its prompt: greedy decoding gives it exactly if every token of it is the argmax there.
    """
    rows = [(model.config.bos_token_id, *prompt, *answer[:-1]) for prompt, answer in zip(prompts, answers)]
    is_greedy, prob = np.zeros(len(rows), bool), np.zeros(len(rows))
    for chunk in _equal_lengths(rows):
        longest = max(len(answers[row]) for row in chunk)
        log_probs = _log_probs(model, [rows[row] for row in chunk], keep=longest)  # (rows, longest, vocabulary)
        for row, own in zip(chunk, log_probs):
            answer = torch.tensor(answers[row])
            tail = own[-len(answer) :]
            is_greedy[row] = bool((tail.argmax(-1) == answer).all())
            prob[row] = float(tail[torch.arange(len(answer)), answer].sum().exp())
    return is_greedy, prob


def next_log_probs(model: PreTrainedModel, prompts: Sequence[Ids]) -> np.ndarray:
    """Return log p(next token | bos, prompt) in float32, (prompts, vocabulary)."""
    rows = [(model.config.bos_token_id, *prompt) for prompt in prompts]
    out = np.zeros((len(rows), model.config.vocab_size), np.float32)
    for chunk in _equal_lengths(rows):
        out[chunk] = _log_probs(model, [rows[row] for row in chunk], keep=1)[:, -1].numpy()
    return out


def _equal_lengths(rows: Sequence[Ids]) -> list[list[int]]:
    """Row numbers in chunks of one length each: no padding, so nothing can leak through it."""
    by_length: dict[int, list[int]] = {}
    for row, ids in enumerate(rows):
        by_length.setdefault(len(ids), []).append(row)
    return [same[start : start + ROWS] for _, same in sorted(by_length.items()) for start in range(0, len(same), ROWS)]


@torch.inference_mode()
def _log_probs(model: PreTrainedModel, rows: Sequence[Ids], *, keep: int) -> torch.Tensor:
    """Log-probabilities after each of the last `keep` tokens, (rows, keep, vocabulary) float32."""
    ids = torch.tensor(rows, device=model.device)
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=keep).logits
    return logits.float().log_softmax(-1).cpu()
