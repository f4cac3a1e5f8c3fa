"""Where a model looked while it wrote: each word of its reply, and how much of its attention went to each image and to the map."""

import streamlit as st

from backends.mindcube.results import Asked, Gaze, Replied
from pages.house import address, view, words
from pages.house.text import plain
from visualizers.mindcube import gaze as drawn
from visualizers.mindcube.methods import way_name
from visualizers.text import per_cent


@st.fragment
def draw(asked: Asked) -> None:
    """The heat map of one way of answering; how to have one where there is none."""
    looked = {reply.configuration: reply for reply in asked.replies if reply.gaze is not None}
    st.header("Where did it look while it wrote?")
    if not looked:
        st.caption("This was not kept. Tick “Where did it look?” under “Ways of answering and model” in the knobs, and ask again.")
        return
    st.session_state.setdefault("mindcube.gaze.of", next(reversed(looked)))
    if st.session_state["mindcube.gaze.of"] not in looked:
        st.session_state["mindcube.gaze.of"] = next(reversed(looked))
    if len(looked) > 1:
        st.segmented_control("Of", list(looked), key="mindcube.gaze.of", format_func=way_name, required=True, wrap=True,
                             label_visibility="collapsed", help="Whose gaze is drawn.")
    reply = looked[st.session_state["mindcube.gaze.of"]]
    assert reply.gaze is not None
    left, right = st.columns([3, 2], gap="medium")
    with left:
        if (strip := drawn.strip(reply)) is not None:
            view.chart(strip, key="mindcube.gaze.strip")
        place = _word(reply, reply.gaze)
    with right:
        if (page := drawn.words(reply, place - drawn.PAGE_WORDS // 2)) is not None:
            view.chart(page, key="mindcube.gaze.words")
    words.explain("mindcube.gaze", "attention", "token")
    address.write_view("mindcube", "gaze")


def _word(reply: Replied, gaze: Gaze) -> int:
    """One word, with its shares; returns its place."""
    places = range(len(gaze.words))
    key = address.view("mindcube", "word", places, places[0], of=reply)
    if len(places) > 1:
        st.select_slider("Word", places, key=key, format_func=lambda place: f"{place + 1}: {gaze.words[place]}",
                         help="A word of the reply. With the slider in focus, the arrow keys move it.")
    place = int(st.session_state[key])
    shares = ", ".join(f"image {number} {per_cent(float(share))}" for number, share in enumerate(gaze.images[place], start=1))
    own_map = per_cent(float(gaze.own_map[place]))
    st.markdown(f"While it wrote **{plain(gaze.words[place])}**: {shares}; the words of the map {own_map}. The rest went to the "
                "question and to what it had written before.")
    return place
