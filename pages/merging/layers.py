"""Layers looked into: where seeing breaks and where the sums do, before and after the merge; and inside one answer."""

import streamlit as st

from backends.merging.results import Looked, Looking, MergingResult, Question
from pages.house import address, view, words
from pages.house.text import plain
from visualizers.merging import inside, probes
from visualizers.merging.methods import MODEL_SHORT
from worlds.pictures import decode_jpeg

VIEWS = ("layer",)  # in the address
PICTURE_PX, WORDS_PX = 120, 220


def first_view(result: MergingResult) -> None:
    """What flattening costs, before and after; of a run that flattened nothing, what it did instead."""
    looking = result.looking
    if looking is None:
        return
    made = probes.charts(looking)
    first = {name: figure for name, figure in made.items() if name.startswith("flattened")} or made
    for column, (name, figure) in zip(st.columns(2), first.items()):
        with column:
            view.chart(figure, key=f"merging.{name.replace(', ', '-').replace(' ', '-')}", is_first=True)
    if said := probes.notice(looking):
        st.markdown(f"**To notice:** {plain(said[0].upper() + said[1:])} The seeing model is asked sums that it knows, the child new "
                    "ones.")
    words.explain("merging.layers", "flattened", "new sums", "merge")


def details(result: MergingResult) -> None:
    """Layers set back, ranges of layers, and inside one answer."""
    looking = result.looking
    if looking is None:
        return
    made = probes.charts(looking)
    more = {name: made[name] for name in ("set back", "ranges") if name in made}
    if more and any(name.startswith("flattened") for name in made):
        st.header("Which layers carry the merge?")
        for column, (name, figure) in zip(st.columns(2), more.items()):
            with column:
                view.chart(figure, key=f"merging.{name.replace(' ', '-')}")
        st.caption("On the left one layer of the child becomes a parent's again. On the right only layers before, or from, a layer "
                   "on are merged; all others are the seeing model's.")
    st.header("Inside one answer")
    if not looking.looked:
        st.caption("This was not kept. Tick “Look inside an answer” in the knobs below “Look by”, and look again.")
        return
    _inside(looking)


@st.fragment
def _inside(looking: Looking) -> None:
    """What each layer would say, and where each model looks; the slider goes through the layers."""
    if looking.question is not None:
        _asked(looking.question, looking.looked)
    options = [None, *range(looking.num_layers)]
    key = address.view("merging", "layer", options, None, of=looking)
    layer = st.select_slider("Gaze of", options, key=key, format_func=lambda at: "all layers" if at is None else f"layer {at}",
                             help="Whose attention is drawn over the picture: that of one layer, or the mean of all.")
    for one in looking.looked:
        left, right = st.columns([3, 2])
        with left:
            view.chart(inside.lens(one), key=f"merging.lens.{one.of}")
        with right:
            view.chart(inside.gaze(one, looking.question, layer), key=f"merging.gaze.{one.of}")
    words.explain("merging.inside", "logit lens", "a layer's attention")
    address.write_view("merging", "inside")


def _asked(question: Question, looked: tuple[Looked, ...]) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.image(view.jpeg(decode_jpeg(question.jpeg)), width=PICTURE_PX, alt="The picture of the question")
        answers = "  \n".join(f"{MODEL_SHORT[one.of].capitalize()}: {plain(' '.join(one.words))}" for one in looked)
        st.markdown(f"**{plain(question.question)}**  \nCorrect: {plain(question.right)}  \n{answers}", width=WORDS_PX)


def live(looking: Looking) -> None:
    """The bars as they grow."""
    for column, (name, figure) in zip(st.columns(2), probes.charts(looking).items()):
        with column:
            view.chart(figure, key=f"live.{name.replace(', ', '-').replace(' ', '-')}")
