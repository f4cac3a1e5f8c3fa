"""What all tasks of the grafting page share: their names, what a run costs, the paper, the code."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from backends.grafting import paper
from backends.grafting.choices import CHECKED_OF_OWN, WATCHED_PICTURES, pictures_watched
from backends.grafting.foreseen import Described, described, layers_for
from backends.grafting.measured import measured
from backends.grafting.results import GraftingResult
from backends.grafting.settings import GraftingSettings
from backends.registry import System
from models.diffusion.choices import learners
from pages.grafting import own_file
from pages.house import costs, results, session, tasks, view
from pages.house.tasks import Task
from pages.house.text import plain
from visualizers.grafting import tables
from visualizers.grafting.methods import OPERATORS
from worlds.errors import InputError

GROUNDS = {False: (252, 252, 250), True: (20, 25, 29)}  # the page's own, between pictures
NOTE = "Here: a small model that paints drawn vignettes, 64 tokens each; its numbers are not the paper's."
TASKS = {
    "graft": Task("Graft and heal", ":material/healing:", button="Graft", fold="Another operator, other layers, every knob",
                  coming="The pictures come first as they were and broken, then each layer's error as it learns."),
    "locality": Task("Where attention looks", ":material/visibility:", button="Watch", fold="Another model, what counts as near",
                     coming="The model paints while its attention is watched; the shares come at the end."),
    "speed": Task("Speed", ":material/speed:", button="Time them", fold="Other numbers of tokens, another model",
                  coming="The lines grow here, the fewest tokens first."),
}


def settle(system: System[GraftingSettings, GraftingResult]) -> None:
    """Give the newest result to its task."""
    tasks.settle(system)


def is_empty(result: GraftingResult) -> bool:
    """Whether a run was stopped before there was anything to draw."""
    return not (result.grafted or result.locality or result.speed)


def folder_asked(settings: GraftingSettings) -> Path | None:
    """Where the chosen model lies; None where that is not known or not here."""
    from backends.rungs import rung_of  # late: the ladder imports torch
    from models.catalogue import folder_of

    try:
        return folder_of(rung_of(settings.model, "diffusion", made=session.current().inputs().model))
    except InputError:
        return None


def model_of(asked: GraftingSettings) -> Described | None:
    """The shape of the model that some settings name, a person's own or one of the ladder; None where it is not known here."""
    if asked.checkpoint:
        own = own_file.checkpoint_of(asked)
        return own.shape if own else None
    folder = folder_asked(asked)
    return described(folder) if folder else None


def _work(asked: GraftingSettings, model: Described | None) -> dict[str, float]:
    """Units of each part of a run: forwards of a picture, steps of a layer, steps of the whole."""
    if asked.task != "graft":
        return {}
    count = len(learners(asked.operator, layers_for(asked, model.num_layers))) if model else 4
    stages = {"none": 2, "stage 1": 3, "both stages": 4}[asked.heals]
    twice = 1 if asked.guidance == 1 else 2
    learned_from = asked.num_samples * (1 + 1 / CHECKED_OF_OWN) if model and model.paints_latents else 0
    work = {"paint": twice * asked.sample_steps * (float(stages * (asked.num_pictures + asked.num_judged)) + learned_from)}
    if asked.heals != "none":
        work[f"stage 1, {asked.operator}"] = float(count * asked.steps)
    if asked.heals == "both stages":
        work["stage 2"] = float(asked.tune_steps)
    return work


def remember(result: GraftingResult, is_recorded: bool) -> None:
    """Keep how long a step of each stage took; not what a file says: every visitor's cost line goes by it."""
    grafted = result.grafted
    if grafted is None or results.was_brought(result) or result.settings.checkpoint:  # another model's steps take another time
        return
    seconds = {state.name: state.seconds for state in grafted.states}
    asked = result.settings
    work = {}
    if seconds.get("stage 1"):
        work[f"stage 1, {asked.operator}"] = float(len(learners(asked.operator, grafted.layers)) * asked.steps), seconds["stage 1"]
    if seconds.get("stage 2"):
        work["stage 2"] = float(asked.tune_steps), seconds["stage 2"]
    costs.remember("grafting", asked.model, work, is_recorded=is_recorded)


def cost(asked: GraftingSettings) -> str:
    """Work and seconds of a run, in a line."""
    if asked.task == "locality":
        model = model_of(asked)
        number = pictures_watched(model.tokens) if model else WATCHED_PICTURES
        return f"{number} picture{'s are' if number > 1 else ' is'} painted in 20 steps while every layer and head is watched."
    if asked.task == "speed":
        return f"Every replacement of attention at {len(set(asked.tokens))} numbers of tokens, up to {max(asked.tokens):,}."
    work = _work(asked, model_of(asked))
    healing_work = {part: units for part, units in work.items() if part != "paint"}
    said = f"{work['paint']:,.0f} forwards of a picture"
    if not healing_work:
        return f"{said}; nothing is trained."
    steps = ", ".join(f"{units:,.0f} steps of {part.partition(',')[0]}" for part, units in healing_work.items())
    expected = None if asked.checkpoint else costs.foresee("grafting", asked.model, healing_work)
    if expected is None:
        return f"{said}, {steps}; not timed here yet. The run says after its first steps."
    return (f"{said}, {steps}: about {costs.in_words(expected.seconds)} of healing, going by {expected.basis}."
            f"{costs.beyond_the_limit(expected.seconds)}")


def beside_the_paper(task: str, result: GraftingResult) -> None:
    """The paper's tables; this run's numbers in rows and columns of their own."""
    with st.expander("The paper's numbers and this run's", icon=":material/menu_book:"):
        st.caption("Table 4 of the paper: DiT-XL/2 at 256 x 256 pixels, 675 million parameters, 256 tokens, grafted in both stages "
                   "with a tenth of ImageNet; FID of 50,000 samples, 250 steps of DDPM, guidance 1.5. This run's row has columns of "
                   "its own: it is of other pictures and of a far smaller model, so the numbers cannot be compared.")
        st.dataframe(tables.paper_grafts(result), hide_index=True, width="stretch")
        left, right = st.columns([3, 1])
        with left:
            st.caption("Table 2: self-grafting, the same operator again in all 28 layers. What is left to the original is what the "
                       "procedure costs, not the operator.")
            st.dataframe(tables.paper_self_grafts(), hide_index=True, width="stretch")
        with right:
            st.caption("Figure 4: which half of the layers, for Hyena-X; the best first.")
            st.dataframe(tables.paper_patterns(measured()), hide_index=True, width="stretch")
        st.caption("Table 6: depth to width. Pairs of blocks side by side, healed with a quarter of ImageNet, beside other "
                   "models of less depth than DiT-XL/2, which has 28 blocks and an FID of 2.27.")
        st.dataframe(tables.paper_wide(result), hide_index=True, width="stretch")
        more = ", ".join(f"{OPERATORS[name]} {few:.2f} to {many:.2f}" for name, (few, many) in paper.MORE_DATA.items())
        st.caption(f"With 20 instead of 10 % of the data the FID goes from: {plain(more)}. " + plain(" ".join(paper.REMARKS)))
        if task == "speed":
            st.caption("The paper's speed-up, 1.43 times for a whole forward, is of PixArt-Sigma at 2048 x 2048 pixels, 16,384 "
                       "tokens, on an H100.")


def code(task: str) -> None:
    """The functions that ran. Importing them imports torch, so this comes last."""
    from models.diffusion import distilling, latency, locality, operators, pairs, sampling, surgery

    shown: dict[str, tuple[Callable[..., object], ...]] = {
        "graft": (surgery.graft, operators.Hyena, pairs.SecondOfPair, distilling.extract, distilling.Distilling, sampling.sample),
        "locality": (locality.band, locality.even_band, locality.watched),
        "speed": (latency.took, latency.pair_took, operators.SlidingWindow)}
    st.caption("The code that ran")
    for function in shown[task]:
        view.source_of(function)
