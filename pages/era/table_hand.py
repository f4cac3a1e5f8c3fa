"""The table top by hand: a move in words for whoever counts nothing, or the seven numbers themselves; each is one action."""

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.era.results import EraResult
from pages.era.player import wide
from pages.house.text import plain
from worlds.minitable.actions import DOWN, LIMITS, refusal
from worlds.minitable.codec import encode
from worlds.minitable.expert import yaw_now
from worlds.minitable.moves import SWEEP, told
from worlds.minitable.state import State, left_to_right

Do = Callable[[str], None]  # takes the entry of a turn
Places = tuple[DeltaGenerator, DeltaGenerator]  # above the row of the other buttons, and in it
OBJECT = "era.object"
NUMBERS = ("x", "y", "z", "roll", "pitch", "yaw")
GRIPPER = {0: "Closed", 1: "Open"}
MOVES = {  # word: label, icon, help
    "down": ("Down", ":material/arrow_downward:", "Down to what is beneath, or until what is held touches it"),
    "close": ("Close", ":material/pan_tool_alt:", "The fingers close, and take hold of what is between them"),
    "up": ("Up", ":material/arrow_upward:", "Up, above everything that stands"),
    "open": ("Open", ":material/front_hand:", "The fingers open, and let go of what they hold"),
    "left": ("Left", ":material/arrow_back:", "5 cm to the left"),
    "right": ("Right", ":material/arrow_forward:", "5 cm to the right"),
    "nearer": ("Nearer", ":material/south_west:", "5 cm towards you"),
    "farther": ("Farther", ":material/north_east:", "5 cm away from you"),
    SWEEP: ("Sweep", ":material/cleaning_services:", "With the sponge to the other end of what is to be wiped")}
HELP = {"x": "Centimetres from the far edge of the workspace towards you", "y": "Centimetres from its left edge to the right",
        "z": "Centimetres above its bottom; the table's top is at 15", "roll": "Steps of 3 degrees; 0 with pitch 60 points down",
        "pitch": "Steps of 3 degrees; 60 with roll 0 points down", "yaw": "Steps of 3 degrees; how the fingers are turned"}


def draw(result: EraResult, state: State, do: Do, places: Places) -> None:
    """Both ways to act, above the other buttons."""
    above, _ = places
    with above:
        _in_words(state, do)
        _in_numbers(result, state, do)


def _in_words(state: State, do: Do) -> None:
    names = left_to_right(state)
    if st.session_state.get(OBJECT) not in range(1, len(names) + 1):
        st.session_state[OBJECT] = 1
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom"):
        st.selectbox("Object, from left to right", range(1, len(names) + 1), key=OBJECT, width=wide(196),
                     format_func=lambda number: f"{number}: {names[number - 1]}",
                     help="The numbers of the frames in the picture, and of the list that an agent is given without the names.")
        st.button("Go over it", key="era.over", type="primary", icon=":material/touch_app:",
                  on_click=lambda: do(f"over object {st.session_state[OBJECT]}"),
                  help="Over it, with the fingers turned to fit; what is held comes along, high up.")
        for word, (label, icon, said) in MOVES.items():
            if word != SWEEP or state["area"]:
                st.button(label, key=f"era.move.{word}", icon=icon, help=said, on_click=do, args=(word,))


def _in_numbers(result: EraResult, state: State, do: Do) -> None:
    _begin(result, state)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom"):
        for name, limit in zip(NUMBERS, LIMITS):
            st.number_input(name, 0, limit, step=1, key=f"era.pose.{name}", width=wide(94), help=f"{HELP[name]}. 0 to {limit}.")
        st.segmented_control("gripper", list(GRIPPER), key="era.pose.gripper", format_func=GRIPPER.__getitem__, required=True,
                             help="0 is closed, 1 is open: how it is once it is there.")
        pose = _typed()
        st.button("Do these numbers", key="era.do", icon=":material/pin:", on_click=do, args=(str(pose),),
                  help="This action is done by hand, no more.")
    if why := refusal(pose):
        st.warning(plain(f"{why} It would cost a step, and nothing would move."), icon=":material/block:")
    else:
        st.caption(plain(f"{pose}: {told(state, pose)}"))


def _begin(result: EraResult, state: State) -> None:
    """The numbers stand at where the gripper is, whenever something else is shown."""
    keys = [f"era.pose.{name}" for name in (*NUMBERS, "gripper")]
    if st.session_state.get("era.pose.of") is result and all(key in st.session_state for key in keys):
        return
    gripper = state["gripper"]
    here: Sequence[int] = [*(int(number) for number in encode(gripper["position"])), *DOWN, yaw_now(state), int(gripper["open"])]
    st.session_state["era.pose.of"] = result
    st.session_state.update(zip(keys, here))


def _typed() -> list[int]:
    return [int(st.session_state[f"era.pose.{name}"] or 0) for name in (*NUMBERS, "gripper")]
