"""Colour and mark of the operators, and name and colour of a model's states, once for every chart and list.

One meaning per colour: a state's colour is that state, an operator's is that operator. Grey is what was not touched.
"""

from collections.abc import Collection
from typing import cast

from models.diffusion.choices import OPERATOR_NAMES, Operator, Place, learners, place_of
from visualizers.theme import VISITED_COLOUR

KEPT_COLOUR = VISITED_COLOUR
STATE_NAMES: dict[str, str] = {
    "original": "Original", "swapped": "Swapped, not healed", "stage 1": "Healed, stage 1", "stage 2": "Healed, stage 2"}
STATE_COLOURS: dict[str, str] = {"original": KEPT_COLOUR, "swapped": "#C43A5B", "stage 1": "#E69F00", "stage 2": "#009E73"}
OPERATOR_STYLES: dict[str, tuple[str, str]] = {  # colour, mark
    "mha": ("#6B7280", "circle"), "hyena-x": ("#D55E00", "diamond"), "hyena-y": ("#CC79A7", "triangle-up"),
    "hyena-se": ("#8C6BB1", "triangle-down"), "swa": ("#0072B2", "square"), "mamba-2": ("#A6761D", "x"),
    "linear": ("#56B4E9", "cross"), "mlp-1": ("#B8A04A", "circle-open"), "mlp-2": ("#7D8A1E", "diamond-open"),
    "mlp-3": ("#2F7F86", "square-open"), "mlp-4": ("#444444", "triangle-up-open"), "mlp-5": ("#7FB7BD", "triangle-down-open"),
    "mlp-6": ("#8B5A2B", "star"), "mlp-hyena-x": ("#C39B6E", "pentagon"),
    "pairs": ("#4B3F9E", "hexagon"),
}
OPERATORS: dict[str, str] = {str(name): words for name, words in OPERATOR_NAMES.items()}
BANDS_COLOUR, HEADS_COLOUR, GRID_COLOUR = "#0072B2", "#CC79A7", "#56B4E9"  # of locality: a layer, its heads, the same on the grid


def place(operator: str) -> Place:
    """What it replaces: attention, the MLP, or two whole blocks."""
    return place_of(cast(Operator, operator))


def stand(operator: str, layers: Collection[int]) -> tuple[int, ...]:
    """The number of each new operator: its layer, or the first block of its pair."""
    return learners(cast(Operator, operator), layers)


def label(operator: str, layer: int) -> str:
    """What an operator is called by on an axis or in a table: its layer, or the two blocks of its pair: '2+3'."""
    return f"{layer}+{layer + 1}" if place(operator) == "block" else str(layer)


def unit(operator: str) -> str:
    """What learns alone."""
    return "pair" if place(operator) == "block" else "layer"
