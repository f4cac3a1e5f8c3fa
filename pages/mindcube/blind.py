"""Two metrics of one map: the official one and an exact one, side by side while the map is turned."""

from typing import get_args

import streamlit as st

from backends.mindcube.replies import drawn
from backends.mindcube.results import Asked, Drawn
from backends.mindcube.similarity import Metric, Score, compared
from pages.house import address, view, words
from pages.mindcube.asked import with_maps
from visualizers.mindcube import maps, relations, turns
from visualizers.mindcube.methods import way_name
from visualizers.mindcube.things import map_of, shown_map

DEGREES = range(0, 361, turns.STEP_DEG)
TRUE = "the true map"
WHICH = "mindcube.turned.map"


def maps_of(asked: Asked) -> None:
    """The true map beside every map that was written or given."""
    made = list(maps.panels(asked).items())
    if not made:
        st.info("There is no map: the file does not say the true one, and none was written.", icon=":material/info:")
    for start in range(0, len(made), 3):
        for column, (name, figure) in zip(st.columns(3), made[start:start + 3]):
            with column:
                view.chart(figure, key=f"mindcube.panel.{name.replace(' ', '-')}")


@st.fragment
def draw(asked: Asked) -> None:
    """Turn a map and watch both scores; then what both make of every change of the true map."""
    if asked.true is None or not asked.true.objects:
        return
    st.header("Two metrics, and what one of them does not see")
    left, right = st.columns(2, vertical_alignment="bottom")
    own = _chosen(asked, asked.true, left)
    key = address.view("mindcube", "turned", list(DEGREES), 0, of=asked)
    right.select_slider("Turn it by", list(DEGREES), key=key, format_func=lambda degrees: f"{degrees}°",
                        help="Clockwise, about the middle of the grid. A turned map says the same about the room. Nothing is run.")
    by = int(st.session_state[key])
    turned = turns.turned(map_of(own), by)
    both = compared(turned, map_of(asked.true))
    _scores(both.official, both.exact)
    chart, spots = st.columns(2)
    with chart:
        view.chart(turns.turning(own, asked.true, by), key="mindcube.turning")
    with spots:
        view.chart(turns.spots(asked.true), key="mindcube.spots")
    st.caption("To notice: a map that is turned by quarters should score 1, a mirrored one should not be isomorphic; between the "
               "quarters both metrics lose, for they know four directions only. A thing that is missing lowers neither score, only "
               "the coverage, and nobody asks how large the map is.")
    with st.expander("Which directions are right, under both metrics", icon=":material/grid_on:", key="mindcube.relations"):
        shown, metrics = drawn(turned) or asked.true, get_args(Metric)
        for column, metric in zip(st.columns(2), metrics):
            with column:
                view.chart(relations.of_map(shown, asked.true, metric), key=f"mindcube.relations.{metric}")
    words.explain("mindcube.blind", "isomorphic", "facing", "coverage")
    address.write_view("mindcube", "blind")


def _chosen(asked: Asked, true: Drawn, place: st.delta_generator.DeltaGenerator) -> Drawn:
    """The map that is turned."""
    found = {TRUE: true} | {reply.configuration: own for reply in asked.replies if (own := shown_map(reply)) is not None}
    if st.session_state.get(WHICH) not in found:
        st.session_state[WHICH] = TRUE
    place.selectbox("Which map", [TRUE, *with_maps(asked)], key=WHICH, help="The map to turn.",
                    format_func=lambda name: TRUE if name == TRUE else f"that of: {way_name(name)}")
    return found[st.session_state[WHICH]]


def _scores(official: Score, exact: Score) -> None:
    for column, (name, score) in zip(st.columns(2), (("Official metric", official), ("Exact metric", exact))):
        shape = "isomorphic" if score.is_isomorphic else "not isomorphic"
        column.metric(name, f"{score.overall:.2f}", f"{shape}: directions {score.direction:.2f}, facings {score.facing:.2f}",
                      delta_color="off", delta_arrow="off",
                      help="0.7 times the share of directions that are right, and 0.3 times that of facings, under the best turn.")
