"""How merging works: the formulas with a run's numbers in them."""

import streamlit as st

from backends.merging.results import MergingResult
from backends.merging.settings import MergingSettings
from pages.house import view
from pages.house.text import plain
from visualizers.merging.methods import CHANCE, METHOD_NAMES
from visualizers.merging.reports import group_of, rows_of

WITH_SHARE = r"\theta' = \theta_{\text{base}} + \lambda\,\tau_{\text{vlm}} + (1 - \lambda)\,\tau_{\text{reason}}"
FORMULAS = {
    "linear": WITH_SHARE + r" = \lambda\,\theta_{\text{vlm}} + (1 - \lambda)\,\theta_{\text{reason}}",
    "slerp": r"\theta' = \frac{\sin(\lambda\,\omega)}{\sin\omega}\,\theta_{\text{vlm}} + "
             r"\frac{\sin((1 - \lambda)\,\omega)}{\sin\omega}\,\theta_{\text{reason}},\qquad \cos\omega = "
             r"\frac{\langle\theta_{\text{vlm}}, \theta_{\text{reason}}\rangle}{|\theta_{\text{vlm}}||\theta_{\text{reason}}|}",
    "task_arithmetic": r"\theta' = \theta_{\text{base}} + s\,(w_v\,\tau_{\text{vlm}} + w_r\,\tau_{\text{reason}})",
    "ties": r"\theta' = \theta_{\text{base}} + s\,\frac{\sum_{m\,\in\,A} w_m\,\mathrm{top}_d(\tau_m)}{\sum_{m\,\in\,A} w_m},\qquad "
            r"A = \{m: \text{the sign of } \tau_m \text{ is the elected one}\}",
    "dare_linear": r"\theta' = \theta_{\text{base}} + s \sum_m w_m\, r\,(b_m \odot \tau_m),\qquad b_m \sim \text{Bernoulli}(d)",
    "dare_ties": r"\theta' = \theta_{\text{base}} + s\,\frac{\sum_{m\,\in\,A} w_m\, r\,(b_m \odot \tau_m)}"
                 r"{\sum_{m\,\in\,A} w_m},\qquad b_m \sim \text{Bernoulli}(d)",
}
RESCALED = {"density": r"r = 1/d", "l1": r"r = \|\tau\|_1 / \|b \odot \tau\|_1", "none": r"r = 1"}


def how_it_works(task: str, result: MergingResult) -> None:
    """The formulas of what is shown."""
    if task == "ask":
        _how_asked(result)
        return
    settings = result.settings
    st.markdown("1. A *base* model was tuned twice: into the language model of a vision-language model, which learned what pictures "
                "show, and, on text alone, into a reasoning model. What each learned is its *task vector*, all its weights less the "
                "base's:")
    view.formula(r"\tau_{\text{vlm}} = \theta_{\text{vlm}} - \theta_{\text{base}} \qquad "
                 r"\tau_{\text{reason}} = \theta_{\text{reason}} - \theta_{\text{base}}")
    st.markdown("2. The paper's merge is a weighted mean. Its weights sum to 1, so the base cancels and need not be there:")
    view.formula(FORMULAS["linear"])
    if settings.method != "linear":
        st.markdown(f"3. This run: {plain(METHOD_NAMES[settings.method])}.")
        view.formula(FORMULAS[settings.method])
    else:
        st.markdown("3. This run:")
    view.formula(_numbers(settings))
    st.markdown("4. Merged are attention, MLPs and norms of the language model. The eye, the projector, the embedding and the head "
                f"stay the vision-language model's{_counted(result)}.")
    _how_of_task(task, result)


def _numbers(settings: MergingSettings) -> str:
    """What is set, in the formula's letters."""
    if settings.gradient:
        along = ", ".join(f"{value:g}" for value in settings.gradient)
        return rf"{'w_r' if settings.needs_base else chr(92) + 'lambda'} = ({along}) \text{{ from the first layer to the last}}"
    if not settings.needs_base:
        return rf"\lambda = {settings.share:g}, \qquad 1 - \lambda = {1 - settings.share:.3g}"
    told = rf"w_v = {settings.vlm_weight:g},\; w_r = {settings.reason_weight:g},\; s = {settings.scale:g}"
    if settings.method != "task_arithmetic":
        told += rf",\; d = {settings.density:g}"
    return told + (rf" \qquad {RESCALED[settings.rescale]}" if settings.method.startswith("dare") else "")


def _counted(result: MergingResult) -> str:
    found = result.merged or result.folders
    if found is None or not found.merged_tensors:
        return ""
    return f"; here {found.merged_tensors:,} tensors are merged and {found.kept_tensors:,} stay"


def _how_of_task(task: str, result: MergingResult) -> None:
    """What is measured, with this run's numbers."""
    if task == "probe" and result.looking is not None:
        looking = result.looking
        st.markdown("5. To *flatten* a module is to set every number of its matrices to one over their number of rows *N*, after the "
                    "merge. What is lost is the importance of that module:")
        view.formula(r"W_{ij} = \frac1N \qquad \text{importance} = \text{accuracy} - \text{accuracy}_{\text{flattened}} \qquad "
                     rf"\text{{the child's accuracy: }} {looking.child.sees:.3f} \text{{ seeing, }} {looking.child.unseen:.3f} "
                     r"\text{ new sums}")
    elif task == "checkpoints":
        st.markdown("5. One tensor is read, computed in single precision piece by piece, rounded once to the model's own kind of "
                    "number, and written. So the memory is that of the largest tensor, and the bits are those of a merge in memory.")
    elif result.merged is not None and result.merged.child is not None and result.merged.vlm is not None:
        child, seer = result.merged.child, result.merged.vlm
        st.markdown("5. An answer to a sum is the digits that are read, then their result modulo 10; it is correct word for word. "
                    f"Who guesses the result is correct in {CHANCE:.0%}. New sums, the joint skill:")
        view.formula(rf"\text{{child }} {child.unseen:.3f} \qquad \text{{seeing model }} {seer.unseen:.3f} \qquad "
                     rf"\text{{gain }} {child.unseen - seer.unseen:+.3f}")


def _how_asked(result: MergingResult) -> None:
    st.markdown("1. Each question is asked with what is due, greedily: the likeliest token at every step.\n"
                "2. The answer is read out of the reply by rule, as a letter, a number or words; a model that reads answers, as the "
                "paper used, is not asked.\n"
                "3. Intervals are 95 %. The noise floor knows nothing but the number of questions *n*:")
    floor = r"\pm\,1.96\sqrt{0.25/n} \text{ of a score} \qquad \pm\,1.96\sqrt{0.5/n} \text{ of a difference}"
    report = next((report for report in result.reports if report.groups), None)
    if report is not None and (group := group_of(report, rows_of([report])[0])) is not None:
        floor += rf" \qquad n = {group.count}:\ \pm {100 * group.noise:.1f} \text{{ points}}"
    view.formula(floor)
