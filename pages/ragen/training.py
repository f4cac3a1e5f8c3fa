"""The first view of a training: the curve, the agent's own words at an iteration, and the monitor that warns of a collapse."""

import streamlit as st

from backends.ragen.measures import LAST, ending
from backends.ragen.monitor import Alarm, Report
from backends.ragen.results import RagenResult, Snapshot, Training
from backends.ragen.rollouts import Rollout
from pages.house import address, view, words
from pages.house.text import plain
from pages.ragen import fates, turns
from visualizers.ragen import story, tables
from visualizers.ragen.figures import live as charts_so_far

ITERATION = "ragen.iteration"
SAID, MOST_REPEATED = 4, 5  # episodes whose words are shown; thoughts
LIGHTS = {"green": ("green", "no sign of a collapse"), "amber": ("orange", "a warning"), "red": ("red", "collapsing"),
          "unknown": ("gray", "not enough is known")}


def worded(training: Training) -> list[Snapshot]:
    """Iterations whose words were kept."""
    return [shot for shot in training.snapshots if shot.rollouts]


def first_view(result: RagenResult) -> None:
    """What became of the recorded trainings, where one of them is shown; its curve, the words and the monitor."""
    fates.draw(result)
    _story(result)


@st.fragment
def _story(result: RagenResult) -> None:
    """Only this part is drawn anew when the slider is moved."""
    training = result.training
    if training is None:
        return
    report, shots = story.report_of(result), worded(training)
    numbers = [shot.iteration for shot in shots]
    at = int(st.session_state[address.view("ragen", "iteration", numbers, numbers[-1], of=training)]) if numbers else None
    shot = next((shot for shot in shots if shot.iteration == at), None)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        figure = story.story(training, report, at)
        if figure is not None:
            view.chart_below(figure, key="ragen.story")
    with right:
        if shot is not None:
            _slider(numbers)
            _said(shot, shots[0])
    monitored(report)
    if shot is not None:
        _repeated(shot)
    st.caption(f"To notice: {plain(notice(training, report))}")
    words.explain("ragen", "iteration", "group", "spread inside groups", "entropy", "critic")
    address.write_view("ragen", "iteration")


def _slider(numbers: list[int]) -> None:
    """The iteration whose words are read; by its ends, by steps, by hand."""
    if len(numbers) < 2:
        return
    place = numbers.index(st.session_state[ITERATION])
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom"):
        st.button("", key="ragen.iteration.back", icon=":material/chevron_left:", on_click=_to, args=(numbers, place - 1),
                  disabled=place == 0, help="The iteration before whose words were kept.")
        st.button("", key="ragen.iteration.on", icon=":material/chevron_right:", on_click=_to, args=(numbers, place + 1),
                  disabled=place == len(numbers) - 1, help="The next iteration whose words were kept.")
        st.select_slider("Iteration", numbers, key=ITERATION,
                         help="Words were kept of these iterations. With the slider in focus, the arrow keys move it.")


def _to(numbers: list[int], place: int) -> None:
    st.session_state[ITERATION] = numbers[max(0, min(len(numbers) - 1, place))]


def _said(shot: Snapshot, first: Snapshot) -> None:
    """What the agent says in an iteration, and under it what it said at first."""
    st.markdown(f"**In its own words, iteration {shot.iteration}**")
    st.markdown("\n".join(f"- {_line(one)}" for one in shot.rollouts[:SAID]))
    if shot is not first:
        st.caption(f"At first, in iteration {first.iteration}: "
                   + " · ".join(f"“{plain(tables.first_thought(one)[:90])}”" for one in first.rollouts[:2]))
    turns.legend()


def _line(rollout: Rollout) -> str:
    """One episode in a line: thought, answer, and what came of it."""
    told = turns.said(rollout.episode.turns[0]) if rollout.episode.turns else "nothing"
    return told if rollout.score is None else f"{told} **{rollout.score:+.2f}**"


def monitored(report: Report) -> None:
    """The traffic light, and which rule fired when."""
    colour, said = LIGHTS[report.light]
    now, _ = LIGHTS[report.now]
    fall = f"The reward fell at iteration {report.fell}." if report.fell is not None else "The reward has not fallen."
    with st.container(border=True, key="ragen-monitor"):
        still = "" if report.now == report.light else f" :{now}-badge[now: {LIGHTS[report.now][1]}]"
        st.markdown(f":material/traffic: **Collapse monitor** :{colour}-badge[{said}]{still} {fall}")
        for alarm in report.fired:
            st.markdown(_alarm(alarm))
        quiet = [alarm for alarm in report.alarms if alarm.fired is None]
        if quiet:
            with st.popover(f"{len(quiet)} signs that were not seen", type="tertiary", key="ragen.quiet"):
                st.markdown("\n".join(f"- **{plain(one.name)}** ({plain(one.by)}). {plain(one.sentence)}" for one in quiet))
        for note in report.notes:
            st.caption(plain(note))


def _alarm(alarm: Alarm) -> str:
    badge = ":red-badge[:material/close: collapse]" if alarm.colour == "red" else ":orange-badge[:material/warning: warning]"
    return f"{badge} **{plain(alarm.name)}**. {plain(alarm.sentence)} *({plain(alarm.by)})*"


def _repeated(shot: Snapshot) -> None:
    """The thoughts that were thought most often in an iteration."""
    if not shot.repeated:
        return
    st.markdown(f"**Thought most often in iteration {shot.iteration}**")
    st.markdown(turns.repeated(shot.repeated[:MOST_REPEATED]))


def notice(training: Training, report: Report) -> str:
    """What there is to see in this training, from its own numbers."""
    if not training.metrics:
        return "it was ended before anything was learned."
    first, told = training.metrics[0], list[str]()
    reward, top = ending(training.metrics, "reward"), ending(training.metrics, "top")
    if first.reward is not None and reward is not None:
        told.append(f"the reward went from {first.reward:.2f} to {reward:.2f}, the mean of its last "
                    f"{min(LAST, len(training.metrics))} iterations")
    if first.top is not None and top is not None:
        told.append(f"the commonest thought from {first.top:.0%} to {top:.0%} of all")
    fired = report.fired
    if fired and (lead := fired[0].lead) is not None and lead > 0:
        told.append(f"the first warning came {lead} iterations before the reward fell")
    elif fired and report.fell is None:
        told.append(f"the monitor warned at iteration {fired[0].fired}, while the reward stood")
    return f"{', '.join(told) or 'nothing was measured'}. Move the slider and read how the thoughts change."


def live(training: Training) -> None:
    """The curves so far, and the newest words."""
    for column, (name, figure) in zip(st.columns(2), (charts_so_far(training) or {}).items()):
        with column:
            view.chart(figure, key=f"ragen.live.{name}")
    if shots := worded(training):
        st.markdown(f"**In its own words, iteration {shots[-1].iteration}**  \n"
                    + "  \n".join(_line(one) for one in shots[-1].rollouts[:2]))
