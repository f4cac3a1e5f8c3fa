"""Runs every graft through its states and keeps the numbers; needs torch, and the better part of an hour."""

import copy
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TextIO

import numpy as np
import torch

from backends.grafting.choices import StateName
from backends.grafting.examples import Examples, examples
from backends.grafting.healing import Grafting, batches, tune_rates
from backends.grafting.measured import CONTROL, JUDGED, SEEDS, TUNE_STEPS, Measured, Row, name_of, read, write
from backends.grafting.painting import error_of, judge_of
from backends.grafting.results import Judgement
from backends.grafting.settings import GraftingSettings
from backends.run import code_version
from backends.rungs import rung_of
from models.diffusion.painter import Painter
from models.diffusion.training import DiffusionTraining
from models.memory import budget

ORIGINAL: tuple[StateName, ...] = ("original",)
Asked = tuple[GraftingSettings, str]  # and what of it is done otherwise, as in `measured.ABLATIONS`
_Found = tuple[list[Row], float]  # and the floor, 0 where none was asked for


def measure(asked: Sequence[Asked], file: Path, out: TextIO, *, processes: int = 2, keeps_older: bool = False) -> Measured:
    """Measure the original, the control of each seed and each graft, in so many processes of one thread.

    Args:
        file: what it holds of the same code's version is gone on with; it is written after every graft.
        keeps_older: whether also what other versions measured is.
    """
    code = code_version()
    kept = read(file) if file.is_file() else None
    rows = [row for row in kept.rows if keeps_older or row.code == code] if kept else []
    floor = kept.floor if kept and rows else 0.0
    there = {(row.graft, row.seed) for row in rows}
    seeds = sorted({settings.seed for settings, _ in asked})
    wanted: list[Asked | int] = [seed for seed in seeds if (CONTROL, seed) not in there]
    wanted += [one for one in asked if (_name(one), one[0].seed) not in there]
    with ProcessPoolExecutor(processes, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for found, its_floor in pool.map(_measured, wanted):
            rows, floor = [*rows, *(replace(row, code=code) for row in found)], floor or its_floor
            write(Measured(tuple(rows), JUDGED, floor, date.today().isoformat()), file)
            for row in found:
                print(row, file=out, flush=True)
    return read(file)


def _name(one: Asked) -> str:
    settings, otherwise = one
    return name_of(settings.operator, settings.pattern, otherwise)


def _measured(wanted: Asked | int) -> _Found:
    """A graft, or the control of a seed."""
    with budget().borrow(rung_of(GraftingSettings().model, "diffusion")) as loaded:
        painter = loaded.tool
        assert isinstance(painter, Painter)
        return _control(painter, wanted) if isinstance(wanted, int) else _graft(painter, wanted)


def _graft(painter: Painter, one: Asked) -> _Found:
    """Every state of one graft but the original, which is the same for all."""
    settings, otherwise = one
    going = Grafting(replace(painter, network=copy.deepcopy(painter.network)), settings, not_judged=ORIGINAL)
    for _ in going.events():
        pass
    error = float(np.mean([healed.errors[-1] for healed in going.healed]))
    rows, floor = [], 0.0
    for state in going.states:
        if state.name not in ORIGINAL:
            row, floor = _row(_name(one), state.name, state.held_out, state.judgement, settings.seed)
            rows.append(replace(row, operator=settings.operator, pattern=settings.pattern, seconds=state.seconds,
                                stage_1_error=None if state.name == "swapped" else error, otherwise=otherwise))
    return rows, floor


def _row(graft: str, state: str, held_out: float | None, said: Judgement | None, seed: int) -> tuple[Row, float]:
    assert held_out is not None, f"{graft} broke"
    if said is None:
        return Row(graft, "", "", state, held_out, None, None, None, 0.0, seed), 0.0
    assert said.proxy_fd is not None and said.floor is not None, f"{graft} was judged on too few pictures"
    return Row(graft, "", "", state, held_out, said.accuracy, said.proxy_fd, None, 0.0, seed), said.floor


def _control(painter: Painter, seed: int) -> _Found:
    """The original after stage 2, nothing grafted, and beside the first seed's the original itself."""
    settings = GraftingSettings(seed=seed, num_judged=JUDGED if seed == SEEDS[0] else 0, tune_steps=TUNE_STEPS)
    training = DiffusionTraining(copy.deepcopy(painter.network).train(), tune_rates(settings.tune_steps), seed=seed)
    given = next(one for one in examples(painter, settings) if isinstance(one, Examples))
    for samples in batches(given, settings.tune_steps, seed):
        training.learn(samples)
    rows, floor = [], 0.0
    for graft, state, model in (("original", "original", painter.network), (CONTROL, "stage 2", training.averaged)):
        if graft == CONTROL or seed == SEEDS[0]:
            said = list(judge_of(model, settings, painter))[-1] if settings.num_judged else None
            judgement = said if isinstance(said, Judgement) else None
            row, floor = _row(graft, state, error_of(model, painter, given.held_out), judgement, seed)
            rows.append(row)
    return rows, floor
