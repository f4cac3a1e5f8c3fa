"""What is to be painted, as networks take it: classes by number, or sentences that a text encoder read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor, nn

from models.diffusion.network import parts
from worlds.errors import InputError

LABELS = "class_labels"
LISTED = 6  # kinds that a refusal names


@dataclass(frozen=True)
class Wanted:
    """What a network is asked for, by the keyword of its forward.

    Attributes:
        given: by keyword, one row per picture.
        without: the same for nothing in particular, of the same shapes.
        always: what is passed on with every forward.
    """

    given: Mapping[str, Tensor]
    without: Mapping[str, Tensor]
    always: Mapping[str, Any] = field(default_factory=dict)  # Any: whatever a network takes

    def __len__(self) -> int:
        return len(next(iter(self.given.values())))

    def __getitem__(self, rows: Any) -> Self:  # Any: a slice, a list of numbers or a tensor of them
        return type(self)({key: value[rows] for key, value in self.given.items()},
                          {key: value[rows] for key, value in self.without.items()}, self.always)

    def to(self, device: torch.device) -> Self:
        """The same on another device."""
        return type(self)({key: value.to(device) for key, value in self.given.items()},
                          {key: value.to(device) for key, value in self.without.items()}, self.always)

    def dropping(self, is_dropped: Tensor) -> Self:
        """The same, but nothing in particular where `is_dropped`, (n,)."""

        def mixed(key: str) -> Tensor:
            value = self.given[key]
            return torch.where(is_dropped.to(value.device).view(-1, *[1] * (value.dim() - 1)), self.without[key], value)

        return type(self)({key: mixed(key) for key in self.given}, self.without, self.always)

    def ask(self, model: nn.Module, noisy: Tensor, times: Tensor) -> Tensor:
        """What a network says of noised pictures at some steps, (n, c, h, w)."""
        said: Tensor = model(noisy, timestep=times, **self.given, **self.always).sample
        return said

    def ask_both(self, model: nn.Module, noisy: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
        """What it says with and without, in one forward."""
        both = type(self)({key: torch.cat([value, self.without[key]]) for key, value in self.given.items()}, {}, self.always)
        with_it, without = both.ask(model, torch.cat([noisy, noisy]), torch.cat([times, times])).chunk(2)
        return with_it, without


def by_class(kinds: Tensor, null: int) -> Wanted:
    """Classes by number, (n,); `null` stands for none."""
    return Wanted({LABELS: kinds}, {LABELS: torch.full_like(kinds, null)})


def number_of(asked: str, kinds: Sequence[str]) -> int:
    """The class that is meant by a name, by one of several names between commas, or by a number.

    Raises:
        InputError: there is none, or several; the sentence says some that there are.
    """
    said = " ".join(asked.lower().split())
    if said.isdecimal() and len(said) < 7 and int(said) < len(kinds):
        return int(said)
    whole = [number for number, kind in enumerate(kinds) if said == kind.lower()]
    found = whole or [number for number, kind in enumerate(kinds) if said in [part.strip().lower() for part in kind.split(",")]]
    if len(found) > 1:
        numbers = ", ".join(map(str, found[:LISTED]))
        raise InputError(f"{len(found)} kinds of this model are called {asked[:80]!r}: the numbers {numbers}. Write the number of "
                         "the one that is meant.")
    if found:
        return found[0]
    near = [kind for kind in kinds if said and said in kind.lower()][:LISTED] or list(kinds[:LISTED])
    raise InputError(f"This model knows no kind {asked[:80]!r}. It has {len(kinds):,}, such as: "
                     f"{'; '.join(kind[:80] for kind in near)}. Numbers from 0 to {len(kinds) - 1} are taken too.")


def by_name(network: nn.Module, kinds: Sequence[str]) -> Callable[[Sequence[str]], Wanted]:
    """What makes of names of kinds what a network of these kinds takes, where the network is."""

    def asked(names: Sequence[str]) -> Wanted:
        numbers = [number_of(name, kinds) for name in names]
        return by_class(torch.tensor(numbers, device=next(network.parameters()).device), len(kinds))

    return asked


def as_wanted(asked: Wanted | Tensor, model: nn.Module) -> Wanted:
    """Classes of a network by number, or what is ready already."""
    return asked if isinstance(asked, Wanted) else by_class(asked, int(parts(model).config.num_embeds_ada_norm))
