"""The map by hand: a table of what stands where and looks where, or JSON; with it the model goes on as if it had drawn that."""

import pandas as pd
import streamlit as st

from backends.knobs import knob_of
from backends.mindcube.map_reading import read_map
from backends.mindcube.maps import COMPASS, Map, Spot, facing_of, mirrored, rotated, swapped, to_json, without_facings
from backends.mindcube.results import MindCubeResult
from backends.mindcube.rooms import posed_by
from backends.mindcube.settings import MindCubeSettings
from backends.mindcube.similarity import compared
from backends.registry import System
from pages.house import knobs
from pages.house.text import plain
from worlds.errors import InputError

TABLE, VERSION, BEGAN = "mindcube.map.table", "mindcube.map.version", "mindcube.map.began"
KEYS = ("map.as",)
AS = {"table": "As a table", "json": "As JSON"}
WRITTEN = "written"
SIDE = 9.0  # of the grid: places are 0 to 9
CHANGES = {"mirror": ("Mirror it", ":material/flip:"), "turn": ("Turn it", ":material/rotate_90_degrees_cw:"),
           "swap": ("Swap the last two", ":material/swap_horiz:"), "faces": ("Drop the facings", ":material/remove_done:"),
           "true": ("The true map", ":material/restart_alt:")}


def turn() -> None:
    """The table begins with what the knob says."""
    st.session_state[VERSION] = st.session_state.get(VERSION, 0) + 1


def draw(system: System[MindCubeSettings, MindCubeResult], values: dict[str, object], has_room: bool) -> dict[str, object]:
    """What is done to the map, and the map by hand where that is it."""
    edit = knobs.knobs(system, ("edit",), per_row=2)
    if edit["edit"] != WRITTEN:
        st.caption("A map that is given to the model is changed before it is; one that the model would write is put into its mouth, "
                   "changed, and it goes on from there. Choose “written” to move things by hand.")
        return {**edit, **knobs.said(system, ("map",))}
    true = _true(system, values) if has_room else None
    key = knobs.held(system, "map")
    if not str(st.session_state[key] or "").strip() and true is not None:
        st.session_state[key] = to_json(true.plain)
        turn()
    _changes(key, true)
    shown = read_map(str(st.session_state[key] or ""))
    way = st.segmented_control("Map by hand", list(AS), key="mindcube.map.as", format_func=AS.__getitem__, required=True,
                               default=None if "mindcube.map.as" in st.session_state else "table", label_visibility="collapsed",
                               help="Both say the same map.")
    if way == "json" or shown.map is None:
        st.text_area(knob_of(system.settings, "map").label, key=key, height=220, on_change=turn,
                     help=knob_of(system.settings, "map").description)
        shown = read_map(str(st.session_state[key] or ""))
    else:
        _table(key, shown.map)
        shown = read_map(str(st.session_state[key]))
    _verdict(shown.map, shown.reasons, true)
    return {**edit, "map": st.session_state[key]}


def _true(system: System[MindCubeSettings, MindCubeResult], values: dict[str, object]) -> Map | None:
    """The true map of the question that the knobs name."""
    asked = knobs.settings_from(system, {**values, "edit": "none"}, is_said=False)
    try:
        return posed_by(asked).true if asked is not None else None
    except InputError:
        return None


def _changes(key: str, true: Map | None) -> None:
    """What can be done to the whole map by one click."""
    with st.container(horizontal=True, gap="small"):
        for name, (label, icon) in CHANGES.items():
            st.button(label, key=f"mindcube.map.{name}", icon=icon, on_click=_change, args=(key, name, true),
                      disabled=name == "true" and true is None, help="Changes the map below; nothing is run.")


def _change(key: str, name: str, true: Map | None) -> None:
    own = read_map(str(st.session_state[key] or "")).map
    if name == "true" and true is not None:
        own = true.plain
    elif own is None:
        return
    elif name == "mirror":
        own = mirrored(own)
    elif name == "turn":
        own = rotated(own, 1)
    elif name == "faces":
        own = without_facings(own)
    elif len(own.objects) > 1:
        own = swapped(own, own.objects[-2].name, own.objects[-1].name)
    st.session_state[key] = to_json(own)
    turn()


def _table(key: str, own: Map) -> None:
    """The things of the map, each with its place and facing; what is typed is the map from then on.

    What the table begins with stays as it is while somebody types: it would begin anew with any other.
    """
    state, version = st.session_state, st.session_state.get(VERSION, 0)
    if state.get(BEGAN, (None, None))[0] != version:
        state[BEGAN] = version, own
    own = state[BEGAN][1]
    rows = pd.DataFrame([{"thing": spot.name, "x": float(spot.position[0]), "y": float(spot.position[1]), "facing": spot.facing or ""}
                         for spot in own.objects], columns=["thing", "x", "y", "facing"])
    edited = st.data_editor(
        rows, key=f"{TABLE}.{version}", hide_index=True, width="stretch", num_rows="fixed", disabled=["thing"],
        alt="The map by hand: a row per thing with x, y and facing",
        column_config={
            "thing": st.column_config.TextColumn("thing"),
            "x": st.column_config.NumberColumn("x, to the right", min_value=0.0, max_value=SIDE, step=0.5, required=True),
            "y": st.column_config.NumberColumn("y, down", min_value=0.0, max_value=SIDE, step=0.5, required=True),
            "facing": st.column_config.SelectboxColumn("facing", options=["", *COMPASS])})
    objects = tuple(Spot(str(row["thing"]), (float(row["x"]), float(row["y"])), facing_of(str(row["facing"] or "")))
                    for row in edited.to_dict("records"))
    st.session_state[key] = to_json(Map(objects, own.views))


def _verdict(own: Map | None, reasons: tuple[str, ...], true: Map | None) -> None:
    """How alike the map by hand and the true one are, or why it is none."""
    if own is None:
        st.warning(plain(" ".join(reasons) or "There is no map."), icon=":material/info:")
    elif true is not None:
        both = compared(own, true)
        st.caption(f"Beside the true map: official {both.official.overall:.2f}, "
                   f"{'' if both.official.is_isomorphic else 'not '}isomorphic; exact {both.exact.overall:.2f}, "
                   f"{'' if both.exact.is_isomorphic else 'not '}isomorphic.")
