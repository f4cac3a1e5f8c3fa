"""What all tasks of the CoDA page share: their names, the paper, the formulas, the tables."""

from collections.abc import Callable
from math import exp

import streamlit as st

from backends.coda import paper
from backends.coda.resolving import resolved
from backends.coda.results import CodaResult, LawPart, Written, WrittenToken
from backends.coda.settings import CodaSettings
from backends.coda.variants import Variant
from backends.files.csv_text import to_csv
from backends.numbers import signed
from backends.registry import System
from pages.house import costs, parts, results, session, tasks, view
from pages.house.tasks import Task
from pages.house.text import plain
from visualizers.coda import answered as answered_figures
from visualizers.coda import law as law_figures
from visualizers.coda import recovery as recovery_figures
from visualizers.coda import tables as coda_tables
from visualizers.coda import words as wording

TASKS = {
    "compare": Task("Compare decoders", ":material/contrast:", button="Answer", fold="Your own prompts, every knob",
                    coming="The answers grow here, token by token."),
    "law": Task("The law", ":material/trending_up:", button="Measure", fold="Another corpus, another model, every knob",
                coming="The curve comes after the first epoch and moves with each."),
    "recovery": Task("Recovery", ":material/healing:", button="Count", fold="Another model, every knob",
                     coming="The decoders come first, then the curves of alpha and a, then the detectors."),
    "file": Task("Your file", ":material/upload_file:", button="Answer the file", fold="Your file, every knob",
                 coming="The rows come here one by one."),
}


def note(system: System[CodaSettings, CodaResult]) -> str:
    """What is different here; the preset that shows a real model, live or recorded, is named where the page shows presets."""
    real = next(label for label, (settings, _) in system.presets.items() if settings.model != CodaSettings().model)
    return f"Here: invented facts{f'; “{real}” below asks one about the world' if parts.shows('presets') else ''}."


MAX_WORDS = 40  # of a prompt that are shown as chips


def settle(system: System) -> None:
    """Give the newest result to its task; the comparison before it stays for comparing."""
    state, (latest, before) = st.session_state, tasks.settle(system)
    if latest is None:
        return
    if latest.settings.task == "compare":
        state["coda.before"] = before
    if latest.law and latest.law.factor == "S":
        state["coda.result.size"] = latest


def shown_first(result: CodaResult) -> str:
    """The decoder that a new result is opened with: CoDA, on a real model CAD once something is masked, greedy before."""
    methods = result.settings.methods
    if result.kind == "real":
        is_masked = any(asked.found.chosen is not None for asked in result.asked)
        return "cad" if is_masked and "cad" in methods else methods[0]
    return "coda" if "coda" in methods else methods[0]


def is_empty(result: CodaResult) -> bool:
    """Whether a run was stopped before there was anything to draw."""
    law, file = result.law, result.file
    return not (result.asked or result.recovery or (law and law.epochs) or (file and file.rows))


DETECTORS = {
    "lift": "lift, ours: the word without which the greedy answer gets likelier",
    "lift_argmax": "the largest lift, ours: a guess", "indicator_first": "the paper's: the first positive indicator",
    "indicator_argmax": "the largest indicator", "indicator_argmin": "the smallest indicator",
    "random": "a random word, the baseline",
    "oracle": "the rare word, told", "manual": "the word that was named",
    "suggested": "the word that a rule suggests, ours", "compare": "a second prompt", "none": "none"}


def definitions(result: CodaResult) -> None:
    """Every decoder of the run, complete: what a name means is in one table for all."""
    if not result.definitions:
        return
    with st.expander("What each decoder is here", icon=":material/rule:"):
        st.dataframe(coda_tables.definitions_table(result), hide_index=True, width="stretch")
        st.caption("“Ours” is Orrery's own; all else is as the paper that is named has it. Empty: not used.")


def badge_of(written: Written) -> str:
    """An answer as a chip: green where right, orange where it is the popular fact's."""
    colour = "green" if written.is_right else "orange" if written.is_popular else "gray" if written.is_right is None else "red"
    return f":{colour}-badge[{plain(' '.join(written.text.split())[:80]) or 'nothing'}]"


def remember(result: CodaResult, is_recorded: bool) -> None:
    """Keep how long a sentence of training took; not what a file says: every visitor's cost line goes by it."""
    if results.was_brought(result):
        return
    if result.law and result.law.was_trained and result.law.epochs:
        law, settings = result.law, result.settings
        work = float(_sentences(settings) * law.epochs[-1].epoch)
        seconds = sum(epoch.cpu_s for epoch in law.epochs[-1:])
        costs.remember("coda", _trained(settings), {"train": (work, seconds)}, is_recorded=is_recorded)


def _trained(settings: CodaSettings) -> tuple[str, int]:
    return settings.factor, 0 if settings.factor == "S" else settings.hidden


def _sentences(settings: CodaSettings) -> int:
    """Sentences of the corpus, of all models and seeds."""
    per_set = sum(value + 1 for value in paper.VALUES) if settings.factor != "L" else (settings.other + 1) * len(paper.VALUES)
    return per_set * settings.num_sets * settings.num_seeds


def _made_before(asked: CodaSettings) -> int:
    """Epochs of the run that this one goes on from; the run says what is wrong where it cannot."""
    before = session.current().results.get(asked.continues)
    law = before.law if isinstance(before, CodaResult) else None
    return len(law.epochs) if law and len(law.epochs) < asked.epochs else 0


def cost(asked: CodaSettings) -> str:
    """Memory and seconds that a run may take, in a line."""
    if asked.trains_now:
        sentences, epochs = _sentences(asked), asked.epochs - _made_before(asked)
        foreseen = costs.foresee("coda", _trained(asked), {"train": float(sentences * epochs)})
        said = f"{sentences:,} sentences, {epochs} times"
        if foreseen is None:
            return f"{said}; a model of this size was not timed here yet. The run says after one epoch."
        limit = costs.beyond_the_limit(foreseen.seconds)
        return f"{said}: about {costs.in_words(foreseen.seconds)}, going by {foreseen.basis}.{limit}"
    from visualizers.ladder import memory_mb

    return f"Model: about {memory_mb(asked, session.current().inputs()):,} MB."


def beside_the_paper(result: CodaResult) -> None:
    with st.expander("The paper's numbers and this run's", icon=":material/menu_book:"):
        if result.settings.task == "law":
            st.caption("Lines of R on log10 of the factor, Figure 2 of the paper, read off the drawn lines, of models from 160M to "
                       "13B trained from scratch; the last row is this run, of a model of some hundred thousand parameters.")
            st.dataframe(law_figures.paper_lines(result), hide_index=True, width="stretch")
        else:
            st.caption("Exact match in per cent, Table 3 of the paper, on its data and models of 7 billion parameters. This run's "
                       "column is on other data: the mechanism is the same, the numbers cannot be compared.")
            st.dataframe(coda_tables.paper_decoders(result), hide_index=True, width="stretch")
        st.caption("Where the paper contradicts itself: " + plain(" ".join(paper.INCONSISTENCIES)))


def how_it_works(result: CodaResult) -> None:
    if result.law:
        _how_the_law(result.law)
    else:
        _how_the_contrast(result)


def _how_the_law(part: LawPart) -> None:
    st.markdown("1. In each set, several sentences share their words and their answer and differ in one word; one sentence has "
                "another word there and another answer. A model reads all of them, every sentence once an epoch.\n"
                "2. RR is how often the popular prompts get the popular answer, HR how often the rare prompt gets it. Their ratio is "
                "the rate of being overshadowed:")
    learned = [group for group in part.epochs[-1].law.groups if group.r is not None]
    if learned:
        view.formula(r"R = \frac{HR}{RR},\qquad " + rf"{part.factor} = {learned[-1].value:g}:\; R = {learned[-1].r:.0f}\,\%")
    fit = part.epochs[-1].law
    st.markdown("3. Least squares on the logarithm of the factor give the line; a group that recalls less than half of its popular "
                "facts is not learned and does not count:")
    numbers = "" if fit.slope is None or fit.intercept is None else (
        rf" = {fit.slope:.1f}\,\log_{{10}} {part.factor} {signed(fit.intercept, 1)}\qquad r^2 = {fit.r_squared:.2f}")
    view.formula(rf"R({part.factor}) = a \log_{{10}} {part.factor} + b{numbers}")
    st.caption("R is computed from probabilities, which are smoother than counted answers; recall for the 50 % rule counts answers.")


def _how_the_contrast(result: CodaResult) -> None:
    settings = result.settings
    what = resolved(settings, result.kind or "miniature")
    st.markdown("1. Every word of the prompt X is masked in turn, which gives X'. " + (
        "On a real model no detector beats masking a random word, so the person names the ignored one, or writes a second prompt.\n"
        if what.kind == "real" else
        "Where masking a word makes the greedy answer *likelier*, that word was being ignored: it is the overshadowed one (ours; "
        "“as in the paper” takes the first token with a positive indicator).\n") +
                f"2. A token is plausible if its probability is at least α = {settings.alpha:g} of the largest: V\\_top(X), "
                "V\\_top(X').\n"
                "3. What the prompt says beyond its masked form is the relative pointwise mutual information:")
    view.formula(r"\mathrm{R\text{-}PMI}(y) = \log p(y|X) - \log p(y|X')")
    st.markdown("4. CoDA writes the token with the largest score:")
    view.formula(r"s(y) = \begin{cases} \mathrm{R\text{-}PMI}(y) & y \in V_{top}(X) \cap V_{top}(X') \\ \log p(y|X) - b & "
                 r"y \in V_{top}(X) \setminus V_{top}(X') \\ -\infty & \text{else} \end{cases}")
    st.markdown("5. *b* stands for a probability that is not known. " + (
        "Here (*floor*, Orrery's own) it is not above the least that X' finds plausible, which an escaping token lies below."
        if settings.escape_bias == "floor" else "Here (*paper*) it is the least log p(y|X') of the tokens whose R-PMI is negative; "
        "where only the popular answer is among them, b is near 0 and the escaping correct answer gains nothing."))
    st.markdown("6. " + ("The gate (ours, CoDA's alone) is on: only where the masked prompt likes the greedy token even more is "
                         "anything contrasted." if what.contrast.gate else
                         "The gate is off, as in the paper: correct answers are contrasted too, and some break."))
    st.markdown("7. “CoDA, as in the paper” has the paper's α, *b*, detector and tokens, whatever the knobs say; CAD and CD have "
                "no gate.")


def chosen_formula(variant: Variant, token: WrittenToken) -> None:
    """The score of one written token with this run's numbers."""
    method = variant.score
    entry = wording.chosen_of(token)
    if entry is None:
        return
    full, masked, s = entry.full, entry.masked, entry.score
    if method in ("greedy", "sample", "dola") or not token.is_contrasted:
        view.formula(rf"\log p(y|X) = \log {exp(full):.3g} = {full:.2f}")
    elif method == "cad":
        a = variant.contrast.weight
        view.formula(r"s(y) = (1 + a)\log p(y|X) - a \log p(y|X')"
                     rf" = {1 + a:g} \cdot ({full:.2f}) - {a:g} \cdot ({masked:.2f}) = {s:.2f}")
    elif entry.membership == "esc" and method == "coda":
        view.formula(rf"s(y) = \log p(y|X) - b = {full:.2f} - ({full - s:.2f}) = {s:.2f}")
    else:
        view.formula(r"\mathrm{R\text{-}PMI}(y) = \log p(y|X) - \log p(y|X')"
                     rf" = {full:.2f} - ({masked:.2f}) = {full - masked:.2f}")


def code(task: str) -> None:
    """The functions that ran. Importing them imports torch, so this comes last."""
    from backends.coda import contrast, detect, law, recovery

    shown: dict[str, tuple[Callable[..., object], ...]] = {
        "compare": (contrast.scores, contrast.sets, contrast.escape_bias, contrast.indicator, detect.detect),
        "law": (law.law, law.fit), "recovery": (recovery.outcome, recovery.recovery, contrast.scores),
        "file": (contrast.scores, detect.detect)}
    st.caption("The code that ran")
    for function in shown[task]:
        view.source_of(function)


def tables(result: CodaResult) -> None:
    """The numbers as CSV."""
    made = {}
    if result.asked:
        made["Answers (CSV)"] = coda_tables.answers_table(result.asked, result.settings, result.kind)
        made["Every token (CSV)"] = coda_tables.steps_table(result.asked[0], result.settings, result.kind)
    if result.law:
        made["The law (CSV)"] = law_figures.law_table(result.law)
    if result.recovery:
        made["Decoders (CSV)"] = recovery_figures.recovery_table(result.recovery)
    if result.file:
        made["Answers (CSV)"] = answered_figures.table(result.file)
    for column, (label, table) in zip(st.columns(2), made.items()):
        name = label.removesuffix(" (CSV)").lower().replace(" ", "-")
        column.download_button(label, to_csv(table), f"coda-{name}.csv", "text/csv", key=f"csv.{name}", width="stretch",
                               on_click="ignore")
