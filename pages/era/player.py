"""Going through an episode: the slider, its buttons, keys, and Play, which goes on by itself. Nothing is run.

Whether it plays is known here, the clock is the browser's (`player.js`): a tick asks for the step after the one that is shown, and
the next waits until that one stands. A fragment's `run_every` would tick whether it does or not, and against a hand on the slider.
Streamlit's own shortcuts of buttons take the space bar from every button that has the focus, and the arrows from tables and choices;
so keys are the component's too, and press these very buttons.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from backends.episode import Action, Episode, Turn
from pages.house import opening, style
from pages.house.parts import LARGE_PX, is_presenting
from visualizers.era.timeline import failed

STEP, PACE, PLAYER = "era.step", "era.pace", "era.player"
PACES = (1, 2, 4, 8)  # steps per second
FIRST_PACE = 2
# in the session's state: the episode that plays, the step of the newest tick, how much of the page was drawn
_PLAYING, _TICKED, _STAGE = "era.playing", "era.playing.ticked", "era.playing.stage"
PLAY_PX, PACE_PX = 104, 148  # the button has one width, whatever it says
USUAL_PX = 16  # of the letters, where they are not on a wall
Shown = Sequence[tuple[Turn, Action | None]]


@cache
def _component() -> Any:  # Any: Streamlit's own type of a mounted component
    """Registered once: a name that is registered again is warned about."""
    return st.components.v2.component("orrery_player", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


def rest_on_a_new_page() -> None:
    """Whatever draws the page anew ends playing, such as another result, or coming back to it; not that it is still opening."""
    state = st.session_state
    if state.get(_STAGE) == opening.stage():
        rest()
    state[_STAGE] = opening.stage()


def rest() -> None:
    """Play no more."""
    for key in (_PLAYING, _TICKED):
        st.session_state.pop(key, None)


def is_playing(episode: Episode) -> bool:
    """Whether that one goes on by itself."""
    return st.session_state.get(_PLAYING) is episode


def to(step: int) -> None:
    """Look at a step, from 1; nothing plays on from there."""
    rest()
    st.session_state[STEP] = step


def wide(px: int) -> int:
    """A width that holds words, in px: on a wall they are larger, and so has it to be."""
    return px * LARGE_PX // USUAL_PX if is_presenting() else px


def transport(episode: Episode, shown: Shown) -> None:
    """The buttons and the slider, beside the picture: nothing above them changes, so that nothing moves under the finger, and a phone
    shows the picture first. The slider is below: what a button says under the mouse would cover it.
    """
    count, calls, plays = len(shown), [turn.index for turn, _ in shown], is_playing(episode)
    with st.container(horizontal=True, gap="xsmall", key="era.transport"):
        _move_button("call.back", "Call", "skip_previous", -2, calls, "To the call of the agent before. Keys: shift and ←.")
        _move_button("step.back", "Step", "chevron_left", -1, calls, "One step back. Key: ←.")
        st.button("Pause" if plays else "Play", key="era.play", icon=f":material/{'pause' if plays else 'play_arrow'}:",
                  width=wide(PLAY_PX), disabled=count < 2, on_click=rest if plays else _play,
                  args=None if plays else (episode, count),
                  help="Goes on by itself, from the beginning where it is at its end. Key: space bar.")
        _move_button("step.on", "Step", "chevron_right", 1, calls, "One step on. Key: →.")
        _move_button("call.on", "Call", "skip_next", 2, calls, "To the agent's next call. Keys: shift and →.")
        st.session_state.setdefault(PACE, FIRST_PACE)
        st.selectbox("Pace", PACES, key=PACE, format_func=lambda pace: f"{pace} step{'s' * (pace > 1)} a second", width=wide(PACE_PX),
                     label_visibility="collapsed", disabled=count < 2, help="How fast it plays, at most.")
        wrong = next((number for number, (turn, action) in enumerate(shown, 1) if failed(turn, action)), None)
        if wrong:
            st.button("First failure", key="era.failure", icon=":material/error:", on_click=to, args=(wrong,),
                      help="The first step that failed, or reply that could not be read")
    if count > 1:
        st.slider("Step", 1, count, key=STEP, on_change=_slid, help="Go through the episode. Nothing is run.")


def _move_button(key: str, label: str, icon: str, by: int, calls: Sequence[int], told: str) -> None:
    st.button(label, key=f"era.{key}", icon=f":material/{icon}:", help=told, disabled=len(calls) < 2, on_click=_move,
              args=(by, calls))


def clock(episode: Episode, count: int) -> None:
    """What ticks in the browser and hears the keys; after all that it drives."""
    with st.container(key=f"{style.UNSEEN}-player"):
        _component()(key=PLAYER, on_tick_change=lambda: _tick(episode, count), on_rest_change=rest, data={
            "step": int(st.session_state[STEP]), "playing": is_playing(episode), "pace": int(st.session_state[PACE])})


def _play(episode: Episode, count: int) -> None:
    """Begin to go on; from the beginning, where this is the end."""
    if st.session_state[STEP] >= count:
        st.session_state[STEP] = 1
    st.session_state[_PLAYING] = episode


def _tick(episode: Episode, count: int) -> None:
    """One step on, if it is still asked for: the slider may have been moved since."""
    now, asked = int(st.session_state[STEP]), st.session_state[PLAYER].tick
    if not is_playing(episode) or asked != now + 1:
        return
    st.session_state[STEP] = st.session_state[_TICKED] = min(count, asked)
    if asked >= count:
        rest()


def _slid() -> None:
    """The slider was moved: nothing plays on from there.

    A click that crosses a tick on its way brings along where the slider stood before that tick; that is no move.
    """
    if _PLAYING not in st.session_state:
        return
    now = int(st.session_state[STEP])
    if now + 1 == st.session_state.get(_TICKED):
        st.session_state[STEP] = now + 1
    else:
        to(now)  # set once more: a tick may have moved the slider in the browser meanwhile


def _move(by: int, calls: Sequence[int]) -> None:
    """One step, or to where another call begins."""
    now = int(st.session_state[STEP])
    if abs(by) == 1:
        to(min(len(calls), max(1, now + by)))
        return
    begins = [number for number, call in enumerate(calls, 1) if number == 1 or call != calls[number - 2]]
    others = [begin for begin in begins if begin > now] if by > 0 else [begin for begin in begins if begin < now][::-1]
    to(others[0] if others else now)
