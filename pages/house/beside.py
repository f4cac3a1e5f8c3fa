"""Two runs beside each other: what was set differently, what each says, and the same charts of both."""

import plotly.graph_objects as go
import streamlit as st

from backends.knobs import Knob, knob_of
from backends.registry import System
from backends.run import Result, Settings, name_of, task_of
from pages.house import session, view
from pages.house.text import plain
from visualizers.contract import drawing

MOST_CHARTS = 6  # of either run
SIDES = ("This run", "The other run")


def draw(system: System, result: Result) -> None:
    """A fold in which another run of this session is chosen, or one that was opened from a file; nothing where there is none."""
    others = held(system, but=result)
    if not others:
        return
    with st.expander("Beside another run", icon=":material/compare:", key=f"beside.fold.{system.name}"):
        chosen = st.selectbox("The other run", list(others), index=None, format_func=lambda name: label(name, others[name]),
                              key=f"beside.{system.name}", placeholder="Choose one of this session",
                              help="Runs that you made here, and saved runs that you opened.")
        if chosen:
            _both(system, result, others[chosen])


def held(system: System, *, but: Result | None = None) -> dict[str, Result]:
    """The results of this session that can stand beside one, or be gone on from, by name; those of another task are left out."""
    task, own = (task_of(but.settings), name_of(but)) if but is not None else (None, "")
    return {name: other for name, other in session.current().results.items()
            if other.system == system.name and name != own and (task is None or task_of(other.settings) == task)}


def label(name: str, result: Result) -> str:
    """How a run reads in a list."""
    settings: Settings = result.settings
    told = {key: value for key, value in settings.linked().items() if key != "task" and value is not False}
    known = {key: knob_of(type(settings), key) for key in told}
    changed = [known[key].label if value is True else f"{known[key].label}: {known[key].worded(value)}" for key, value in told.items()
               if isinstance(value, int | float | str)]
    said = result.title or ", ".join(changed[:4]) or "as it opens"
    return f"{name} · {said[:80]}{'' if result.ended == 'finished' else f' · {result.ended}'}"


def _both(system: System, result: Result, other: Result) -> None:
    differing = [(knob_of(type(result.settings), name), value, getattr(other.settings, name)) for name, value in result.settings
                 if value != getattr(other.settings, name)]
    if differing:
        rows = "\n".join(f"| {plain(knob.label)} | {plain(_short(knob, mine))} | {plain(_short(knob, theirs))} |"
                         for knob, mine, theirs in differing)
        st.markdown(f"| set differently | this run | the other run |\n|---|---|---|\n{rows}")
    else:
        st.caption("Both have the same settings.")
    sides = tuple(zip(st.columns(2), (result, other), SIDES))
    for column, run, title in sides:
        with column:
            st.markdown(f"**{title}** · {plain(run.title or f'{run.model_id}, seed {run.seed}')}")
            for sentence in run.told:
                st.caption(plain(sentence))
    drawn = drawing(system.name)
    mine, theirs = (dict(list(drawn.figures(run).items())[:MOST_CHARTS]) for run in (result, other))
    theirs = {title: of_the_other(figure) for title, figure in theirs.items()}
    for title in mine:
        for column, charts, side, name in zip(st.columns(2), (mine, theirs), ("this", "other"), SIDES):
            with column:
                if title in charts:
                    st.caption(f"**{name}**")  # on a phone the charts of both stand under one another
                    view.chart(charts[title], key=f"beside.{system.name}.{side}.{title}")


def of_the_other(figure: go.Figure) -> go.Figure:
    """The same figure, in which what is called "this run" is called "the other run"."""
    named = go.Figure(figure)
    return named.for_each_trace(lambda trace: trace.update(name=trace.name.replace("this run", "the other run"))
                                if trace.name else None)


def _short(knob: Knob, value: object) -> str:
    """A value in one line: a second one would end the row of its table."""
    text = " ".join(knob.worded(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
