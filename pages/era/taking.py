"""What can be taken away from ERA's page: the episode as logs, lines and film, and tables of a run."""

import json
from functools import partial

import streamlit as st

from backends.episode import Episode
from backends.era.formats.sidecar import sidecar_text
from backends.era.formats.writing import written_run
from backends.era.results import EraResult
from backends.files.archive import zipped
from backends.files.csv_text import to_csv
from pages.era import frames
from visualizers.era import scenes, tables


def take(result: EraResult) -> None:
    """Made when they are clicked."""
    columns = st.columns(2)
    if (episode := result.episode) and episode.turns:
        columns[0].download_button("Episode as logs (zip)", partial(_logs, result, episode), "era-episode.zip", "application/zip",
                                   key="era.zip", width="stretch", on_click="ignore",
                                   help="In EmbodiedBench's own layout: its tools read it, and so does the box above.")
        columns[1].download_button("Turns (JSON lines)", partial(sidecar_text, episode, has_replies=True), "era-turns.jsonl",
                                   "application/jsonl", key="era.jsonl", width="stretch", on_click="ignore",
                                   help="A line on the episode, then one per step, with prompts, replies, rewards and states.")
        if (look := frames.film_of(result)) is not None:
            cut = scenes.cut(episode)
            columns[0].download_button("Episode (mp4)", partial(scenes.mp4, episode, look), "era-episode.mp4", "video/mp4",
                                       key="era.mp4", width="stretch", on_click="ignore",
                                       help=f"What was seen, with what was done below. {cut}".strip())
            columns[1].download_button("Episode (GIF)", partial(scenes.gif, episode, look), "era-episode.gif", "image/gif",
                                       key="era.gif", width="stretch", on_click="ignore", help=f"The same, for slides. {cut}".strip())
            if cut:
                st.caption(cut)
    if result.lines:
        columns[0].download_button("Episodes (CSV)", to_csv(tables.episodes(result.lines)), "era-episodes.csv", "text/csv",
                                   key="era.episodes.csv", width="stretch", on_click="ignore", help="The table of this run.")
    if result.counted:
        columns[1].download_button("Statistics (CSV)", to_csv(tables.numbers(result.counted)), "era-statistics.csv", "text/csv",
                                   key="era.statistics.csv", width="stretch", on_click="ignore",
                                   help="By subset, with intervals, in full precision.")


def _logs(result: EraResult, episode: Episode) -> bytes:
    """The episode in EmbodiedBench's layout; pictures where the world can be drawn again."""
    config = json.loads(result.settings.model_dump_json())
    return zipped(written_run([(episode, scenes.logged(episode))], model=episode.agent or result.model_id,
                              experiment="orrery", subset=episode.group or "unknown", config=config))
