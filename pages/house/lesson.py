"""The lesson of a page, a step at a time beside the picture it speaks of, and the same on paper."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

import streamlit as st

from backends.registry import System
from backends.run import R, S
from pages.house import parts
from pages.house.lesson_text import NUM_STEPS, Lesson, Step, lesson_of, path_of, settings_of
from pages.house.text import plain
from worlds.errors import InputError

PRINTED = "pages/house/sheet.py"  # not in pages/ itself: `streamlit run` would open it there without the door
OF = "of"  # the parameter that names the system on the printed page


def _looks_as_it_is(_view: Mapping[str, str]) -> None:
    """The page has no parameters for what is looked at."""


def button(system: System) -> None:
    """Opens the lesson of the system, and closes it; nothing where there is none."""
    if not path_of(system.name).is_file():
        return
    is_open = f"lesson.{system.name}.open"
    st.session_state.setdefault(is_open, parts.is_locked())  # a teacher's link to the lesson has it open
    st.button("Close the lesson" if st.session_state[is_open] else "Lesson", key=f"lesson.{system.name}", icon=":material/school:",
              type="tertiary", on_click=_turn, args=(is_open,), help="Five steps through this page: predict, look, explain.")


def draw(system: System[S, R], choose: Callable[[S], None], look: Callable[[Mapping[str, str]], None] = _looks_as_it_is) -> None:
    """The step of the lesson that a person is at, where it is open.

    Args:
        choose: shows the page in the state of these settings; called from a button, before the page is drawn anew.
        look: takes a step's parameters of the view; called before `choose`.
    """
    if not st.session_state.get(f"lesson.{system.name}.open"):
        return
    try:
        lesson = lesson_of(system.name)
        with st.container(border=True, key=f"lesson-{system.name}"):
            _step(system, lesson, choose, look)
    except InputError as error:  # of a teacher's own version
        st.error(plain(str(error)), icon=":material/school:")


def covers(system: System) -> bool:
    """Whether the picture waits until a person has predicted: the lesson is open, and its step has not been shown yet."""
    state, name = st.session_state, system.name
    if not state.get(f"lesson.{name}.open") or not path_of(name).is_file():
        return False
    return state.get(f"lesson.{name}.shown") != state.get(f"lesson.{name}.step", 1)


def cover(system: System) -> None:
    """In the picture's place, until the step is shown."""
    st.info("The picture is covered. Predict first, then press “Show this on the page”. Or close the lesson to see what was here.",
            icon=":material/visibility_off:")


def _turn(name: str) -> None:
    st.session_state[name] = not st.session_state[name]


def _step(system: System[S, R], lesson: Lesson, choose: Callable[[S], None], look: Callable[[Mapping[str, str]], None]) -> None:
    key = f"lesson.{system.name}.step"
    st.session_state.setdefault(key, 1)
    with st.container(horizontal=True, vertical_alignment="center"):
        number = st.segmented_control("Step", range(1, NUM_STEPS + 1), key=key, required=True, label_visibility="collapsed",
                                      width="content") or 1
        step = lesson.steps[number - 1]
        st.markdown(f"**{step.title}**", width="stretch")
        if lesson.about:
            about = st.popover("What this is about", icon=":material/info:", type="tertiary")
            about.markdown(f"**{lesson.title}**\n\n{lesson.about}")
        st.link_button("Print", f"lesson?{urlencode({OF: system.name})}", type="tertiary", icon=":material/print:",
                       help="The whole lesson as a sheet for paper, in a tab of its own.")
    before, then = st.columns(2)
    before.markdown(f"**Predict.** {step.predict}")
    then.markdown(f"**Do.** {step.do}")
    with then.container(horizontal=True):
        st.button("Show this on the page", key=f"lesson.{system.name}.show.{number}", type="primary", icon=":material/play_arrow:",
                  on_click=_show, args=(system, step, choose, look), help="Sets the knobs of this step and shows what comes out.")
        if number < NUM_STEPS:
            st.button("Next step", key=f"lesson.{system.name}.next.{number}", on_click=_turn_to, args=(key, number + 1),
                      icon=":material/navigate_next:")
    with st.expander("Explain: once you have predicted and looked", key=f"lesson.{system.name}.explain.{number}"):
        st.markdown(step.explain)


def _turn_to(key: str, number: int) -> None:
    st.session_state[key] = number


def _show(system: System[S, R], step: Step, choose: Callable[[S], None], look: Callable[[Mapping[str, str]], None]) -> None:
    st.session_state[f"lesson.{system.name}.shown"] = st.session_state.get(f"lesson.{system.name}.step", 1)
    look(step.view)
    choose(settings_of(system, step))  # type: ignore[arg-type]


def address(system: System, step: Step) -> str:
    """Return the whole address of a step, as it is printed.

    Raises:
        InputError: the system has no such setting, or its value is out of range.
    """
    here = urlsplit(st.context.url or "")
    folder = here.path.rpartition("/")[0]
    asked = urlencode({"settings": settings_of(system, step).permalink()} | dict(step.view))
    return f"{here.scheme}://{here.netloc}{folder}/{system.name}?{asked}" if here.netloc else f"/{system.name}?{asked}"


def printed(system: System) -> None:
    """The lesson as a sheet: questions with room to write, whole addresses, explanations on a page of their own."""
    lesson = lesson_of(system.name)
    st.title(lesson.title)
    st.caption(f"{plain(system.title)} · {plain(system.paper)} ({plain(system.source)})")
    st.markdown(lesson.about)
    for number, step in enumerate(lesson.steps, 1):
        with st.container(key=f"sheet-step-{number}"):
            st.markdown(f"## {number}. {step.title}")
            st.markdown(f"**Predict.** {step.predict}")
            st.html('<div class="sheet-line"></div>')
            st.markdown(f"**Do.** {step.do}")
            st.code(address(system, step), language=None, wrap_lines=True)
            st.html('<div class="sheet-line"></div>')
    with st.container(key="sheet-explained"):
        st.header("Explanations")
        for number, step in enumerate(lesson.steps, 1):
            st.markdown(f"**{number}. {step.title}{'' if step.title.endswith('?') else '.'}** {step.explain}")
