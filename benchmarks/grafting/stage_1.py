"""Stage 1 of every operator on a few hundred pictures: what is left of the error on held-out ones, layer by layer."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from backends.grafting.choices import layers_of
from backends.grafting.examples import drawn
from backends.grafting.measured import HALF
from benchmarks.tables import markdown
from models.catalogue.miniatures import MINIATURES
from models.diffusion.choices import Heard, Operator, place_of, usual_loss
from models.diffusion.costs import parameters
from models.diffusion.distilling import Distilling, extract, relative_error
from models.diffusion.painter import Painter, painter_of
from models.diffusion.surgery import fresh, shape_of

PICTURES, HELD_OUT, STEPS = 500, 500, 250
MOST = {"attention": 0.3, "mlp": 0.2}  # of the mean error; asked of every operator but our own
ON_CLEAN: tuple[Operator, ...] = ("mha", "hyena-x")  # are also taught on pictures without noise


@dataclass(frozen=True)
class Learned:
    """One operator in every other layer.

    Attributes:
        errors: relative error on held-out noised pictures, by layer.
    """

    operator: Operator
    inputs: Heard
    parameters: int
    errors: Mapping[int, float]

    @property
    def mean(self) -> float:
        return sum(self.errors.values()) / len(self.errors)


def section() -> str:
    """Teach every operator of the table of states, with one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        painter, rows = painter_of(MINIATURES / "vignettes-dit", "cpu"), list[Learned]()
        asked: list[tuple[Operator, Heard]] = [*((operator, "noised") for operator in HALF), *((one, "clean") for one in ON_CLEAN)]
        for operator, inputs in asked:
            rows.append(learned(painter, operator, inputs, pictures=PICTURES, held_out=HELD_OUT, steps=STEPS))
            print(rows[-1], file=sys.stderr, flush=True)
    finally:
        torch.set_num_threads(threads)
    return told(rows)


def learned(painter: Painter, operator: Operator, inputs: Heard, *, pictures: int, held_out: int, steps: int) -> Learned:
    """Teach one operator with its usual loss in every other layer."""
    network, place = painter.network, place_of(operator)
    layers = layers_of("interleaved", painter.network.config.num_layers)
    heard = extract(network, layers, place, *drawn(pictures, held_out=False), seed=0, inputs=inputs)
    checked = extract(network, layers, place, *drawn(held_out, held_out=True), seed=1)
    errors = {}
    for layer in layers:
        learner = Distilling(fresh(operator, shape_of(network), seed=layer), heard[layer], loss=usual_loss(operator), steps=steps,
                             seed=layer)
        learner.learn(steps)
        errors[layer] = relative_error(learner.operator, checked[layer])
    return Learned(operator, inputs, parameters(operator, shape_of(network)), errors)


def told(rows: Sequence[Learned]) -> str:
    """The table, least error first, and what was asked for beside what was found."""
    layers = sorted({layer for row in rows for layer in row.errors})
    head = ("operator", "taught on", "parameters", *(f"layer {layer}" for layer in layers), "mean")
    cells = [[row.operator, f"{row.inputs} pictures", f"{row.parameters:,}", *(f"{row.errors[layer]:.3f}" for layer in layers),
              f"{row.mean:.3f}"] for row in sorted(rows, key=lambda row: row.mean)]
    means = {(row.operator, row.inputs): row.mean for row in rows}
    over = [row.operator for row in rows if row.inputs == "noised" and row.mean >= MOST[place_of(row.operator)]]
    clean = ", ".join(f"{operator} {means[operator, 'noised']:.3f} on noised and {mean:.3f} on clean pictures"
                      for (operator, inputs), mean in means.items() if inputs == "clean")
    first = (f"Attention again (self-graft) ends at {means['mha', 'noised']:.3f}, Hyena-X at {means['hyena-x', 'noised']:.3f}; "
             "asked: the first below the second. " if {("mha", "noised"), ("hyena-x", "noised")} <= means.keys() else "")
    return f"""## Stage 1 on a few pictures

The miniature `vignettes-dit`, every other layer, {PICTURES} pictures, {STEPS} steps, the usual loss of each operator. The error is
the mean squared one over the variance, on {HELD_OUT} held-out noised pictures: 0 is perfect, 1 is as good as saying the mean always.

{markdown(head, cells)}
Asked: a mean below {MOST["attention"]} in the place of attention and below {MOST["mlp"]} in that of the MLP; not reached by:
{", ".join(over) or "none"}. {first}{f"{clean}; asked: noised below clean." if clean else ""}
"""
