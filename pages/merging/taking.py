"""What can be taken away from merging's page beside what every page offers: tables, the recipe for mergekit, the record."""

from functools import partial

import pandas as pd
import streamlit as st

from backends.files.csv_text import to_csv
from backends.merging.results import MergingResult
from visualizers.merging import folders, numbers


def tables_of(result: MergingResult) -> dict[str, pd.DataFrame]:
    """What can be taken away as CSV, by its label; what has no rows is left out."""
    made: dict[str, pd.DataFrame] = {}
    if merged := result.merged:
        made |= {"Skills (CSV)": numbers.tried(merged, result.settings), "Answers (CSV)": numbers.answers(merged),
                 "Distances (CSV)": numbers.distances(merged.apart)}
    if result.grid:
        made["Pairs (CSV)"] = numbers.pairs(result.grid)
    if result.looking:
        made["Probes (CSV)"] = numbers.probed(result.looking)
    if result.folders:
        made |= {"Checks (CSV)": folders.findings(result.folders), "Distances (CSV)": numbers.distances(result.folders.apart)}
    if result.reports:
        made |= {"Groups (CSV)": numbers.groups(result.reports), "Replies (CSV)": numbers.every_row(result.reports)}
    return {label: table for label, table in made.items() if not table.empty}


def take(result: MergingResult) -> None:
    """Made when they are clicked."""
    columns = st.columns(2)
    for place, (label, table) in enumerate(tables_of(result).items()):
        name = label.removesuffix(" (CSV)").lower()
        columns[place % 2].download_button(label, partial(to_csv, table), f"merging-{name}.csv", "text/csv",
                                           width="stretch", key=f"merging.csv.{name}", on_click="ignore",
                                           help="A row per line of the table, full precision.")
    if result.folders is None:
        return
    if result.folders.yaml:
        columns[0].download_button("Recipe for mergekit (YAML)", result.folders.yaml, "merging.yaml", "application/yaml",
                                   key="merging.yaml", width="stretch", on_click="ignore",
                                   help="The same merge, for mergekit's own command, and for the box of this page.")
    if result.folders.record:
        columns[1].download_button("Record of the merge (JSON)", result.folders.record, "merging-record.json", "application/json",
                                   key="merging.record", width="stretch", on_click="ignore",
                                   help="Which models, which method, which digests; it lies beside what was written, too.")
