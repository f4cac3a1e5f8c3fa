"""How a tap comes into a model: our name in transformers' registry of attention functions, and a switch on the text stack.

The mask function is registered under the same name: without it the mask would be None, silently, and wrong for every padded
batch. Whoever listens travels in a context variable, so threads that share a model do not hear each other, and a thread
without a listener gets the model's own function, to the bit.
"""

import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias
from weakref import WeakKeyDictionary

import torch
from torch import nn
from transformers import AttentionInterface, PretrainedConfig, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, eager_mask, sdpa_mask

from worlds.errors import InputError

Options: TypeAlias = dict[str, Any]  # Any: what a family hands its attention beside tensors: numbers, flags, tensors, None
Attend: TypeAlias = Callable[..., tuple[torch.Tensor, torch.Tensor | None]]  # an attention function of transformers
NAMES = {"sdpa": "orrery_tap", "eager": "orrery_tap_eager"}  # the model's own implementation -> ours around it


@dataclass(frozen=True)
class Call:
    """One call of an attention function, as transformers makes it."""

    module: nn.Module
    query: torch.Tensor  # (rows, heads, queries, width)
    key: torch.Tensor  # (rows, key heads, keys, width)
    value: torch.Tensor
    mask: torch.Tensor | None  # (rows, 1, queries, keys or more), True or 0 where visible
    scaling: float | None
    softcap: float | None
    is_causal: bool
    base: Attend
    options: Options
    before: int = 0  # tokens that this layer has read under the tap, or that its cache held

    @property
    def layer(self) -> int:
        return int(self.module.layer_idx)  # type: ignore[arg-type]

    @property
    def offset(self) -> int:
        """Return the position of the first key: above 0 where a sliding window has dropped earlier ones."""
        return max(0, self.before + self.query.shape[2] - self.key.shape[2])

    def plain(self) -> torch.Tensor:
        out: torch.Tensor = self.base(self.module, self.query, self.key, self.value, self.mask, **self.options)[0]
        return out

    def visible(self, rows: list[int]) -> torch.Tensor:
        """Return (1 or rows, 1 or heads, queries, keys): which keys the chosen queries may attend to."""
        keys = self.key.shape[2]
        if self.mask is not None:
            return allowed(self.mask[:, :, rows, :keys])
        ends = rows if self.is_causal else [self.query.shape[2] - 1] * len(rows)
        places = torch.tensor(ends, device=self.key.device) + self.before - self.offset
        return (torch.arange(keys, device=self.key.device) <= places[:, None])[None, None]  # a static cache's empty slots are later


class Listener(Protocol):
    """What a tap is to a model."""

    def covers(self, module: nn.Module) -> bool: ...

    def attend(self, call: Call) -> torch.Tensor: ...


def allowed(mask: torch.Tensor) -> torch.Tensor:
    """Return a mask as True where a key may be attended to."""
    return mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min / 2  # eager masks are 0 or the least number


def text_attentions(model: PreTrainedModel) -> list[nn.Module]:
    """Return the attention modules of the text stack in order: those that carry a layer's number."""
    return [module for module in model.modules() if getattr(module, "layer_idx", None) is not None and hasattr(module, "is_causal")]


def text_configs(model: PreTrainedModel) -> list[Any]:  # Any: torch knows of no attribute of a module what it is
    """Return the configurations that those modules read their implementation from."""
    return list({id(module.config): module.config for module in text_attentions(model)}.values())


current: ContextVar[Listener | None] = ContextVar("orrery_tap", default=None)


def _attention(base: Attend, module: nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor,
               mask: torch.Tensor | None, options: Options) -> tuple[torch.Tensor, torch.Tensor | None]:
    listener = current.get()
    if listener is None or not listener.covers(module):
        result: tuple[torch.Tensor, torch.Tensor | None] = base(module, query, key, value, mask, **options)
        return result
    if options.get("s_aux") is not None:
        raise InputError("This model's attention has sinks beside its keys, which cannot be tapped yet. Choose another model.")
    is_causal = options.get("is_causal")
    is_causal = bool(getattr(module, "is_causal", True) if is_causal is None else is_causal)
    return listener.attend(Call(module, query, key, value, mask, options.get("scaling"), options.get("softcap"), is_causal, base,
                            options)), None


def _over_sdpa(module: nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor,
               attention_mask: torch.Tensor | None, **options: object) -> tuple[torch.Tensor, torch.Tensor | None]:
    return _attention(sdpa_attention_forward, module, query, key, value, attention_mask, options)


def _over_eager(module: nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor,
                attention_mask: torch.Tensor | None, **options: object) -> tuple[torch.Tensor, torch.Tensor | None]:
    base = sys.modules[type(module).__module__].eager_attention_forward  # each family has its own, with its own soft cap
    return _attention(base, module, query, key, value, attention_mask, options)


AttentionInterface.register(NAMES["sdpa"], _over_sdpa)
AttentionMaskInterface.register(NAMES["sdpa"], sdpa_mask)
AttentionInterface.register(NAMES["eager"], _over_eager)
AttentionMaskInterface.register(NAMES["eager"], eager_mask)


class _Installed:
    """How many taps a model has now, and what its text configs said before the first."""

    def __init__(self) -> None:
        self.users = 0
        self.originals: list[tuple[PretrainedConfig, str]] = []


_installed: WeakKeyDictionary[PreTrainedModel, _Installed] = WeakKeyDictionary()
_lock = threading.Lock()  # two threads may tap one model: the first switches it over, the last one back


def install(model: PreTrainedModel) -> None:
    """Switch the text stack over to the tapped functions. Raises InputError where its own attention cannot be wrapped."""
    with _lock:
        entry = _installed.setdefault(model, _Installed())
        if entry.users == 0:
            entry.originals = [(config, str(config._attn_implementation)) for config in text_configs(model)]
            unknown = [own for _, own in entry.originals if own not in NAMES]
            if unknown or not entry.originals:
                raise InputError(f"A {type(model).__name__} with attention {(unknown or ['of its own'])[0]!r} cannot be tapped. "
                                 f"Load it with one of: {', '.join(NAMES)}.")
            for config, own in entry.originals:
                config._attn_implementation_internal = NAMES[own]  # the plain attribute would reach into other configs
        entry.users += 1


def uninstall(model: PreTrainedModel) -> None:
    """Switch back, once as often as it was switched over."""
    with _lock:
        entry = _installed[model]
        entry.users -= 1
        if entry.users == 0:
            for config, own in entry.originals:
                config._attn_implementation_internal = own
