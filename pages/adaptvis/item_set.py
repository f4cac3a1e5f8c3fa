"""An evaluated set: what each method gains, for whom, and how much of it is a shift of the answers."""

import streamlit as st

from backends.adaptvis.results import AdaptVisResult, Evaluated
from pages.adaptvis import views
from pages.house import address, view, words
from pages.house.text import plain
from visualizers.adaptvis import gain
from visualizers.adaptvis import item_set as figures

VIEWS = ("kind",)  # in the address
KINDS = {"halves": "Unsure and sure half", "relations": "Each relation"}


def first_view(result: AdaptVisResult) -> None:
    """What was found, in words and numbers, the rivals beside it."""
    evaluated = result.evaluated
    if evaluated is None:
        return
    views.headline(result)
    _charts(evaluated)


@st.fragment
def _charts(evaluated: Evaluated) -> None:
    """Methods and curves; the choice of curves is drawn anew by itself."""
    left, right = st.columns(2)
    with left:
        if evaluated.scores:
            view.chart(figures.methods(evaluated), key="set.methods")
    with right:
        kinds = [kind for kind in KINDS if figures.curves_of(evaluated, kind)]
        if kinds:
            key = address.view("adaptvis", "kind", kinds, kinds[0], of=evaluated)
            view.chart(figures.alpha_curves(evaluated, st.session_state[key]), key="set.curves")
            st.segmented_control("Curves", kinds, format_func=KINDS.__getitem__, key=key, required=True,
                                 label_visibility="collapsed", help="Accuracy against alpha of which items.")
    st.caption("Hatched bars are not methods: the oracle counts an item as correct if any alpha is, lucky hits included; re-weighted "
               "counts AdaptVis' answers with relations as frequent as in training. In brackets: points against the model as it is.")
    words.explain("set", "alpha", "beta", "confidence", "95 % interval", "AUROC")
    address.write_view("adaptvis", "curves")


def details(result: AdaptVisResult) -> None:
    """Beta, who gains, the answers behind the curves, the attention, the tables."""
    evaluated = result.evaluated
    if evaluated is None:
        return
    if gain.can_replay(evaluated):
        st.header("Which beta, which alphas?")
        _replay(result, evaluated)
    st.header("Who gains: the bias that flips")
    _relations(evaluated)
    _attention(evaluated)
    st.header("Every number")
    _tables(evaluated)


@st.fragment
def _replay(result: AdaptVisResult, evaluated: Evaluated) -> None:
    """alpha1, alpha2 and beta on the answers that are there: nothing is run."""
    asked = _replay_knobs(result, evaluated)
    found = gain.replay(evaluated, **asked)
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        view.chart(figures.beta_curve(evaluated, **asked), key="set.beta")
    right.markdown(f"With these settings **{found.accuracy:.1f} %** are correct: {found.difference.mended} mended, "
                   f"{found.difference.broken} broken, {plain(str(found.difference))} (95 %) against the model as it is. "
                   f"{found.unsure:.0f} % of the items count as unsure. {plain(found.one_alpha)}")
    right.caption("Looking for the best place of these sliders on the test items is cheating: the run's own choice was made on the "
                  "validation part. To notice: how steep the curve is. A beta that was chosen on another data set may lie where "
                  "accuracy has already dropped.")


def _replay_knobs(result: AdaptVisResult, evaluated: Evaluated) -> dict[str, float]:
    """The sliders, at the run's own choice where they were not moved."""
    own = gain.chosen(evaluated, result.settings)
    state = st.session_state
    if state.get("adaptvis.replay.of") is not result or "adaptvis.replay.beta" not in state:
        state.update({f"adaptvis.replay.{name}": value for name, value in own.items()})
        state["adaptvis.replay.of"] = result
    alphas = list(evaluated.alphas)
    betas = sorted({*gain.BETAS.tolist(), state["adaptvis.replay.beta"]})
    return {name: column.select_slider(label, betas if name == "beta" else alphas, key=f"adaptvis.replay.{name}",
                                       format_func=lambda value: f"{value:g}",
                                       help=f"{views.ADAPTIVE_HELP[name]} Every alpha's answer is there: nothing is run.")
            for column, (name, label) in zip(st.columns(3), views.ADAPTIVE.items())}


def _relations(evaluated: Evaluated) -> None:
    charts = figures.charts(evaluated)
    left, right = st.columns([2, 3])
    for column, names in ((left, ("familiarity", "confidence")), (right, ("answers",))):
        with column:
            for name in [name for name in names if name in charts]:
                view.chart(charts[name], key=f"set.{name}")
    st.caption("To notice: alpha changes which word is said, whether or not it is true. Where the model says a word too rarely, "
               "saying it more often raises the accuracy without better sight. Familiar relations were frequent in training.")


def _attention(evaluated: Evaluated) -> None:
    overlap = figures.auroc_per_layer(evaluated)
    if overlap is None:
        return
    st.header("Does looking at the true place help?")
    chart, words = st.columns([3, 2], vertical_alignment="center")
    with chart:
        view.chart(overlap, key="set.overlap")
    words.markdown("The area under the curve says how well a layer's attention parts image tokens on the two true boxes from all "
                   "others: 0.5 is chance, 1 is attention on them alone. The paper reports that correct answers look at the true "
                   "place in middle layers; where the two lines lie on each other, that is not so in this model.")


def _tables(evaluated: Evaluated) -> None:
    st.dataframe(figures.results_table(evaluated), hide_index=True, width="stretch")
    if evaluated.yes_no:
        st.dataframe(figures.yes_no_table(evaluated), hide_index=True, width="stretch")
    if figures.has_sets(evaluated):
        st.caption("Pair and set: all of a pair, all four of a set right, over complete ones; “as released” divides as the released "
                   "code does, which cannot reach 100 % where some pictures of a pair or set are missing.")
    if evaluated.unread:
        st.caption(plain("Replies in which no single option was found, counted as wrong: " + "; ".join(
            f"{number}: {text[:60]!r}" for number, text in evaluated.unread[:6])))
    with st.expander("Every test item with its answer at every alpha", icon=":material/table_rows:"):
        st.dataframe(figures.items_table(evaluated), hide_index=True, width="stretch")


def live(evaluated: Evaluated) -> None:
    """What is known so far."""
    st.caption(f"{evaluated.num_test} test items so far.")
    charts = figures.charts(evaluated)
    for column, name in zip(st.columns(2), [name for name in ("methods", "halves") if name in charts]):
        with column:
            view.chart(charts[name], key=f"live.{name}")
