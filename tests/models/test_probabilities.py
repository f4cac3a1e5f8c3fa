import pytest
import torch

from models.probabilities import answer_scores, next_log_probs
from models.training.language import Tokens, Training, fresh_model

TINY, TOKENS = Training(hidden=16, layers=1, heads=2, mlp=32), Tokens(64, 0, 1, 2)


def test_an_answer_of_two_tokens_has_the_product_of_their_probabilities() -> None:
    model = fresh_model(TINY, TOKENS, seed=0).eval()
    prompt, answer = (5, 6, 7), (8, 9)

    _, prob = answer_scores(model, [prompt], [answer])

    one = next_log_probs(model, [prompt])[0, 8] + next_log_probs(model, [(*prompt, 8)])[0, 9]
    assert prob[0] == pytest.approx(float(torch.tensor(one).exp()), rel=1e-4)


def test_prompts_of_different_lengths_do_not_touch_each_other() -> None:
    model = fresh_model(TINY, TOKENS, seed=0).eval()
    prompts = [(5,), (6, 7, 8), (9, 10), (11, 12)]

    together = next_log_probs(model, prompts)

    for row, prompt in zip(together, prompts):
        assert row == pytest.approx(next_log_probs(model, [prompt])[0], abs=1e-5)
