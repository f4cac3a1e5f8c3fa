"""One picture: what the model answers, where it looked, and the same at every alpha, without a run."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from backends.adaptvis.matching import is_none_of
from backends.adaptvis.results import AdaptVisResult, AtAlpha, Branch, Looked
from backends.adaptvis.settings import AdaptVisSettings
from backends.adaptvis.system import SYSTEM
from backends.adaptvis.words import one_alpha
from backends.knobs import knob_of
from pages.adaptvis import views
from pages.house import address, results, view, words
from pages.house.text import plain
from visualizers.adaptvis import figures, gaze

ALL_LAYERS = "mean of all layers"
NORMALISATIONS = {"share": "Share of the image part", "absolute": "Absolute"}
VARIANTS = {"multiply": "Multiply, as released", "shape": "Sharpness only (shape)", "mass": "Image share only (mass)"}
VIEWS = ("alpha", "layer", "normalisation", "alpha1", "alpha2", "beta", "compared")  # in the address
BETA_STEPS = tuple(step / 100 for step in range(102))


def settle(result: AdaptVisResult, looked: Looked) -> None:
    """Sliders to what this result was asked, or to what an opened address says, once per result."""
    settings, alphas = result.settings, [at.alpha for at in looked.at]
    address.view("adaptvis", "alpha", alphas, figures.at_alpha(looked, looked.branch.alpha).alpha, of=result)
    address.view("adaptvis", "layer", (None, *range(looked.num_layers)), None, of=result)
    for name in ("alpha1", "alpha2"):
        near = min(alphas, key=lambda alpha: abs(alpha - getattr(settings, name)))
        address.view("adaptvis", name, alphas, near, of=result)
    address.view("adaptvis", "beta", betas(settings), settings.beta, of=result)
    address.view("adaptvis", "normalisation", list(NORMALISATIONS), "share", of="every run")


def betas(settings: AdaptVisSettings) -> list[float]:
    """The steps of the slider of beta, the run's own among them."""
    return sorted({*BETA_STEPS, settings.beta})


@st.fragment
def first_view(result: AdaptVisResult) -> None:
    """The question, both gazes, the options, and the sliders: only this part is drawn anew when one is moved."""
    looked = result.looked
    if looked is None:
        return
    settle(result, looked)
    at = figures.at_alpha(looked, st.session_state["adaptvis.alpha"])
    _asked(looked, at)
    _pictures(looked, at)
    branch = _branch(result, looked)
    st.markdown(f"**AdaptVis:** {plain(figures.branch_words(branch))}{plain(_among_others(result, branch))} {plain(_alone())}"
                f"{_of_no_option(looked)}")
    _views(looked)
    st.caption("To notice: " + plain(notice(looked, at)))
    _adaptive(result, looked)
    shown = {name: st.session_state[f"adaptvis.{name}"] for name in ("alpha", "layer", "normalisation")}
    st.session_state.setdefault("adaptvis.shown", {}).update(shown)  # in place: the downloads below read it when they are clicked
    words.explain("look", "alpha", "beta", "confidence", "attention", "logit", "entropy", "nats")
    address.write_view("adaptvis", "look")


def _branch(result: AdaptVisResult, looked: Looked) -> Branch:
    """What AdaptVis does as the sliders stand."""
    state = st.session_state
    return figures.branch_for(looked, alpha1=state["adaptvis.alpha1"], alpha2=state["adaptvis.alpha2"], beta=state["adaptvis.beta"],
                              rounds=result.settings.rounds_confidence)


def _among_others(result: AdaptVisResult, branch: Branch) -> str:
    """How sure that is beside the recorded evaluation of the same model: a high number can be a low one."""
    recorded = results.recorded_of(SYSTEM, "evaluate", is_first=False)[0]
    evaluated = recorded.evaluated if recorded is not None and recorded.model_id == result.model_id else None
    if evaluated is None or not evaluated.items:
        return ""
    share = 100 * sum(item.confidence > branch.confidence for item in evaluated.items) / len(evaluated.items)
    return f" Of {len(evaluated.items):,} recorded scenes it is surer of {share:.0f} %."


def _alone() -> str:
    """What the sliders mean for every picture, where they leave no choice."""
    state = st.session_state
    return one_alpha((0.0, 1.0), alpha1=state["adaptvis.alpha1"], alpha2=state["adaptvis.alpha2"], beta=state["adaptvis.beta"])


def _of_no_option(looked: Looked) -> str:
    base = figures.at_alpha(looked, 1.0)
    is_none = is_none_of(looked.options, base.probabilities, base.text)
    return " That is the confidence of a reply that is none of the options." if is_none else ""


def _asked(looked: Looked, at: AtAlpha) -> None:
    """The question with both answers."""
    base = figures.at_alpha(looked, 1.0)
    happened = figures.verdict(base.is_right, at.is_right)
    is_no_answer = all(is_none_of(looked.options, each.probabilities, each.text) for each in (base, at))
    told = happened or ("none of the options" if is_no_answer else "the true answer is not known here")
    if looked.right and not (base.is_right or at.is_right):
        told += f"; the correct answer is {looked.right}"
    question = looked.question.partition(" Answer with ")[0]  # the options stand under the bars
    st.markdown(f"**{plain(question)}**  \nAs it is {views.badge_of(base.text, base.is_right)} · alpha {at.alpha:g} "
                f"{views.badge_of(at.text, at.is_right)} **{plain(told)}**")


def _pictures(looked: Looked, at: AtAlpha) -> None:
    """Where it looks as it is, where it looks at this alpha, and what it answers."""
    base = figures.at_alpha(looked, 1.0)
    titles = (figures.answer_title(base, "As it is"), figures.answer_title(at, f"alpha {at.alpha:g}"))
    before, after = gaze.pair(looked, base, at, layer=st.session_state.get("adaptvis.layer"), titles=titles,
                              is_share=st.session_state.get("adaptvis.normalisation", "share") == "share")
    first, second, third = st.columns(3)
    with first:
        view.picture_chart(before, key="adaptvis.before", is_first=True)
    with second:
        view.picture_chart(after, key="adaptvis.after", is_first=True)
    with third:
        _alpha(looked)
        if looked.options:
            view.chart(figures.option_bars(looked, at, height=215), key="adaptvis.options", is_first=True)


def _alpha(looked: Looked) -> None:
    st.select_slider("What you look at now: second gaze (alpha)", [at.alpha for at in looked.at], key="adaptvis.alpha",
                     format_func=lambda alpha: f"{alpha:g}",
                     help="The first gaze, on the left, is the model's own (alpha 1). This slider only chooses which second gaze is "
                     "drawn beside it: below 1 it is spread over the picture, above 1 sharpened. The image logits of the last "
                     "prompt token are multiplied by it. What AdaptVis itself would choose is set by the three sliders below; "
                     "when one of them is moved, this one follows. All alphas ran as one batch: nothing is run.")


def _views(looked: Looked) -> None:
    """Layer and normalisation: nothing is run."""
    first, second = st.columns([3, 2], vertical_alignment="bottom")
    first.select_slider("Layer", [None, *range(looked.num_layers)], key="adaptvis.layer",
                        format_func=lambda layer: ALL_LAYERS if layer is None else f"layer {layer}",
                        help="Whose attention is drawn; the mean over its heads.")
    second.segmented_control("Heat maps show", list(NORMALISATIONS), key="adaptvis.normalisation", required=True,
                             format_func=NORMALISATIONS.__getitem__,
                             help="Share: each map adds up to 100 %, so only the shape is compared. Absolute: per cent of all "
                             "attention, text included, so that less image is darker. Both maps share one scale.")


def notice(looked: Looked, at: AtAlpha) -> str:
    """What to look at, from this run's numbers."""
    base = figures.at_alpha(looked, 1.0)
    before, after = (100 * float(which.reads.image_mass.mean()) for which in (base, at))
    if at.alpha == 1:
        return f"alpha 1 is the untouched model, so both are identical. Its image gets {before:.0f} % of the attention. Move alpha."
    if not np.isfinite(at.confidence):
        return f"at alpha {at.alpha:g} the model's numbers overflow, so there is no answer and no map. Move alpha nearer to 1."
    spread = float(at.reads.entropy.mean() - base.reads.entropy.mean())
    shape = f"{'wider' if spread > 0 else 'narrower'} by {abs(spread):.2f} nats"
    return (f"the gaze gets {shape}, and the image's share of the attention goes from {before:.0f} % to {after:.0f} %. "
            "A changed answer may come from either.")


def _adaptive(result: AdaptVisResult, looked: Looked) -> None:
    """alpha1, alpha2 and beta: the branch is taken anew and the slider of alpha follows."""
    st.caption("What AdaptVis does: it answers with the first gaze, the model's own. Then it looks a second time, one way if that "
               "answer was unsure, another way if it was sure.")
    alphas = [at.alpha for at in looked.at]
    columns = st.columns(3, vertical_alignment="bottom")
    shown: dict[str, tuple[str, list[float]]] = {
        name: (label, betas(result.settings) if name == "beta" else alphas) for name, label in views.ADAPTIVE.items()}
    for column, (name, (label, values)) in zip(columns, shown.items()):
        column.select_slider(label, values, key=f"adaptvis.{name}", format_func=lambda value: f"{value:g}", on_change=_follow,
                             args=(result, looked), help=f"{views.ADAPTIVE_HELP[name]} {knob_of(AdaptVisSettings, name).description}")


def _follow(result: AdaptVisResult, looked: Looked) -> None:
    st.session_state["adaptvis.alpha"] = _branch(result, looked).alpha


def live(looked: Looked) -> None:
    """The picture as soon as it is there."""
    st.markdown(f"**{plain(looked.question)}**")
    for column, (name, figure) in zip(st.columns(3), (figures.live(looked) or {}).items()):
        with column:
            view.chart(figure, key=f"live.{name}")


@st.fragment
def what_alpha_does(result: AdaptVisResult, choose: Callable[[AdaptVisSettings], None]) -> None:
    """Every alpha's answers, the attention layer by layer, and gaze against mass."""
    looked = result.looked
    if looked is None:
        return
    st.header("What alpha really does")
    at = _compared(looked)
    charts = [("curves", figures.option_curves(looked, at.alpha, _branch(result, looked)))] if looked.options else []
    charts += [("masses", figures.masses(looked, at)), ("sharpness", figures.sharpness(looked, at))]
    overlap = figures.box_overlap(looked, at)
    charts[1:1] = [("overlap", overlap)] if overlap is not None else []
    columns = st.columns(2)
    for number, (key, figure) in enumerate(charts):
        with columns[number % 2]:
            view.chart(figure, key=f"adaptvis.{key}")
    rising, layers = looked.share_rises(at)
    st.caption(f"To notice: at alpha {at.alpha:g} the image gets more of the attention in {rising} of {layers} layers. Which way it "
               "goes is decided, head by head, by the mean image logit weighted by attention (the formula below). The plain mean "
               "that is drawn is lower, and so only hints at it. Dotted: attention spread evenly, a mean logit of 0, a map that says "
               "no more than chance.")
    with st.expander("Every alpha in a table", icon=":material/table_rows:"):
        st.dataframe(figures.alphas_table(looked), hide_index=True, width="stretch")
    if looked.options:
        _variants(result, looked, choose)
    address.write_view("adaptvis", "compared")


def _compared(looked: Looked) -> AtAlpha:
    """The alpha that these charts set beside alpha 1: another slider, because the first view is drawn by itself."""
    turned = [at.alpha for at in looked.at]
    key = address.view("adaptvis", "compared", turned, figures.at_alpha(looked, looked.branch.alpha).alpha, of=looked)
    chosen = st.select_slider("In the charts below: this second gaze (alpha) beside the first", turned, key=key,
                              format_func=lambda alpha: f"{alpha:g}", help="For the charts of this section alone: they set it "
                              "beside the first gaze, the model's own (alpha 1). It changes neither the picture above nor what "
                              "AdaptVis chooses.")
    return figures.at_alpha(looked, chosen)


def _variants(result: AdaptVisResult, looked: Looked, choose: Callable[[AdaptVisSettings], None]) -> None:
    """Multiplying against keeping the image's share: the other ways are one click each."""
    st.subheader("Sharper, or less image?")
    others = views.same_picture(result)
    looks = [(result.settings.variant, looked), *((other.settings.variant, other.looked) for other in others if other.looked)]
    view.chart(figures.variants(looks), key="adaptvis.variants.chart")
    missing = [name for name in VARIANTS if name not in dict(looks)]
    with st.container(horizontal=True, vertical_alignment="center"):
        for name in missing:
            st.button(f"Add: {VARIANTS[name]}", key=f"adaptvis.variant.{name}", icon=":material/add:", on_click=choose,
                      args=(result.settings.model_copy(update={"variant": name}),), help="Runs the same question with this way of "
                      "scaling; the curves of the ways that ran before stay.")
    st.caption("Multiplying the logits changes two things at once. *shape* changes only how the image's attention is spread, *mass* "
               "only how much of it there is: the curve that follows the released one tells which of the two moved the answer.")


def heads_and_others(result: AdaptVisResult, choose: Callable[[AdaptVisSettings], None]) -> None:
    """Single heads on demand, and other ways of looking, each labelled as what it is."""
    looked = result.looked
    if looked is None:
        return
    st.header("Layers, heads, other ways of looking")
    _heads(looked)
    _others(result, looked, choose)


@st.fragment
def _heads(looked: Looked) -> None:
    if not st.toggle("Show every head", key="adaptvis.heads", help="Small maps of single heads at alpha 1; of the layer that is "
                     "chosen above where there are too many for one picture."):
        return
    figure = gaze.heads(looked, st.session_state.get("adaptvis.layer"))
    if figure is None:
        st.info("This run kept no maps of single heads, or the places of its image tokens are not known.", icon=":material/info:")
    else:
        view.chart(figure, key="adaptvis.heads.chart")


def _others(result: AdaptVisResult, looked: Looked, choose: Callable[[AdaptVisSettings], None]) -> None:
    for one, column in zip(looked.others, st.columns(3)):
        with column:
            view.chart(gaze.other(looked, one), key=f"adaptvis.other.{one.name}")
            st.caption(plain(one.what))
    if len(looked.others) < 3:
        wanted = result.settings.model_copy(update={"looking": ("rollout", "gradient", "gradcam")})
        st.button("Compare with rollout, gradient x attention and Grad-CAM", key="adaptvis.looking", icon=":material/compare:",
                  on_click=choose, args=(wanted,), help="The same question once more, with three other ways to see what mattered.")
    st.caption("Attention says where information was read from, not why the answer was given; rollout multiplies it through the "
               "layers, the gradient ways ask what would change the answer. They often disagree.")
