"""CoDA as the registry knows it."""

from functools import partial
from pathlib import Path

from backends.coda.results import CodaResult
from backends.coda.settings import PRESETS, CodaSettings
from backends.files.saved import load_result
from backends.registry import System, runs
from worlds.signatures import check_data

RECORDED = Path(__file__).parent / "recorded"  # made by `python -m backends.coda.record`
OURS = ("CoDA + floor + gate, word told", "CoDA + floor + gate, found by lift")  # rows of the recorded count
PAPERS = ("CoDA's formula, word told", "CoDA, as in the paper")


def wins() -> str:
    """Whose variant does better, from the recorded count."""
    counted = load_result((RECORDED / "recovery.orrery").read_bytes(), CodaResult).recovery
    rows = {row.decoder: row.exact_match for row in counted.rows} if counted else {}
    if not {"Greedy", *OURS, *PAPERS} <= rows.keys():
        return ""
    told, found, paper, paper_found = (f"{100 * rows[name].mean:.0f} %" for name in (*OURS, *PAPERS))
    return (f"Told the word, Orrery's variant (floor, gate) answers {told} of {rows['Greedy'].count} facts, the paper's formula "
            f"{paper}, greedy {100 * rows['Greedy'].mean:.0f} %. Finding the word itself, they answer {found} and {paper_found}.")


SYSTEM = System(
    name="coda", title="CoDA: facts that overshadow facts",
    claim="A model answers with the fact that it has read most, even where a rarer one is asked for. CoDA finds the word that is "
          "ignored and decodes against the prompt without it.",
    paper="The Law of Knowledge Overshadowing",
    source="arXiv 2502.16143", icon=":material/contrast:", settings=CodaSettings, result=CodaResult, run=runs("coda"),
    ring="thinking", minutes="30 minutes", level="Medium: tokens, probabilities",
    wins=wins,
    recorded=RECORDED / "default.orrery",
    checks={"file": partial(check_data, wanted=("text", "parquet"), said="A table in CSV, TSV, JSON, JSON lines or parquet")},
    presets=PRESETS, lane=lambda settings: "long" if settings.trains_now else "short")
