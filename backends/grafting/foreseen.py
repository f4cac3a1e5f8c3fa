"""What a graft will cost, before a run: from a model's description alone, without its weights.

The folder of a diffusion transformer in diffusers' layout says its shape in `config.json`. Operators are made to be counted, so
what is asked for needs torch, which is imported when it is first asked.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from backends.grafting.choices import BY_ATTENTION, MAX_LAYERS, MAX_SEEN_TOKENS, layers_of
from backends.grafting.results import Cost
from backends.grafting.settings import GraftingSettings
from models.diffusion.choices import CAPTIONS, Operator, learners, place_of, replaced, same_again
from models.shards import read_json
from worlds.errors import InputError

if TYPE_CHECKING:
    from models.diffusion.surgery import Shape

CONFIG, MAX_JSON_BYTES = "config.json", 100_000
MAX_WIDTH = 16_384  # DiT-XL/2 is 1,152 wide; operators of this width are counted without memory behind them
_COUNTS = ("num_attention_heads", "attention_head_dim", "sample_size", "patch_size", "num_layers")


@dataclass(frozen=True)
class Described:
    """A transformer as its folder describes it."""

    width: int
    heads: int
    tokens: int
    num_layers: int
    paints_latents: bool = False  # and so learns from what it painted itself
    reads_sentences: bool = False


def described(folder: Path) -> Described | None:
    """The shape of the transformer in a folder; None where there is no description that says it."""
    try:
        network = folder / "transformer"  # of a pipeline
        said = read_json((network if network.is_dir() else folder) / CONFIG, folder.name, most_bytes=MAX_JSON_BYTES)
    except (InputError, OSError):
        return None
    if not isinstance(said, dict):
        return None
    counts = [count for key in _COUNTS if type(count := said.get(key)) is int and count > 0]
    if len(counts) < len(_COUNTS):
        return None
    heads, each, pixels, patch, layers = counts
    width, side = heads * each, pixels // patch
    if not (0 < side <= side * side <= MAX_SEEN_TOKENS and width <= MAX_WIDTH and layers <= MAX_LAYERS):
        return None  # a run says what is wrong with it
    return Described(width, heads, side * side, layers, network.is_dir(), CAPTIONS in said)


def layers_for(settings: GraftingSettings, num_layers: int) -> tuple[int, ...]:
    """The layers that will be replaced; of a pattern that goes by attention, as many as it will be, and which is not known yet."""
    named = (tuple(layer for layer in settings.layers if layer < num_layers) if settings.pattern == "by hand"
             else layers_of(settings.pattern, num_layers, (0.0,) * num_layers))
    return replaced(settings.operator, named, num_layers)


@cache
def operator_cost(operator: Operator, model: Described, count: int) -> Cost:
    """Of so many operators; the parameters of the whole model are not counted."""
    from models.diffusion.costs import flops, parameters

    shape = _shape(model)
    operations = flops(operator, shape)
    return Cost(parameters=0, operator_parameters=count * parameters(operator, shape), mixing_flops=count * operations.mixing,
                feature_flops=count * operations.features)


@cache
def replaced_cost(operator: Operator, model: Described, count: int) -> Cost:
    """Of what so many operators replace in a model as it was."""
    from models.diffusion.costs import replaced_flops, replaced_parameters

    shape = _shape(model)
    operations = replaced_flops(operator, shape)
    return Cost(parameters=0, operator_parameters=count * replaced_parameters(operator, shape),
                mixing_flops=count * operations.mixing, feature_flops=count * operations.features)


def _shape(model: Described) -> "Shape":
    from models.diffusion.surgery import Shape

    return Shape(model.width, model.heads, model.tokens, model.reads_sentences)


def costs_of(operator: Operator, layers: Sequence[int], model: Described, stood: Mapping[int, Operator]) -> tuple[Cost, Cost]:
    """What stands in these layers and what an operator in their place costs, the whole model not counted.

    Args:
        stood: of a model that was grafted before, what its layers have in that place.
    """
    count = len(learners(operator, layers))
    if place_of(operator) == "block":
        return replaced_cost(operator, model, count), operator_cost(operator, model, count)
    had = Counter(stood.get(layer, same_again(operator)) for layer in layers)
    costs = [operator_cost(each, model, number) for each, number in had.items()]
    return Cost(parameters=0, operator_parameters=sum(cost.operator_parameters for cost in costs),
                mixing_flops=sum(cost.mixing_flops for cost in costs),
                feature_flops=sum(cost.feature_flops for cost in costs)), operator_cost(operator, model, count)


def foreseen(settings: GraftingSettings, model: Described, stood: Mapping[int, Operator] | None = None) -> tuple[Cost, Cost]:
    """What the operators cost that will be replaced, and what those cost that will stand there.

    Args:
        stood: of a model that was grafted before, what its layers have in that place; which layers a pattern that goes by attention
            takes is not known yet, and those are counted as never grafted.
    """
    known = stood if stood and settings.pattern not in BY_ATTENTION else {}
    return costs_of(settings.operator, layers_for(settings, model.num_layers), model, known)
