"""What can be taken away from MindCube's page: replies, questions, templates, curves as tables, maps as JSON, views as pictures."""

import io
import zipfile
from functools import partial

import pandas as pd
import streamlit as st

from backends.files.csv_text import to_csv
from backends.mindcube.maps import to_json
from backends.mindcube.results import Asked, MindCubeResult
from pages.house import view
from visualizers.mindcube import numbers, views
from visualizers.mindcube.things import map_of, shown_map


def take(result: MindCubeResult) -> None:
    """Made when they are clicked."""
    columns = st.columns(2)
    for place, (label, table) in enumerate(_tables(result).items()):
        name = label.removesuffix(" (CSV)").lower().replace(" ", "-")
        columns[place % 2].download_button(label, partial(to_csv, table), f"mindcube-{name}.csv", "text/csv", width="stretch",
                                           key=f"mindcube.csv.{name}", on_click="ignore",
                                           help="A row per line of the table, full precision.")
    if result.asked is not None:
        columns[0].download_button("Maps and views (zip)", partial(of_question, result.asked), "mindcube-question.zip",
                                   "application/zip", key="mindcube.zip", width="stretch", on_click="ignore",
                                   help="The true map and every written one in MindCube's own JSON, and the images of the question.")


def _tables(result: MindCubeResult) -> dict[str, pd.DataFrame]:
    made: dict[str, pd.DataFrame] = {}
    if result.asked is not None and result.asked.replies:
        made["Replies (CSV)"] = numbers.replies(result.asked)
    if result.reports:
        made["Accuracies (CSV)"] = numbers.accuracies(result.reports)
        made["Templates (CSV)"] = numbers.every_part(result.reports)
        made["Questions (CSV)"] = numbers.every_line(result.reports)
    if result.training is not None:
        made["Curves (CSV)"] = numbers.points(result.training)
    return made


def of_question(asked: Asked) -> bytes:
    """A zip of the maps and images of a question."""
    drawn = {reply.configuration: shown_map(reply) for reply in asked.replies} | {"true": asked.true}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, one in drawn.items():
            if one is not None:
                archive.writestr(f"map-{name}.json", to_json(map_of(one)))
        for number, image in enumerate(views.plain(asked), start=1):
            archive.writestr(f"image-{number}.jpg", view.jpeg(image))
    return content.getvalue()
