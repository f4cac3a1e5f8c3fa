"""What the tap must equal: the whole matrix of attention, formed row by row in plain steps, its last row scaled.

Written apart from the tap and slower than it; registered beside it, so that the same models run through it. `Released` has the
rule of the released code (modeling_llama_add_attn.py): one block of columns, from the first image token to the last.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

NAME = "matrix_reference"


@dataclass
class Reference:
    columns: torch.Tensor  # (rows, tokens) bool
    alpha: float
    every_step: bool = False
    seen: dict[int, int] = field(default_factory=dict)
    rows: dict[int, torch.Tensor] = field(default_factory=dict)  # per layer the prompt's last row, (rows, heads, keys)

    def attend(self, module, query, key, value, mask, scaling, softcap):
        groups, queries = query.shape[1] // key.shape[1], query.shape[2]
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
        logits = query @ key.transpose(2, 3) * scaling
        if softcap is not None:
            logits = softcap * torch.tanh(logits / softcap)
        total = self.seen.get(module.layer_idx, 0) + queries
        self.seen[module.layer_idx] = total
        if self.every_step or total == self.columns.shape[1]:
            self.scale(logits, dropped=max(0, total - key.shape[2]))
        if mask is None and queries > 1 and module.is_causal:
            mask = torch.ones(queries, queries, dtype=torch.bool).tril()
        if mask is not None:
            logits = logits.masked_fill(~mask[..., : key.shape[2]], torch.finfo(logits.dtype).min)
        probabilities = logits.softmax(-1)
        self.rows.setdefault(module.layer_idx, probabilities[:, :, -1])
        return (probabilities @ value).transpose(1, 2).contiguous()

    def scale(self, logits, dropped):
        columns = self.columns[:, dropped:]
        for row in range(len(columns)):
            image = columns[row].nonzero()[:, 0]
            logits[row, :, -1, image] *= self.alpha


@dataclass
class Released(Reference):
    """For one prompt, as the released code runs: the block is found while the picture is laid into the prompt."""

    def scale(self, logits, dropped):
        mask = self.columns[0].tolist()
        start = max(0, mask.index(True) - dropped)
        end = len(mask) - 1 - mask[::-1].index(True) - dropped
        if end >= 0:  # a window may have dropped all of it
            logits[:, :, -1, start : end + 1] = logits[:, :, -1, start : end + 1] * self.alpha


_current: list[Reference] = []


def _attention(module, query, key, value, attention_mask, dropout=0.0, scaling=None, **options):
    if getattr(module, "layer_idx", None) is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **options)
    return _current[-1].attend(module, query, key, value, attention_mask, scaling, options.get("softcap")), None


AttentionInterface.register(NAME, _attention)
AttentionMaskInterface.register(NAME, sdpa_mask)


@contextmanager
def reference(model, columns: torch.Tensor, alpha: float = 1.0, every_step: bool = False, rule=Reference) -> Iterator[Reference]:
    before = model.config.get_text_config()._attn_implementation
    model.set_attn_implementation({"text_config": NAME})
    _current.append(rule(columns, alpha, every_step))
    try:
        yield _current[-1]
    finally:
        _current.pop()
        model.config.get_text_config()._attn_implementation_internal = before
