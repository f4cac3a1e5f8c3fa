"""What both tasks of the AdaptVis page share: their names, the paper, the formulas, the tables."""

import io
import zipfile
from collections.abc import Mapping
from typing import cast

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.adaptvis import paper
from backends.adaptvis.results import AdaptVisResult, Looked
from backends.adaptvis.settings import AdaptVisSettings
from backends.files.csv_text import to_csv
from backends.registry import System
from pages.house import tasks, view
from pages.house.tasks import Task
from pages.house.text import plain
from visualizers.adaptvis import figures, gain, gaze
from visualizers.adaptvis import item_set as set_figures

TASKS = {
    "look": Task("Look at a picture", ":material/visibility:", button="Look", coming="The picture comes with every alpha at once.",
                 fold="Another picture and question, another model, every knob"),
    "evaluate": Task("Evaluate a set", ":material/leaderboard:", button="Evaluate", fold="Your own data, another model, every knob",
                     coming="Every question is answered at every alpha; the methods are compared at the end."),
}
# the three sliders of AdaptVis itself, for one picture and for a set
ADAPTIVE = {"alpha1": "When unsure: second gaze (alpha1)", "alpha2": "When sure: second gaze (alpha2)",
            "beta": "Unsure below this confidence (beta)"}
_TURNS = "Below 1 spreads it over the picture, 1 leaves it, above 1 sharpens it."
ADAPTIVE_HELP = {
    "alpha1": f"The second gaze where the first answer was unsure. {_TURNS}",
    "alpha2": f"The second gaze where the first answer was sure. {_TURNS}",
    "beta": "How sure is sure: an answer of less confidence than this counts as unsure.",
}


def settle(system: System) -> None:
    """Give the newest result to its task, and a picture to its way of scaling."""
    latest, _ = tasks.settle(system)
    if latest and latest.looked:
        st.session_state["adaptvis.variants"] = [*same_picture(latest), latest]


def same_picture(result: AdaptVisResult) -> list[AdaptVisResult]:
    """The runs before this one that differ from it in the way of scaling only."""
    unlike = {"variant": "multiply"}
    asked = result.settings.model_copy(update=unlike)
    return [other for other in st.session_state.get("adaptvis.variants", ())
            if other.settings.model_copy(update=unlike) == asked and other.settings.variant != result.settings.variant]


def is_empty(result: AdaptVisResult) -> bool:
    """Whether a run was stopped before there was anything to draw."""
    looked, evaluated = result.looked, result.evaluated
    return not ((looked and looked.at) or (evaluated and (evaluated.scores or evaluated.items)))


def badge_of(text: str, is_right: bool | None) -> str:
    """An answer as a chip: green where right, red where wrong, grey where the truth is not known."""
    colour = "gray" if is_right is None else "green" if is_right else "red"
    mark = "" if is_right is None else " :material/check:" if is_right else " :material/close:"
    return f":{colour}-badge[{plain(' '.join(text.split())[:80]) or 'nothing'}{mark}]"


def cost(asked: AdaptVisSettings) -> str:
    """Memory and work of a run, in a line."""
    from visualizers.ladder import memory_mb

    at_once = "a reading for each alpha, because 8-bit weights mix what is read together" if asked.quantisation == "int8" else (
        "every alpha in one batch")
    work = f"one question, {at_once}" if asked.task == "look" else (
        f"{4 * asked.num_sets} questions to choose on and {4 * asked.num_sets} to test, each at every alpha"
        if asked.data == "scenes" else "every question of the data at every alpha")
    return f"Model: about {memory_mb(asked):,} MB; {work}."


def headline(result: AdaptVisResult | None) -> None:
    """What the evaluation found, its cheapest rival included."""
    if result and result.told:
        st.markdown("  \n".join(plain(sentence) for sentence in result.told))


def beside_the_paper(result: AdaptVisResult) -> None:
    with st.expander("The paper's numbers and this run's", icon=":material/menu_book:"):
        st.caption("The paper's main table, accuracy in per cent, of LLaVA-1.5 and LLaVA-1.6 on photographs. This run's column is of "
                   "other data and, with the miniature, of a far smaller model: the mechanism is the same, the numbers cannot be "
                   "compared.")
        st.dataframe(set_figures.paper_table(result), hide_index=True, width="stretch")
        st.caption("Settings of the released code for LLaVA-1.5-7B")
        st.dataframe(set_figures.defaults_table(), hide_index=True, width="stretch")
        st.caption("To know: " + plain(" ".join(paper.REMARKS)))


def how_it_works(result: AdaptVisResult) -> None:
    """Five steps and the formulas, with this run's numbers where there is one picture."""
    settings = result.settings
    taken = gain.chosen(result.evaluated, settings) if result.evaluated else settings.model_dump()
    st.markdown("1. The last prompt token asks every image token *j* (logit *s*) and every other token *k* (logit *t*) how much it "
                "matters; that row decides the first word of the answer.\n"
                "2. ScalingVis multiplies the image logits of this one row by alpha, in every layer and head:")
    view.formula(r"p_j = \frac{e^{\alpha s_j}}{Z},\qquad p_k = \frac{e^{t_k}}{Z},\qquad Z = \sum_j e^{\alpha s_j} + \sum_k e^{t_k}")
    st.markdown("3. Among image tokens alpha < 1 flattens and alpha > 1 sharpens. How much of the attention the image gets, its mass "
                "*M*, changes too, and the sign of the logits' mean, weighted by attention, decides which way:")
    view.formula(r"\frac{d \log \sum_j e^{\alpha s_j}}{d\alpha} = \mathbb{E}_{p_\alpha}[s_j]" + _measured(result.looked))
    st.markdown("4. *shape* takes that away again, so that only the sharpness changes; *mass* keeps the shape and takes the share:")
    view.formula(r"s_j \leftarrow \alpha s_j + \mathrm{LSE}(s) - \mathrm{LSE}(\alpha s)")
    st.markdown("5. AdaptVis answers once as it is. The largest probability of the first word is its confidence *c*:")
    branch = result.looked.branch if result.looked else None
    numbers = "" if branch is None else (
        rf"\qquad c = {branch.confidence:.3f},\; \beta = {branch.beta:g} \Rightarrow \alpha = {branch.alpha:g}")
    view.formula(rf"\alpha = \begin{{cases}} \alpha_1 = {taken['alpha1']:g} & c < \beta \\ \alpha_2 = {taken['alpha2']:g} & "
                 rf"\text{{else}} \end{{cases}}{numbers}")


def _measured(looked: Looked | None) -> str:
    if looked is None or not looked.at:
        return ""
    reads = figures.at_alpha(looked, 1.0).reads
    logit, mass = figures.mean_image_logit(figures.at_alpha(looked, 1.0)), 100 * float(np.mean(reads.image_mass))
    return rf"\qquad \text{{plain mean }}\bar s = {logit:.2f},\; M = {mass:.0f}\,\%"


def code(task: str) -> None:
    """The functions that ran. Importing them imports torch, so this comes last."""
    from backends.adaptvis import choosing
    from models.attention import Scaling, ask

    st.caption("The code that ran")
    for function in (ask, Scaling) if task == "look" else (choosing.choose_alpha, choosing.choose_setting, choosing.fit_bias):
        view.source_of(function)


def tables(result: AdaptVisResult) -> None:
    """The numbers as CSV, and the heat maps as PNG."""
    made: dict[str, pd.DataFrame] = {}
    if looked := result.looked:
        made |= {"Answers (CSV)": figures.alphas_table(looked), "Attention (CSV)": figures.layers_table(looked)}
    if evaluated := result.evaluated:
        made |= {"Results (CSV)": set_figures.results_table(evaluated), "Items (CSV)": set_figures.items_table(evaluated)}
    columns = st.columns(2)
    for column, (label, table) in zip(columns, made.items()):
        name = label.removesuffix(" (CSV)").lower()
        column.download_button(label, to_csv(table), f"adaptvis-{name}.csv", "text/csv", key=f"csv.{name}",
                               width="stretch", on_click="ignore", help="One row per line of the table, full precision.")
    if looked and looked.at:
        _heat_maps(looked, columns[0])


def _heat_maps(looked: Looked, column: DeltaGenerator) -> None:
    """Both maps as they are seen when the button is clicked, on one scale."""
    shown: dict[str, object] = st.session_state.setdefault("adaptvis.shown", {})  # a download is made in another thread
    column.download_button("Both heat maps as shown (PNG, zip)", lambda: heat_maps(looked, shown), "gaze.zip", "application/zip",
                           key="png", width="stretch", on_click="ignore",
                           help="The picture under its map as it is and at the slider's alpha, of the chosen layer, on one scale.")


def heat_maps(looked: Looked, shown: Mapping[str, object]) -> bytes:
    """A zip of both maps of a view: alpha 1 and its `alpha`, of its `layer`, as its `normalisation` says."""
    pair = (figures.at_alpha(looked, 1.0), figures.at_alpha(looked, cast(float, shown.get("alpha", looked.branch.alpha))))
    layer, kind = cast("int | None", shown.get("layer")), str(shown.get("normalisation", "share"))
    maps = [gaze.attention(at.maps, layer, is_share=kind == "share") for at in pair]
    top = float(max(values.max() for values in maps))
    of_layer = "all-layers" if layer is None else f"layer-{layer}"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, (at, values) in enumerate(zip(pair, maps), start=1):
            archive.writestr(f"{number}-alpha-{at.alpha:g}-{of_layer}-{kind}.png", gaze.png(looked, values, top=top))
    return content.getvalue()
