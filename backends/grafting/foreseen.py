"""What a graft will cost, before a run: from a model's description alone, without its weights.

The folder of a diffusion transformer in diffusers' layout says its shape in `config.json`. Operators are made to be counted, so
what is asked for needs torch, which is imported when it is first asked.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from backends.grafting.choices import layers_of
from backends.grafting.results import Cost
from backends.grafting.settings import GraftingSettings
from models.diffusion.choices import Operator, same_again

CONFIG = "config.json"


@dataclass(frozen=True)
class Described:
    """A transformer as its folder describes it."""

    width: int
    heads: int
    tokens: int
    num_layers: int


def described(folder: Path) -> Described | None:
    """The shape of the transformer in a folder; None where there is no description that says it."""
    try:
        said = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        heads, side = int(said["num_attention_heads"]), int(said["sample_size"]) // int(said["patch_size"])
        return Described(heads * int(said["attention_head_dim"]), heads, side * side, int(said["num_layers"]))
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return None


def layers_for(settings: GraftingSettings, num_layers: int) -> tuple[int, ...]:
    """The layers that will be replaced; of a pattern that goes by attention, as many as it will be, and which is not known yet."""
    if settings.pattern == "by hand":
        return tuple(sorted(layer for layer in settings.layers if layer < num_layers))
    return layers_of(settings.pattern, num_layers, (0.0,) * num_layers)


@cache
def operator_cost(operator: Operator, model: Described, count: int) -> Cost:
    """Of so many operators; the parameters of the whole model are not counted."""
    from models.diffusion.costs import flops, parameters
    from models.diffusion.surgery import Shape

    shape = Shape(model.width, model.heads, model.tokens)
    operations = flops(operator, shape)
    return Cost(parameters=0, operator_parameters=count * parameters(operator, shape), mixing_flops=count * operations.mixing,
                feature_flops=count * operations.features)


def foreseen(settings: GraftingSettings, model: Described) -> tuple[Cost, Cost]:
    """What the operators cost that will be replaced, and what those cost that will stand there."""
    count = len(layers_for(settings, model.num_layers))
    return operator_cost(same_again(settings.operator), model, count), operator_cost(settings.operator, model, count)
