"""The law and the recovery: what a whole corpus of facts says of a model and of the decoders."""

from collections.abc import Callable
from math import isnan

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.coda.results import CodaResult, LawPart, RecoveryPart
from backends.coda.settings import CodaSettings
from pages.house import address, view
from pages.house.text import plain
from visualizers.coda import law as law_figures
from visualizers.coda import recovery as recovery_figures


def law(result: CodaResult, beside: DeltaGenerator) -> None:
    """R against the factor after the epoch of the slider."""
    part = result.law
    if part is None:
        return
    index = _epoch(result, part, beside)
    if part.factor == "S":
        view.chart(law_figures.sizes(part), key="law.sizes")
        st.caption(f"To notice: {SIZE_NOTICE}")
        return
    _law_charts(part, index, place="law")
    st.caption(f"To notice: {_notice(part, index)}")


def _epoch(result: CodaResult, part: LawPart, beside: DeltaGenerator) -> int:
    """Which epoch is shown: a slider over those that there are."""
    epochs = [epoch.epoch for epoch in part.epochs]
    if len(epochs) == 1 or part.factor == "S":
        return len(epochs) - 1
    key = address.view("coda", "epoch", epochs, epochs[-1], of=result)
    chosen = beside.select_slider("Epoch", epochs, key=key, width=300, label_visibility="collapsed",
                                  format_func=lambda epoch: f"epoch {epoch}", help="How often the model has read every sentence.")
    return epochs.index(chosen)


def _law_charts(part: LawPart, index: int, *, place: str) -> None:
    left, right = st.columns([3, 2])
    with left:
        view.chart(law_figures.law(part, index), key=f"{place}.law")
    with right:
        view.chart(law_figures.three_ways(part, index), key=f"{place}.three")


def _notice(part: LawPart, index: int) -> str:
    epoch = part.epochs[index]
    fit, lost = epoch.law, [group for group in epoch.law.groups if group.r is None]
    said = f"{law_figures.law_line(fit)} after epoch {epoch.epoch}"
    if fit.slope is not None and fit.r_squared is not None:
        said += f", r² {fit.r_squared:.2f}; the paper's own lines rise by {_paper_span(part.factor)}"
    if lost:
        said += f". {len(lost)} of {len(epoch.law.groups)} groups have not learned their popular facts and have no R"
    return said + "."


def _paper_span(factor: str) -> str:
    from backends.coda.paper import LINES

    slopes = [line.slope for line in LINES if line.factor == factor]
    return f"{min(slopes):.0f} to {max(slopes):.0f} points"


def law_live(part: LawPart) -> None:
    """The curve that moves while a model is trained."""
    if part.factor == "S":
        view.chart(law_figures.sizes(part), key="live.sizes")
        return
    _law_charts(part, -1, place="live")
    if len(part.epochs) > 1:
        view.chart(law_figures.over_epochs(part), key="live.epochs")
    st.caption(f"{part.num_parameters:,} parameters, {part.num_sentences:,} sentences, loss {part.epochs[-1].loss:.2f} after epoch "
               f"{part.epochs[-1].epoch}.")


def over_training(result: CodaResult) -> None:
    part = result.law
    if part is None or len(part.epochs) < 2:
        return
    st.header("Onset and recovery")
    view.chart(law_figures.over_epochs(part), key="law.epochs")
    made = "trained in this run" if part.was_trained else "shipped checkpoints"
    st.caption(f"To notice: overshadowing comes as soon as the popular facts are recalled; with strong weight decay it stays, with "
               f"little it passes. {part.num_parameters:,} parameters, {part.num_sentences:,} sentences, {made}.")


SHIPPED = {
    "Popularity": ("coda-p-law", "Weight decay 1.0, which keeps overshadowing."),
    "Popularity, little weight decay": ("coda-p-law-low-decay", "Weight decay 0.01, as in the paper: it passes with more epochs."),
    "Length": ("coda-l-law", "L from 2 to 100, the distinct word at any place."),
}


def shipped(choose: Callable[[CodaSettings], None]) -> None:
    """One click on the checkpoints that are here."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Shipped checkpoints", width="content")
        for label, (model, help_text) in SHIPPED.items():
            st.button(label, key=f"shipped.{model}", help=help_text, on_click=choose, args=(CodaSettings(task="law", model=model),))


def recovery(result: CodaResult) -> None:
    """What decoders bring back, and what they break."""
    if result.recovery is None:
        return
    recovery_charts(result.recovery, place="recovery")
    st.caption(f"To notice: {plain(_best(result.recovery))}")
    table = recovery_figures.recovery_table(result.recovery)
    st.dataframe(table, hide_index=True, width="stretch")
    st.caption("In per cent, with 95 % intervals over sets. “Word told”: the rare word is given; elsewhere a detector looks for it; "
               "“as in the paper”: the paper's own detector.")


def recovery_charts(part: RecoveryPart, *, place: str) -> None:
    shown = recovery_figures.first_shown(part)
    if place != "live":  # a run that goes on draws anew; a choice would be lost
        shown = st.multiselect("Decoders in the charts", [row.decoder for row in part.rows], shown, key=f"{place}.decoders",
                               help="Lines on the left, curves on the right. A ring on the right stands for every decoder.")
    left, right = st.columns(2)
    with left:
        view.chart(recovery_figures.exact_match(part, shown), key=f"{place}.em")
    with right:
        view.chart(recovery_figures.trade_off(part, shown), key=f"{place}.trade")


def _best(part: RecoveryPart) -> str:
    known = {row.decoder: row for row in part.rows if not isnan(row.exact_match.mean)}
    greedy, printed = (next((known[name] for name in names if name in known), None)
                       for names in (("Greedy", "greedy"), ("CoDA, as in the paper", "CoDA as printed")))
    if greedy is None:
        return "every point is a share of the corpus's rare prompts."
    best = max(known.values(), key=lambda row: row.exact_match.mean)
    said = (f"greedy answers {100 * greedy.exact_match.mean:.0f} % of the rare prompts right, the best decoder here "
            f"({best.decoder}) {100 * best.exact_match.mean:.0f} %")
    if printed is not None:
        said += f", CoDA as the paper prints it, detector and all, {100 * printed.exact_match.mean:.0f} %"
    return said + ". More decoders can be chosen above the pictures."


def finders(result: CodaResult) -> None:
    part = result.recovery
    if part is None or not part.finders:
        return
    st.header("Finding the overshadowed word")
    view.chart(recovery_figures.finders(part), key="recovery.finders")
    alarm = "" if isnan(part.alarm.mean) else f" The paper's alarm is right for {100 * part.alarm.mean:.0f} % of the prompts."
    st.caption("To notice: a detector that fires on correct answers, too, breaks some of them." + alarm)


SIZE_NOTICE = ("the paper reports that R rises with size, by 11.6 points per decade from 160M to 13B parameters. The miniatures show "
               "the opposite at equal epochs: larger ones memorise the exceptions sooner. Both are drawn; nothing was tuned to make "
               "them agree.")


def size_law(found: tuple[CodaResult | None, bool], choose: Callable[[CodaSettings], None]) -> None:
    """The size law, as the paper has it and as it comes out here."""
    result, is_recorded = found
    st.header("Does it grow with the model's size?")
    if result is not None and result.law and result.law.epochs:
        view.chart(law_figures.sizes(result.law), key="sizes")
        st.caption(f"To notice: {SIZE_NOTICE}" + (f" Recorded {plain(result.made_on)}." if is_recorded else ""))
    else:
        st.caption(SIZE_NOTICE)
    st.button("Train four sizes now", icon=":material/model_training:", key="coda.sizes", on_click=choose,
              args=(CodaSettings(task="law", factor="S", trains=True, epochs=8),), help="Widths 16 to 128; some minutes.")
