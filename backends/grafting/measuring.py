"""Runs every graft through its states and keeps the numbers; needs torch, and the better part of an hour."""

import copy
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from typing import TextIO

import numpy as np
import torch

from backends.grafting.choices import StateName
from backends.grafting.healing import Grafting, batches, tune_rates
from backends.grafting.measured import CONTROL, JUDGED, TUNE_STEPS, Measured, Row, name_of
from backends.grafting.painting import error_of, judge_of
from backends.grafting.results import Judgement
from backends.grafting.settings import GraftingSettings
from backends.run import code_version
from backends.rungs import rung_of
from models.diffusion.painter import Painter
from models.diffusion.training import DiffusionTraining
from models.memory import budget

ORIGINAL: tuple[StateName, ...] = ("original",)
_Found = tuple[list[Row], float]  # and the floor


def measure(asked: Sequence[GraftingSettings], out: TextIO, *, processes: int = 2) -> Measured:
    """Measure the original, the control and each graft, in so many processes of one thread."""
    rows: list[Row] = []
    with ProcessPoolExecutor(processes, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for found, floor in pool.map(_measured, [None, *asked]):  # noqa: B007  the same for all
            rows += found
            for row in found:
                print(row, file=out, flush=True)
    return Measured(tuple(rows), asked[0].num_judged, floor, date.today().isoformat(), code_version())


def _measured(settings: GraftingSettings | None) -> _Found:
    with budget().borrow(rung_of(GraftingSettings().model, "diffusion")) as loaded:
        painter = loaded.tool
        assert isinstance(painter, Painter)
        return _control(painter) if settings is None else _graft(painter, settings)


def _graft(painter: Painter, settings: GraftingSettings) -> _Found:
    """Every state of one graft but the original, which is the same for all."""
    going = Grafting(copy.deepcopy(painter.network), settings, painter.judge, painter.reference, not_judged=ORIGINAL)
    for _ in going.events():
        pass
    error = float(np.mean([one.errors[-1] for one in going.healed]))
    rows, floor = [], 0.0
    for state in going.states:
        if (said := state.judgement) is not None:
            row, floor = _row(name_of(settings.operator, settings.pattern), state.name, state.held_out, said)
            rows.append(replace(row, operator=settings.operator, pattern=settings.pattern, seconds=state.seconds,
                                stage_1_error=None if state.name == "swapped" else error))
    return rows, floor


def _row(graft: str, state: str, held_out: float | None, said: Judgement) -> tuple[Row, float]:
    assert said.proxy_fd is not None and said.floor is not None and held_out is not None, f"{graft} broke"
    return Row(graft, "", "", state, held_out, said.accuracy, said.proxy_fd, None, 0.0), said.floor


def _control(painter: Painter) -> _Found:
    """The original, and the original after stage 2, nothing grafted."""
    settings = GraftingSettings(num_judged=JUDGED, tune_steps=TUNE_STEPS)
    training = DiffusionTraining(copy.deepcopy(painter.network).train(), tune_rates(settings.tune_steps), seed=settings.seed)
    for samples in batches(settings.tune_steps, settings.seed):
        training.learn(samples)
    rows, floor = [], 0.0
    for graft, state, model in (("original", "original", painter.network), (CONTROL, "stage 2", training.averaged)):
        *_, said = judge_of(model, settings, painter.judge, painter.reference)
        assert isinstance(said, Judgement)
        row, floor = _row(graft, state, error_of(model), said)
        rows.append(row)
    return rows, floor
