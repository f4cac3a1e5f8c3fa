"""What is shown of a person's own file before anything is run with it: what it is for, the models, Run."""

import streamlit as st

from backends.merging.results import MergingResult
from backends.merging.settings import MergingSettings
from backends.registry import System
from pages.house import tasks
from pages.house.text import plain
from pages.merging import own_file, own_knobs, views

SAID = {
    "data": "questions, each asked of the model below. If the file brings replies of its own, these are scored instead.",
    "recipe": "it says method, weights and layers, in the place of the knobs; the models are chosen here.",
    "official": "its words replace the vision-language model's; nothing is averaged again."}


def panel(system: System[MergingSettings, MergingResult]) -> None:
    """What was brought, the models that it is for, and the button."""
    task = tasks.now(system)
    for setting, name in own_file.names(system, task).items():
        st.markdown(f"**{plain(name)}** is here: {SAID[setting]}")
    asked = {**own_knobs.said(system, task), **own_knobs.models(system, task)}
    tasks.run_button(system, asked, label=views.TASKS[task].button, cost=views.cost, key="run.own")
    st.button("Leave it out", key="merging.own.out", type="tertiary", icon=":material/close:", on_click=own_file.leave_out,
              args=(system,), help="Back to the page's own.")
