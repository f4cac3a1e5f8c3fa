"""What can be taken away from RAGEN's page: numbers and thoughts of a training as tables, its words as a log, the same training for
real models."""

import json
from functools import partial

import streamlit as st

from backends.files.archive import zipped
from backends.files.csv_text import to_csv
from backends.ragen.exports.trl import trl_script
from backends.ragen.exports.verl import verl_overrides
from backends.ragen.formats.writing import log_files
from backends.ragen.history import scalars_of
from backends.ragen.results import RagenResult
from backends.ragen.rollouts import Rollout
from visualizers.ragen import tables


def take(_task: str, result: RagenResult) -> None:
    """Made when they are clicked."""
    left, right = st.columns(2)
    if training := result.training:
        left.download_button("Numbers of every iteration (CSV)", partial(_metrics, result), "ragen-metrics.csv", "text/csv",
                             key="ragen.metrics", width="stretch", on_click="ignore", help="A row for each iteration, a column for "
                             "each number.")
        if any(shot.repeated for shot in training.snapshots):
            right.download_button("Repeated thoughts (CSV)", partial(_thoughts, result), "ragen-thoughts.csv", "text/csv",
                                  key="ragen.thoughts", width="stretch", on_click="ignore",
                                  help="The commonest thoughts of every iteration whose words were kept.")
        settings = result.settings
        right.download_button("For RAGEN's repository (verl)", partial(verl_overrides, settings), "ragen-verl.sh",
                              "text/x-shellscript", key="ragen.verl", width="stretch", on_click="ignore",
                              help="The same training with a real model: a script of overrides that names the version it is for, and "
                              "what has no counterpart there.")
        if settings.members > 1:
            left.download_button("For TRL's GRPOTrainer (Python)", partial(trl_script, settings), "ragen-trl.py", "text/x-python",
                                 key="ragen.trl", width="stretch", on_click="ignore",
                                 help="One file that needs nothing of Orrery. It checks itself before it trains; --check does that "
                                 "alone.")
    if rollouts_of(result):
        left.download_button("Episodes as logs (zip)", partial(logs, result), "ragen-logs.zip", "application/zip", key="ragen.zip",
                             width="stretch", on_click="ignore",
                             help="One line for each episode, with what RAGEN's own record has; the box “Your logs” above reads it.")


def rollouts_of(result: RagenResult) -> list[Rollout]:
    """Every whole episode that a result holds."""
    if result.training is not None:
        return [one for shot in result.training.snapshots for one in shot.rollouts]
    if result.logs is not None:
        return list(result.logs.rollouts)
    return [result.played] if result.played and result.played.episode.turns else []


def logs(result: RagenResult) -> bytes:
    """The episodes as our own log."""
    history = result.training.metrics if result.training else ()
    return zipped(log_files(rollouts_of(result), [(one.iteration, scalars_of(one)) for one in history],
                            config=json.loads(result.settings.model_dump_json()), version=result.code_version, seeds=[result.seed]))


def _metrics(result: RagenResult) -> bytes:
    return to_csv(tables.metrics(result.training.metrics if result.training else ()))


def _thoughts(result: RagenResult) -> bytes:
    assert result.training is not None
    return to_csv(tables.all_repeated(result.training))
