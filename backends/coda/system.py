"""CoDA as the registry knows it."""

from functools import partial
from pathlib import Path

from backends.coda.results import CodaResult
from backends.coda.settings import PRESETS, CodaSettings
from backends.registry import System, runs
from worlds.signatures import check_data

RECORDED = Path(__file__).parent / "recorded"  # made by `python -m backends.coda.record`


SYSTEM = System(
    name="coda", title="CoDA: facts that overshadow facts",
    claim="A model answers with the fact that it has read most, even where a rarer one is asked for. CoDA finds the word that is "
          "ignored and decodes against the prompt without it.",
    paper="The Law of Knowledge Overshadowing",
    source="arXiv 2502.16143", icon=":material/contrast:", settings=CodaSettings, result=CodaResult, run=runs("coda"),
    ring="thinking", minutes="30 minutes", level="Medium: tokens, probabilities",
    wins="Orrery's variant (floor, gate), told the word: 64 % of 180 facts; the paper's formula 48 %, greedy 43 %. "
         "Finding the word itself, none beats greedy.",
    recorded=RECORDED / "default.orrery",
    checks={"file": partial(check_data, wanted=("text", "parquet"), said="A table in CSV, TSV, JSON, JSON lines or parquet")},
    presets=PRESETS, lane=lambda settings: "long" if settings.trains_now else "short")
