"""How a reply is written, by language models and vision-language models alike: the likeliest tokens, or drawn ones.

A drawn reply depends on its prompt and its draw alone: the largest of logits / temperature + Gumbel noise is a token drawn from
softmax(logits / temperature) (arXiv 1411.0030), so that greedy decoding draws, from numbers of its own. transformers' sampling would
take them from the one stream of the whole process.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from transformers import LogitsProcessor, LogitsProcessorList, PreTrainedModel, PreTrainedTokenizerBase

from models.told import token_ids
from worlds.errors import InputError

Draw = tuple[int, int]  # seed and turn, none below 0


class Chooses(LogitsProcessor):
    """Adds to the logits what makes their largest one a draw; at temperature 0 nothing.

    Raises:
        InputError: the logits are no numbers.
    """

    def __init__(self, temperature: float, draw: Draw) -> None:
        self._temperature = temperature
        self._numbers = np.random.default_rng(draw)  # on the CPU: the same noise on every device

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        if not torch.isfinite(scores.max()):
            raise InputError("This model's numbers overflow, or its weights are damaged: it has no reply. Load it in bfloat16 or "
                             "float32.")
        if self._temperature == 0:
            return scores
        noise = torch.from_numpy(self._numbers.gumbel(size=tuple(scores.shape)).astype(np.float32))  # (1, vocabulary)
        drawn: Any = scores.float() / self._temperature + noise.to(scores.device)  # Any: torch's type of a sum has no kind
        return drawn


@torch.inference_mode()
def written(model: Any, tokenizer: PreTrainedTokenizerBase, inputs: Mapping[str, torch.Tensor], *, max_tokens: int,  # Any: what
            # models share does not declare that they generate
            temperature: float = 0.0, draw: Draw = (0, 0), keeps_marks: bool = False) -> str:
    """Return the text of a reply, without white space around it.

    Args:
        inputs: of one prompt that leaves room for the reply: `input_ids` (1, tokens), and what else the model takes.
        max_tokens: of the reply, its end included.
        temperature: 0 takes the likeliest token.
        draw: what is drawn from; the same one gives the same reply to the same prompt.
        keeps_marks: special tokens stay in the text, but for what ends the reply; else they are left out.
    Raises:
        InputError: the model's logits are no numbers.
    """
    chooses = LogitsProcessorList([Chooses(temperature, draw)])
    # settings of the checkpoint's own generation_config are switched off: those of sampling, or greedy decoding would warn, and
    # penalties, which fall on the keys and ids that a plan has to repeat
    tokens = model.generate(**inputs, max_new_tokens=max_tokens, do_sample=False, num_beams=1, temperature=None, top_p=None,
                            top_k=None, repetition_penalty=1.0, no_repeat_ngram_size=0, logits_processor=chooses)
    reply = tokens[0, inputs["input_ids"].shape[1]:].tolist()  # (1, prompt + reply) -> (reply,)
    if not keeps_marks:
        return str(tokenizer.decode(reply, skip_special_tokens=True)).strip()
    ends = _ends(model, tokenizer)
    length = next((place for place, token in enumerate(reply) if token in ends), len(reply))
    return str(tokenizer.decode(reply[:length], skip_special_tokens=False)).strip()


def _ends(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the ids after which a reply has nothing more."""
    generation = getattr(model, "generation_config", None)
    return token_ids(getattr(generation, "eos_token_id", None), tokenizer.eos_token_id, tokenizer.pad_token_id)
