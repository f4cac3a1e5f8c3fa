"""Figures of grafting that no recorded run has: many layers, all of them cut, every operator, timings, a run on its way."""

import plotly.graph_objects as go

from models.diffusion.choices import OPERATOR_NAMES
from tests.visualizers.grafting import made
from visualizers.grafting import costs, healing, layers, locality, speed


def figures() -> dict[str, go.Figure]:
    large = made.grafted(layers=tuple(range(1, 28, 2)), num_layers=28)
    whole = made.grafted(layers=tuple(range(28)), num_layers=28)
    deep = made.locality(num_layers=28, heads=16)
    found = made.locality()
    begun = made.grafted("original", "swapped", operator="mlp-hyena-x")
    every = {name: tuple(ms * (1 + number / 10) for ms in made.TIMES["hyena-x"]) for number, name in enumerate(OPERATOR_NAMES)}
    return {
        "blocks of 28": layers.blocks("mamba-2", large.layers, 28), "blocks of MLPs": layers.blocks("mlp-hyena-x", (1, 3), 8),
        "errors of 14": healing.bars(large), "errors of 28": healing.bars(whole), "curves of 28": healing.curves(whole),
        "errors before they are known": healing.bars(begun), "tuned": healing.tuned(large), "held out": healing.held_out(large),
        "blocks side by side": layers.blocks("pairs", range(8), 8),
        "blocks of 28 side by side": layers.blocks("pairs", range(28), 28),
        "errors of pairs": healing.bars(made.pairs()), "curves of pairs": healing.curves(made.pairs()),
        "costs of pairs": costs.bars(made.pairs()),
        "costs of MLPs": costs.bars(made.grafted(operator="mlp-6", before=made.MLPS, after=made.WIDER)), "costs": costs.bars(large),
        "shares": locality.shares(found), "shares of 28": locality.shares(deep), "grid": locality.on_the_grid(found),
        "patterns": locality.picked(found), "map": locality.attention(found, layer=3, head=2, time=1),
        "token": locality.from_token(found, layer=3, head=None, time=0, token=27), "speed": speed.lines(made.speed()),
        "speed of every operator": speed.lines(made.speed(every))}
