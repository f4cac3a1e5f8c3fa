"""Grafting: the model's pictures in every state, step by step of their denoising, and what the numbers say of them."""

from collections.abc import Callable, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.grafting.measured import TUNE_STEPS, Measured, measured
from backends.grafting.results import Grafted, GraftingResult, Samples, State
from backends.grafting.settings import GraftingSettings
from backends.knobs import knob_of
from backends.registry import System
from backends.run import name_of
from pages.grafting import views
from pages.house import address, knobs, parts, session, view, words
from pages.house.text import plain
from pages.house.theme import is_dark
from visualizers.grafting import checkpoint, costs, healing, layers, notice, ranking, strips, tables
from visualizers.grafting.methods import STATE_NAMES

VIEWS = ("step",)  # in the address
BADGES = {
    "original": ":gray-badge[as it was]", "swapped": ":orange-badge[:material/warning: not healed]",
    "stage 1": ":blue-badge[each new part learned alone]", "stage 2": ":green-badge[everything learned]"}
HOW_PAINTED = ("sampler", "sample_steps", "guidance")  # settings that every metric depends on


@st.fragment
def first_view(result: GraftingResult) -> None:
    """The pictures of every state from the same noise; only this part is drawn anew when the slider is moved."""
    grafted = result.grafted
    if grafted is None:
        return
    last = strips.num_steps(grafted)
    steps = [*range(last), None]
    step = st.session_state[address.view("grafting", "step", steps, None, of=grafted)]
    free = _pictures(grafted.states, step, badges=_badges(result, grafted), is_first=True)
    if grafted.samples:
        with free or st.columns(2)[0]:
            _own(grafted.samples)
    if last:
        _scrubber(grafted, steps)
    said = notice.sentences(grafted)
    st.markdown(f"**To notice:** {plain(said[0])}" + "".join(f" {plain(sentence)}" for sentence in said[1:2]))
    for sentence in said[2:]:
        st.caption(plain(sentence))
    st.caption(plain(notice.painted(grafted)))
    words.explain("graft", "diffusion transformer", "operator", "self-graft", "held-out error", "proxy-FD", "guidance")
    address.write_view("grafting", "graft")


def _badges(result: GraftingResult, grafted: Grafted) -> dict[str, str]:
    """What stands behind each state's name; of a stage 2 that was ended before its last step, where."""
    wanted, done = result.settings.tune_steps, grafted.tuned_steps[-1] if grafted.tuned_steps else 0
    if not result.was_stopped or not 0 < done < wanted:
        return BADGES
    return BADGES | {"stage 2": f":orange-badge[:material/warning: ended at step {done:,} of {wanted:,}]"}


def _pictures(states: tuple[State, ...], step: int | None, *, badges: Mapping[str, str] = BADGES,
              is_first: bool = False) -> DeltaGenerator | None:
    """A picture per state, two beside one another: on a phone each is as wide as the screen. Returns the place that is left."""
    free = None
    for start in range(0, len(states), 2):
        columns = st.columns(2)
        for column, state in zip(columns, states[start:start + 2]):
            with column:
                _state(state, step, badge=badges[state.name], is_first=is_first)
        free = columns[1] if len(states[start:start + 2]) == 1 else None
    return free


def _state(state: State, step: int | None, *, badge: str, is_first: bool) -> None:
    """What one state paints."""
    st.markdown(f"**{STATE_NAMES[state.name].removesuffix(', not healed')}** {badge}")
    pictures = strips.strip(strips.at_step(state, step), ground=views.GROUNDS[is_dark()])
    view.picture(pictures, f"grafting.{state.name.replace(' ', '-')}", alt=strips.alt(state), caption=strips.caption(state),
                 is_first=is_first)
    if state.broke:
        st.warning(plain(state.broke), icon=":material/warning:")


def _own(samples: Samples) -> None:
    """Pictures that a person brought, beside what the states paint."""
    st.markdown(f"**{plain(samples.name)}** :violet-badge[yours, not painted here]")
    pictures = strips.strip(samples.pictures, ground=views.GROUNDS[is_dark()])
    view.picture(pictures, "grafting.samples", alt=strips.own_alt(samples), caption=plain(checkpoint.judged(samples)))


def _scrubber(grafted: Grafted, steps: list[int | None]) -> None:
    """The slider through the denoising."""
    path = max((state.path for state in grafted.states), key=len)
    st.select_slider("Denoising", steps, key="grafting.step", format_func=lambda step: "finished" if step is None else (
        f"step {step + 1} of {len(path)}, time {path[step].time}"), help="From noise to picture: at every step the model's estimate "
        "of the clean pictures, of all states at once. Nothing is run.")


def live(grafted: Grafted) -> None:
    """The pictures so far, and each layer's error as it learns: beside the newest picture where there is room."""
    free = _pictures(grafted.states, None)
    learning = healing.tuned(grafted) if grafted.tuned_errors else healing.bars(grafted)
    with free or st.container():
        view.chart(learning, key="live.learning")
    view.chart(layers.blocks(grafted.operator, grafted.layers, grafted.num_layers), key="live.layers")


def details(system: System[GraftingSettings, GraftingResult], result: GraftingResult,
            choose: Callable[[GraftingSettings], None]) -> None:
    """How it healed, how good it is, what it costs, and going on from here."""
    grafted = result.grafted
    if grafted is None:
        return
    st.header("How it heals")
    _healing(grafted)
    _go_on(result, choose)
    st.header("How good it is")
    _numbers(system, grafted)
    _every_graft(choose)
    st.header("What it costs")
    left, right = st.columns([5, 4])
    with left:
        view.chart(costs.bars(grafted), key="grafting.costs")
    with right:
        st.dataframe(costs.table(grafted.before, grafted.after), hide_index=True, width="stretch")
    st.caption(f"To notice: {plain(costs.sentence(grafted.before, grafted.after))} Mixing is what goes between tokens, features what "
               "goes within one; fewer operations are not fewer milliseconds: see “Speed”.")


def _healing(grafted: Grafted) -> None:
    diagram = layers.blocks(grafted.operator, grafted.layers, grafted.num_layers)
    charts = [("errors", healing.bars(grafted)), ("stage-1", healing.curves(grafted))] if healing.last_errors(grafted) else []
    if grafted.tuned_errors:
        charts += [("stage-2", healing.tuned(grafted)), ("layers", diagram)]
    else:
        view.chart(diagram, key="grafting.layers")
    for start in range(0, len(charts), 2):
        for column, (name, figure) in zip(st.columns(2), charts[start:start + 2]):
            with column:
                view.chart(figure, key=f"grafting.{name}")
    if not healing.last_errors(grafted) and not grafted.tuned_errors:
        st.caption("Nothing was healed in this run: “Heal by” among the knobs says how far it goes.")


def _go_on(result: GraftingResult, choose: Callable[[GraftingSettings], None]) -> None:
    """One click to stage 2 from here, where the session holds the grafted model."""
    name = name_of(result)
    if not result.made or name not in session.current().results or not parts.shows("knobs"):
        return
    wanted = result.settings.model_copy(update={"heals": "both stages", "continues": name})
    st.button("Heal it further", key="grafting.further", icon=":material/healing:", on_click=choose, args=(wanted,),
              help="Goes on from this run's model: stage 2 with the steps that the knob “Stage 2 steps” of this run says.")


def _numbers(system: System[GraftingSettings, GraftingResult], grafted: Grafted) -> None:
    """Every state's numbers, with how they were painted; and whether the knobs say something else by now."""
    charts = [("held-out", healing.held_out(grafted))] if any(state.held_out is not None for state in grafted.states) else []
    if (distances := healing.proxy_fd(grafted)) is not None:
        charts.append(("proxy-fd", distances))
    for column, (name, figure) in zip(st.columns(2), charts):
        with column:
            view.chart(figure, key=f"grafting.{name}")
    st.dataframe(tables.states_table(grafted), hide_index=True, width="stretch")
    if stale := _stale(system, grafted):
        st.warning(plain(stale), icon=":material/history:")
    judged = grafted.states[-1].judgement
    st.caption(
        "No pictures were judged: “Pictures to judge” among the knobs asks a small classifier for accuracy and proxy-FD."
        if judged is None else f"Judged by a small classifier on {judged.number:,} pictures. The floor is the proxy-FD of as many "
        "real pictures: nothing can be expected below it. Rank by the held-out error; a proxy-FD tells broken from healed.")
    if grafted.samples:
        st.caption("Your own pictures stand in the last line. Proxy-FDs of different numbers of pictures, n, cannot be compared.")


def _depth_to_width(choose: Callable[[GraftingSettings], None]) -> None:
    """One click to the paper's other way of cutting: half the depth, twice the width."""
    if parts.shows("presets"):
        wanted = GraftingSettings(operator="pairs", pattern="all", heals="both stages")
        st.button("Put blocks side by side: depth to width", key="grafting.pairs", icon=":material/view_column_2:", on_click=choose,
                  args=(wanted,), help="Nothing is cut out: every two neighbouring blocks hear the same and are merged, so that the "
                  "model is half as deep. Runs both stages, about as long as the first preset.")


def _every_graft(choose: Callable[[GraftingSettings], None]) -> None:
    """What was measured of every operator and pattern, once, beside the control."""
    found = measured()
    if found is None:
        return
    st.header("Does it hold for other grafts?")
    _depth_to_width(choose)
    view.chart(ranking.bars(found), key="grafting.ranking")
    st.caption(f"Every graft of this model after both stages, {TUNE_STEPS} steps of stage 2. The control is the original, "
               "tuned as long as stage 2 and with nothing replaced: only what lies above it is the graft's. Ranked by the error on "
               f"held-out pictures{_seeds(found)}. Measured on {plain(found.made_on)}. This run's own numbers above are held against "
               "the original, after as many steps as its knobs say.")
    with st.expander("All of it in a table", icon=":material/leaderboard:"):
        st.dataframe(tables.measured_table(found), hide_index=True, width="stretch")
        st.caption(f"Rows are of the first seed. Proxy-FDs are of {found.judged:,} pictures, floor {found.floor:.2f}; those that "
                   "differ by less than 3 say nothing.")
    others = tables.ablations_table(found)
    if len(others) > 1:
        with st.expander("What each part of the healing is worth", icon=":material/science:"):
            st.dataframe(others, hide_index=True, width="stretch")
            st.caption("Hyena-X in every other layer, one seed, with one thing done otherwise. Stage 2 without the diffusion loss "
                       "is an open question to the paper's authors; distilling in stage 2 is Orrery's own.")


def _seeds(found: Measured) -> str:
    """Of how many seeds it is."""
    counts = sorted({len(found.every_seed(row)) for row in ranking.after_healing(found)})
    if counts[-1:] == [1]:
        return ", one seed"
    number = f"{counts[0]} seeds" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"
    return f": the mean of {number}, and from the lowest to the highest"


def _stale(system: System[GraftingSettings, GraftingResult], grafted: Grafted) -> str:
    """Which of the ways of painting were turned since these numbers were made; nothing where none was."""
    judged = next((state.judgement for state in grafted.states if state.judgement), None)
    if judged is None:
        return ""
    now = knobs.said(system, HOW_PAINTED)
    then = {"sampler": judged.sampler, "sample_steps": judged.steps, "guidance": judged.guidance}
    ways = {name: knob_of(system.settings, name) for name in HOW_PAINTED}
    turned = [f"“{way.label}” {way.worded(now[name])} instead of {way.worded(then[name])}" for name, way in ways.items()
              if now[name] != then[name]]
    return f"Accuracy and proxy-FD are of other settings than the knobs say now: {', '.join(turned)}." if turned else ""
