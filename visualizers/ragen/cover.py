"""The picture that stands for RAGEN in the gallery: the reward, the spread that warns, and what the agent says then and now."""

import numpy as np
from PIL import ImageDraw

from backends.ragen.monitor import smoothed
from backends.ragen.results import RagenResult, Snapshot
from visualizers import covers
from visualizers.ragen.signs import ALARM_COLOURS, values_of
from visualizers.ragen.story import report_of

LEFT, TOP, RIGHT, BOTTOM = 60, 172, 900, 345  # of the curve
LINE = "#B79CE0"  # the reward's colour, lighter: the ground is dark
LETTERS = 62


def cover(result: RagenResult) -> np.ndarray:
    """The curve of a training between its first and its newest words. (h, w, 3) uint8 RGB."""
    canvas, draw = covers.blank()
    training = result.training
    if training is None or not training.metrics:
        covers.write(canvas, "RAGEN", at=(60, 270), size_px=60)
        return np.asarray(canvas)
    worded = [shot for shot in training.snapshots if shot.rollouts]
    if worded:
        first, last = worded[0], worded[-1]
        covers.write(canvas, f"Iteration {first.iteration}: many thoughts", at=(LEFT, 54), size_px=24, colour=covers.SOFT)
        for row, thought in enumerate(_thoughts(first, 2)):
            covers.write(canvas, f"“{thought}”", at=(LEFT, 94 + 38 * row), size_px=27)
        covers.write(canvas, f"Iteration {last.iteration}: {_echo(last)}", at=(LEFT, 430), size_px=24, colour=covers.SOFT)
        covers.write(canvas, "  ".join(f"“{thought}”" for thought in _thoughts(last, 5, unique=False)), at=(LEFT, 474),
                     size_px=27)
    _curve(draw, result)
    return np.asarray(canvas)


def _thoughts(shot: Snapshot, count: int, *, unique: bool = True) -> list[str]:
    said = [turn.thought or turn.reply for one in shot.rollouts for turn in one.episode.turns[:1]]
    said = [thought if len(thought) <= LETTERS else f"{thought[:LETTERS - 1]}…" for thought in said]
    if not unique:  # as many as have room in the line
        return said[:max(1, min(count, LETTERS // (4 + len(said[0])) if said else 0))]
    return sorted(dict.fromkeys(said), key=lambda thought: thought.endswith("…"))[:count]  # whole ones first


def _echo(shot: Snapshot) -> str:
    return f"{shot.repeated[0].share:.0%} of all thoughts are the same" if shot.repeated else ""


def _curve(draw: ImageDraw.ImageDraw, result: RagenResult) -> None:
    assert result.training is not None
    history = result.training.metrics
    iterations, values = values_of(history, "reward")
    if len(values) < 2:
        return
    smooth = smoothed(values)
    low, high = float(smooth.min()), float(smooth.max())
    span = max(1, int(iterations[-1] - iterations[0]))

    def at(iteration: int, value: float) -> tuple[float, float]:
        return (LEFT + (RIGHT - LEFT) * (iteration - int(iterations[0])) / span,
                BOTTOM - (BOTTOM - TOP - 20) * (value - low) / max(high - low, 1e-9))

    draw.line([at(int(number), float(value)) for number, value in zip(iterations, smooth)], fill=LINE, width=6, joint="curve")
    draw.line([(LEFT, BOTTOM + 14), (RIGHT, BOTTOM + 14)], fill=covers.SOFT, width=2)
    for alarm in report_of(result).fired:
        x, _ = at(alarm.fired or 0, low)
        draw.line([(x, TOP), (x, BOTTOM + 14)], fill=ALARM_COLOURS[alarm.colour], width=3)
        draw.polygon([(x - 13, TOP), (x + 13, TOP), (x, TOP + 22)], fill=ALARM_COLOURS[alarm.colour])
    draw.text((LEFT, BOTTOM + 22), "reward; triangles: warnings", fill=LINE, font=covers.font(20))
