"""The same contrast inside `model.generate`: a LogitsProcessor that reads the masked prompt with a cache of its own.

    generate(ids, logits_processor=LogitsProcessorList([ContrastProcessor(language, [masked_row])]))

It is stateful: make one per call. Beam search would reorder the rows of generate's cache but not of this one, so it is
refused.
"""

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor

from backends.coda.contrast import Contrast, Method, scores, settle_ties
from models.language import LanguageModel
from models.reading import Reading, Row


class ContrastProcessor(LogitsProcessor):
    """Replaces the next token's logits by the scores of X against X'.

    Args:
        rows: the masked prompt of every row of the batch, in its order.
    """

    def __init__(
        self, language: LanguageModel, rows: Sequence[Row], *, method: Method = "coda", params: Contrast | None = None
    ) -> None:
        self._language = language
        self._rows = tuple(rows)
        self._method = method
        self._params = params or Contrast()
        self._reading: Reading | None = None
        self._length = 0

    def __call__(self, input_ids: torch.LongTensor, scores_: torch.FloatTensor) -> torch.FloatTensor:  # type: ignore[override]
        """Return s, (rows, vocabulary), -inf outside the plausible set. Raises ValueError for another batch or a second call."""
        self._check(input_ids)
        if self._reading is None:
            self._reading = Reading(self._language, self._rows)
        else:
            self._reading.append(input_ids[:, -1])
        self._length = input_ids.shape[1]
        full = scores_.float().log_softmax(-1)
        s = scores(full, self._reading.log_probabilities, self._method, self._params)
        return settle_ties(s, full)  # type: ignore[return-value]

    def _check(self, input_ids: torch.Tensor) -> None:
        if len(input_ids) != len(self._rows):
            raise ValueError(f"generate runs {len(input_ids)} rows and {len(self._rows)} masked prompts were given; "
                             "give one per row, and use no beams")
        if self._reading is not None and input_ids.shape[1] != self._length + 1:
            raise ValueError("this processor has served another call of generate; make a new one for every call")
