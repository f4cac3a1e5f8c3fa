"""What can be taken away from the grafting page beside what every page offers: tables, pictures, the denoising."""

from functools import partial

import pandas as pd
import streamlit as st

from backends.files.csv_text import to_csv
from backends.grafting.results import Grafted, GraftingResult
from visualizers.grafting import costs, files, speed, strips, tables
from visualizers.grafting.methods import STATE_NAMES


def tables_of(result: GraftingResult) -> dict[str, pd.DataFrame]:
    """What can be taken away as CSV, by its label."""
    made: dict[str, pd.DataFrame] = {}
    if grafted := result.grafted:
        made |= {"States (CSV)": tables.states_numbers(grafted), "Costs (CSV)": costs.numbers(grafted.before, grafted.after)}
        if grafted.healed or grafted.tuned_steps:
            made["Healing (CSV)"] = tables.healed_table(grafted)
    if result.locality:
        made["Locality (CSV)"] = tables.locality_table(result.locality)
    if result.speed:
        made["Timings (CSV)"] = speed.table(result.speed)
        if result.speed.pairs:
            made["Pairs (CSV)"] = speed.pairs_table(result.speed)
    return made


def take(result: GraftingResult) -> None:
    """The numbers as CSV; the pictures as PNG, npz and zip, the denoising as GIF and mp4."""
    columns = st.columns(2)
    for number, (label, table) in enumerate(tables_of(result).items()):
        name = label.removesuffix(" (CSV)").lower()
        columns[number % 2].download_button(label, to_csv(table), f"grafting-{name}.csv", "text/csv", key=f"csv.{name}",
                                            width="stretch", on_click="ignore", help="One row per line of the table, full precision.")
    if result.grafted:
        _take_pictures(result.grafted)


def _take_pictures(grafted: Grafted) -> None:
    """Made when they are clicked."""
    columns = st.columns(2)
    columns[0].download_button("Pictures of every state (PNG)", partial(files.png, grafted), "grafting.png", "image/png", key="png",
                               width="stretch", on_click="ignore", help="Enlarged without smoothing, a block per state.")
    if strips.num_steps(grafted):
        columns[1].download_button("Denoising of every state (GIF)", partial(files.gif, grafted), "grafting.gif", "image/gif",
                                   key="gif", width="stretch", on_click="ignore",
                                   help="Step by step, and then the finished pictures.")
        columns[0].download_button("Denoising of every state (mp4)", partial(files.mp4, grafted), "grafting.mp4", "video/mp4",
                                   key="mp4", width="stretch", on_click="ignore", help="The same as a film, for slides.")
    with st.expander("One state's pictures: npz as evaluators read them, or PNGs", icon=":material/photo_library:"):
        _take_states(grafted)


def _take_states(grafted: Grafted) -> None:
    columns = st.columns(2)
    for state in grafted.states:
        slug = state.name.replace(" ", "-")
        columns[0].download_button(
            f"Pictures, {STATE_NAMES[state.name].lower()} (npz)", partial(files.npz, state, grafted.kinds), f"grafting-{slug}.npz",
            "application/octet-stream", key=f"npz.{slug}", width="stretch", on_click="ignore",
            help="`arr_0`, uint8 of shape (n, height, width, 3): what the ADM evaluator of ImageNet samples reads. "
                 "`arr_1` holds the kinds of vignettes.")
        columns[1].download_button(
            f"Pictures, {STATE_NAMES[state.name].lower()} (PNGs)", partial(files.pngs, state), f"grafting-{slug}.zip",
            "application/zip", key=f"pngs.{slug}", width="stretch", on_click="ignore",
            help="One by one, 000000.png and so on, in the order of the npz.")
