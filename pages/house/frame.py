"""The frame of every page: what stands where, what is shown, and that the knobs are those of what is shown."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Generic

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.registry import System
from backends.run import R, Result, S, Settings, task_of
from pages.house import address, beside, knobs, lesson, opening, parts, results, running, style, tasks, theme, view
from pages.house.opening import Stage
from pages.house.tasks import Task
from pages.house.text import plain


def nothing_yet(_task: str = "") -> None:
    """In place of a result; it speaks of the buttons that a teacher's link shows."""
    ways = [way for part, way in (("presets", "a preset above"), ("knobs", "the button under the knobs below")) if parts.shows(part)]
    st.info("There is no run of this yet." + (f" Press {', or '.join(ways)}." if ways else ""), icon=":material/info:")


def _no_other(_task: str) -> None:
    """Nothing is shown in place of the session's own results."""


def _none_takes_its_place(_settings: Settings) -> bool:
    """Every run can be made here."""
    return False


def _nothing() -> None:
    """Nothing is missing, and nothing stands at the foot."""


def _not_kept(_result: Result, _is_recorded: bool) -> None:
    """Nothing of a result is needed later."""


@dataclass(frozen=True)
class Own(Generic[R]):
    """A person's own input: it comes first."""

    box: Callable[[], None]  # takes it, beside the presets
    is_there: Callable[[str], bool]  # whether the knobs of a task name one
    is_answered: Callable[[R], bool]  # whether a result is about the one that is there
    panel: Callable[[], None]  # its first picture, the questions that matter, Run
    title: Callable[[], str]  # of the panel, once it is answered and folded


@dataclass(frozen=True)
class Page(Generic[S, R]):
    """What a page hands in. What stands where, and in which order it is made, is `show`'s."""

    system: System[S, R]
    note: str  # behind the paper: what is different here
    tasks: Mapping[str, Task]
    choose: Callable[[S], None]  # a preset, a link or a button: turns the knobs and starts the run
    turn: Callable[[System[S, R], S], None]  # turns the knobs only
    settle: Callable[[System[S, R]], None]  # gives the newest result to its task
    live: Callable[[object], None]  # draws the newest partial result
    first_view: Callable[[str, R, DeltaGenerator], None]  # task, result, and the line of the tasks: it has room for one more choice
    details: Callable[[str, R], None]  # what follows the knobs: sides, tables, other runs
    paper: Callable[[str, R], None]  # the paper's numbers with this run's
    how: Callable[[str, R], None]  # the formulas with this run's numbers
    take: Callable[[str, R], None]  # downloads of the page's own, beside those that every page has
    knobs: Callable[[str], None]  # everything that can be turned for a task, and the button
    code: Callable[[str], None]  # the functions that ran
    is_empty: Callable[[R], bool]  # whether a run ended before there was anything to draw
    own: Own[R] | None = None
    kept: Collection[str] = ()  # sliders of the page's own that stay as they are while another task is shown
    common: Collection[str] = ()  # settings that all tasks share, such as a person's own file: another task's result leaves them be
    instead: Callable[[str], tuple[R, bool] | None] = _no_other  # what is shown in place of the session's results, if anything
    substitute: Callable[[S], bool] = _none_takes_its_place  # whether a recording takes the place of a run that cannot be made here
    views: Collection[str] = ()  # what is turned without a run and stands in the address
    card: Callable[[], None] = _nothing  # says what is missing, where something is
    without: Callable[[str], None] = nothing_yet  # in place of a result that is not there
    opened: Collection[str] = ()  # tasks that need an input first: their fold is open until there is a result
    remember: Callable[[R, bool], None] = _not_kept  # what a shown result teaches of later costs
    foot: Callable[[], None] = _nothing  # what stands on the page whatever is shown


def show(page: Page[S, R]) -> None:
    """Draw the page: head, presets, own input, tasks, what runs or what came out, knobs, the rest."""
    system = page.system
    style.write(is_dark=theme.is_dark())
    opening.begin(system.name)
    st.session_state[view.DRAWN] = {}
    tasks.keep(system, page.kept)
    if (linked := address.opened(system, page.views)) is not None:
        _take_link(page, linked)
    page.settle(system)
    task = tasks.now(system)
    result, is_recorded = page.instead(task) or tasks.result_of(system, task)
    is_live = tasks.is_live(system, task)
    if result is not None and not is_live and not address.is_waiting(system):
        _follow(page, result)
    else:
        opening.leave_out_nothing()
        if is_live:
            _leave(page, task)

    buttons = view.head(system, page.note)
    if parts.shows("lesson"):
        with buttons:
            lesson.button(system)
    asks = bool(page.own and parts.shows("own") and page.own.is_there(task) and not is_live and not address.is_waiting(system)
                and not (result is not None and page.own.is_answered(result)))
    is_covered = parts.shows("lesson") and lesson.covers(system)
    _inputs(page, None if asks or is_covered else st.session_state.get(f"{system.name}.stand"))
    untaken = st.container()  # filled when the views are drawn
    if parts.shows("lesson"):
        lesson.draw(system, page.choose, lambda seen: address.look(system.name, seen))
    line = st.container(horizontal=True, gap="medium", vertical_alignment="center", key=style.LINE)
    tasks.choice(system, page.tasks, line)
    running.show_error(system)
    bar = st.container()
    code, is_whole = None, True
    if is_live:
        folded = _while_it_runs(page, task, result, line)
    elif address.is_waiting(system):
        _run_this_link(page)
        folded = _fold(page, task)
    elif page.own and asks:
        page.own.panel()
        folded = _fold(page, task)
    elif is_covered:
        lesson.cover(system)
        folded = _fold(page, task)
    elif result is None or page.is_empty(result):
        page.card()
        page.without(task)
        folded = _fold(page, task, is_open=task in page.opened)
    else:
        _first_view(page, task, result, line, is_recorded=is_recorded)
        is_whole = opening.stage() == Stage.WHOLE
        folded, code = _what_follows(page, task, result) if is_whole else (None, None)
    if parts.shows("details") and is_whole:
        results.open_saved(system, lambda settings: _stand(page, settings))
        page.foot()

    if folded is not None:
        with folded:  # late: the ladder of models imports torch, and the pictures above do not wait for it
            page.knobs(task)
    if code is not None:
        with code:
            page.code(task)
    with untaken:
        address.say_untaken(system.name)
    address.write(system, _addressed(page, task, result, is_recorded=is_recorded))
    if not is_whole:
        opening.ask_for_the_next()
    if running.is_running(system):  # last: its ticks bring the browser's widgets along, which must be those that are drawn above
        if is_live:
            running.come_into_sight(system)
        with bar:
            running.watch(system, page.live if is_live else draw_nothing)


def _addressed(page: Page[S, R], task: str, result: R | None, *, is_recorded: bool) -> S | None:
    """Whose settings stand in the address: those of what is seen; none for what the page opens with."""
    system = page.system
    if tasks.is_live(system, task):
        return tasks.running_settings(system)
    if address.is_waiting(system):
        return address.waiting(system)
    if result is None:
        return None
    settings = system.settings_of(result)
    is_opening = is_recorded and task == tasks.first(system) and tasks.opens_with(system, settings)
    return None if is_opening and page.instead(task) is None else settings


def draw_nothing(_part: object) -> None:
    """While another task's run goes on, its progress is enough."""


def _take_link(page: Page[S, R], settings: S) -> None:
    """An opened address starts nothing: what is held of equal settings is shown, else its knobs wait for a click."""
    system = page.system
    st.session_state[f"{system.name}.task"] = task_of(settings)
    _stand(page, settings)
    if not (page.substitute(settings) or address.find(system, settings) or running.take_up(system, settings)):
        address.wait(system, settings)


def _stand(page: Page[S, R], settings: S) -> None:
    """Turn the knobs to what is shown from now on."""
    st.session_state[f"{page.system.name}.stand"] = settings
    page.turn(page.system, settings)


def _leave(page: Page[S, R], task: str) -> None:
    """A run of another task turned the knobs: they are no longer those of the result that was seen."""
    seen: R | None = st.session_state.get(f"{page.system.name}.seen")
    if seen is not None and task_of(seen.settings) != task:
        st.session_state.pop(f"{page.system.name}.seen")


def _follow(page: Page[S, R], result: R) -> None:
    """The knobs are those of the result that is shown; what was turned since a run was asked for stays."""
    state, name = st.session_state, page.system.name
    before = state.get(f"{name}.seen")
    if before is result:
        return
    state[f"{name}.seen"] = result
    if state.pop(f"{name}.stays", False):  # a link's knobs, which an own input came to
        return
    left: dict[str, tuple[R, dict[str, object]]] = state.setdefault(f"{name}.left", {})
    task, settings = task_of(result.settings), page.system.settings_of(result)
    is_turned = knobs.say(page.system, settings)  # by a preset: what another task's knobs said before is gone
    common: dict[str, object] = {}
    if before is not None and task_of(before.settings) != task:
        keys = [knobs.knob_key(page.system, own) for own in page.common]
        common = {key: state[key] for key in keys if key in state}
        left.pop(task_of(before.settings), None)
        if not is_turned:
            left[task_of(before.settings)] = before, tasks.turned(page.system, page.kept)
    result_left, values = left.pop(task, (None, {}))
    if result_left is result and not is_turned:  # another task was looked at in between
        state[f"{name}.stand"] = settings
        state.update(values)
    elif state.get(f"{name}.stand") != settings:
        _stand(page, settings)
    state.update(common)


def _inputs(page: Page[S, R], shown: S | None) -> None:
    """The presets, and beside them a person's own input; what the shown preset shows stands below, where its picture is seen."""
    own = page.own if parts.shows("own") else None
    left, right = st.columns([2, 1], vertical_alignment="top", gap="small") if own else (st.container(), None)
    if parts.shows("presets"):
        with left:
            view.presets(page.system, shown, lambda settings: _preset(page, settings))
    if own and right:
        with right:
            own.box()


def _preset(page: Page[S, R], settings: S) -> None:
    """A preset whose run is recorded opens it; any other is run, and so is the one that is shown."""
    system, task = page.system, task_of(settings)
    result, _ = tasks.result_of(system, task)
    is_shown = (result is not None and system.settings_of(result) == settings and task == tasks.now(system)
                and not tasks.is_live(system, task) and not address.is_waiting(system))
    if is_shown or not tasks.open_recording(system, settings):
        page.choose(settings)


def _fold(page: Page[S, R], task: str, *, is_open: bool = False) -> DeltaGenerator | None:
    """Where the knobs will be; nowhere where a teacher's link leaves them out."""
    return tasks.fold(page.tasks, task, is_open=is_open) if parts.shows("knobs") else None


def _while_it_runs(page: Page[S, R], task: str, result: R | None, line: DeltaGenerator) -> DeltaGenerator | None:
    """The picture before stays, dimmed, until the first part of the new one is there."""
    if running.has_part(page.system) or result is None or page.is_empty(result):
        st.caption(page.tasks[task].coming)
    else:
        with st.container(key=style.BEFORE), address.waits_for_the_next(page.system.name):
            page.first_view(task, result, line)
    return _fold(page, task)


def _run_this_link(page: Page[S, R]) -> None:
    """The knobs are a link's, whose run is not here: one button runs it."""
    system = page.system
    settings = address.waiting(system)
    if settings is None:
        return
    if lacking := running.missing_upload(settings):
        st.error(plain(running.says_missing(lacking)), icon=":material/upload_file:")
        return
    with st.container(border=True):
        st.markdown("**This link holds settings whose run is not here.** The knobs below are turned to them; nothing was started.")
        st.button("Run this link", key=f"link.run.{system.name}", type="primary", icon=":material/play_arrow:", on_click=page.choose,
                  args=(settings,), help="Runs with the settings of the link.")


def _first_view(page: Page[S, R], task: str, result: R, line: DeltaGenerator, *, is_recorded: bool) -> None:
    """What came out, as far as it is seen without scrolling, and which model is behind it."""
    if parts.shows("picture"):
        if not is_recorded:
            running.say_done(page.system, result)
        page.first_view(task, result, line)
        view.badge(result, is_recorded=is_recorded)
    page.card()
    page.remember(result, is_recorded)


def _what_follows(page: Page[S, R], task: str, result: R) -> tuple[DeltaGenerator | None, DeltaGenerator | None]:
    """The knobs' place, the sides, the paper, the formulas, the downloads; and the place of the code."""
    if page.own and parts.shows("own") and page.own.is_there(task):
        with st.expander(page.own.title(), icon=":material/upload_file:", key=f"own.fold.{page.system.name}"):
            page.own.panel()
    folded = _fold(page, task)
    if parts.shows("details"):
        page.details(task, result)
        beside.draw(page.system, result)
    code = None
    if parts.shows("paper"):
        st.header("Beside the paper")
        page.paper(task, result)
    if parts.shows("how"):
        st.header("How it works")
        page.how(task, result)
        code = st.container()
    if parts.shows("take"):
        st.header("Take it away")
        page.take(task, result)
        results.download_whole(page.system, result, page.system.settings_of(result))
    return folded, code
