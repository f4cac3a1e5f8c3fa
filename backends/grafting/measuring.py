"""Runs every graft through its states and keeps the numbers; needs torch, and the better part of an hour."""

import copy
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from typing import TextIO

import numpy as np
import torch

from backends.grafting.healing import TUNE_KEEP, TUNE_PEAK, TUNE_WARM_UP, batches
from backends.grafting.measured import CONTROL, Measured, Row, name_of
from backends.grafting.painting import error_of, judge_of
from backends.grafting.results import GraftingResult, Judgement
from backends.grafting.run import run
from backends.grafting.settings import GraftingSettings
from backends.run import Inputs, code_version, last
from backends.rungs import rung_of
from models.diffusion.painter import Painter
from models.diffusion.training import DiffusionTraining, Rates
from models.memory import budget

_Found = tuple[list[Row], float]  # and the floor


def measure(asked: Sequence[GraftingSettings], out: TextIO, *, processes: int = 2) -> Measured:
    """Measure the control and each graft, in so many processes of one thread."""
    rows: list[Row] = []
    with ProcessPoolExecutor(processes, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for found, floor in pool.map(_measured, [None, *asked]):  # noqa: B007  the same for all
            new = [row for row in found if row.state != "original" or not any(one.state == "original" for one in rows)]
            rows += new
            for row in new:
                print(row, file=out, flush=True)
    judged = asked[0].num_judged
    return Measured(tuple(rows), judged, floor, date.today().isoformat(), code_version())


def _measured(settings: GraftingSettings | None) -> _Found:
    return _control() if settings is None else _graft(settings)


def _graft(settings: GraftingSettings) -> _Found:
    result: GraftingResult = last(run(settings, Inputs()))
    assert result.grafted is not None
    grafted = result.grafted
    error = float(np.mean([one.errors[-1] for one in grafted.healed]))
    rows, floor = [], 0.0
    for state in grafted.states:
        said = state.judgement
        if said is None or said.proxy_fd is None or said.floor is None or state.held_out is None:
            continue
        floor, is_original = said.floor, state.name == "original"
        name = "original" if is_original else name_of(settings.operator, settings.pattern)
        rows.append(Row(name, settings.operator, settings.pattern, state.name, state.held_out, said.accuracy, said.proxy_fd,
                        error if state.name in ("stage 1", "stage 2") else None, state.seconds))
    return rows, floor


def _control() -> _Found:
    """The original after stage 2, nothing grafted."""
    from backends.grafting.measured import JUDGED

    settings = GraftingSettings(num_judged=JUDGED)
    with budget().borrow(rung_of(settings.model, "diffusion")) as loaded:
        painter = loaded.tool
        assert isinstance(painter, Painter)
        rates = Rates(steps=settings.tune_steps, peak=TUNE_PEAK, warm_up=TUNE_WARM_UP, decay=None, weight_decay=0.0, keep=TUNE_KEEP)
        training = DiffusionTraining(copy.deepcopy(painter.network).train(), rates, seed=settings.seed)
        for samples in batches(settings.tune_steps, settings.seed):
            training.learn(samples)
        *_, said = judge_of(training.averaged, settings, painter.judge, painter.reference)
    error = error_of(training.averaged)
    assert isinstance(said, Judgement) and said.proxy_fd is not None and said.floor is not None and error is not None
    return [Row(CONTROL, "", "", "stage 2", error, said.accuracy, said.proxy_fd, None, 0.0)], said.floor
