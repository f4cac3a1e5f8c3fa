"""Logs that somebody brought: their runs and episodes to choose from, why a run is bad, and another run of the logs beside it."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from backends.era import logs
from backends.era.comparing import HABITAT_NOTE, Compared, Pair, compared, differences
from backends.era.labels import Label, by_kind
from backends.era.results import EraResult, Line, Log
from backends.era.settings import SHIPPED, EraSettings
from backends.era.statistics import Statistics
from backends.files.rows import counted as number_of
from backends.registry import System
from pages.era import frames, labelling, player
from pages.house import address, knobs, running, view
from pages.house.text import plain
from visualizers.era import many, tables
from visualizers.text import per_cent
from worlds.errors import InputError

CHOSEN, RUN, TABLE, OTHER = "era.episode", "era.log", "era.episodes", "era.other"
NEW = "era.beside.read"  # the newest of other logs, which are read once
DIFFERING, PARTED = "era.differing", "era.parted"
ROWS_PX = 320
Choose = Callable[[EraSettings], None]
Era = System[EraSettings, EraResult]


def details(system: Era, result: EraResult, choose: Choose) -> None:
    """Everything below the episode: which others there are, and what all of them come to."""
    if not result.logs:
        return
    labelling.panel(result)
    st.header("Episodes of these logs")
    _runs(result, choose)
    _episodes(result, choose)
    if result.counted:
        st.header("Why is this run as it is?")
        _statistics(result.counted)
    st.header("Beside another run")
    _bring(system, result)
    if len(result.logs) > 1:
        _beside(result, choose)


def _bring(system: Era, result: EraResult) -> None:
    """The other agent's logs, where they are not among these; they are read at once, and this run stays the one that is shown."""
    brought = knobs.kept_upload(system, "beside", key="era.beside.file", label="Another agent's logs",
                                note="Of the same tasks: a zip of its folder, or one of its files. Its runs then stand in the list.")
    if brought not in ("", result.settings.beside, st.session_state.get(NEW)):
        st.session_state[NEW] = brought
        running.start(system, result.settings.model_copy(update={"beside": brought}))
        st.rerun()


def _runs(result: EraResult, choose: Choose) -> None:
    """Which run is shown, and its config."""
    shown = result.logs[result.settings.log]
    if len(result.logs) > 1:
        _hold(RUN, result.settings.log, result)
        st.selectbox("Run", range(len(result.logs)), key=RUN, help="Every run in what you brought.",
                     format_func=lambda number: _named(result.logs[number]),
                     on_change=lambda: choose(result.settings.model_copy(update={"log": int(st.session_state[RUN]), "episode": -1})))
    st.caption(f"{plain(shown.title)}: {number_of(shown.num_episodes, 'episode')}, read as {plain(shown.layout)}.")
    if shown.config:
        with st.expander("Its config.txt", icon=":material/settings:"):
            st.code("\n".join(f"{name}: {value}" for name, value in shown.config.items()), language=None, wrap_lines=True)


def _named(log: Log) -> str:
    return f"{log.title} ({number_of(log.num_episodes, 'episode')})"


def _hold(key: str, value: object, result: EraResult) -> None:
    """A choice stands at what is shown, whenever something else is."""
    if st.session_state.get(f"{key}.of") is not result or key not in st.session_state:
        st.session_state[key], st.session_state[f"{key}.of"] = value, result


def _episodes(result: EraResult, choose: Choose) -> None:
    """The table, and one of them to replay."""
    if not result.lines:
        return
    shown = result.episode.number if result.episode and result.episode.number is not None else result.lines[0].number
    numbers = list(dict.fromkeys(line.number for line in result.lines))
    told = {line.number: line.instruction for line in result.lines}
    _hold(CHOSEN, shown if shown in numbers else numbers[0], result)
    st.selectbox("Episode", numbers, key=CHOSEN, format_func=lambda number: f"{number}: {told[number][:90] or 'no instruction'}",
                 help="Choosing one replays it. Type to search.",
                 on_change=lambda: choose(result.settings.model_copy(update={"episode": int(st.session_state[CHOSEN])})))
    labels = labelling.of_run(result)
    lines = _filtered(result.lines, labels)
    if lines:
        st.dataframe(tables.episodes(lines, labels), hide_index=True, width="stretch", height=min(ROWS_PX, 38 + 35 * len(lines)),
                     key=TABLE, selection_mode="single-row", on_select=lambda: _clicked(result, lines, choose), column_config={
                         "progress": st.column_config.ProgressColumn("progress", min_value=0, max_value=1, format="percent")})
    st.caption(f"{len(lines):,} of {number_of(len(result.lines), 'episode')}. A click on the box at the left of a row replays that "
               "episode. A column's head sorts.")
    labelling.all_of_them(labels)


def _filtered(lines: Sequence[Line], labels: Mapping[Line, Label]) -> list[Line]:
    """Those that somebody wants to see."""
    groups = sorted({line.group for line in lines if line.group})
    suggested = sorted({name for line in lines for name in line.suggested})
    given = sorted({by_kind(label) for label in labels.values()})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input("Filter by text", key="era.filter.text", placeholder="Words of the instruction",
                             width=player.wide(230))
        ended = st.selectbox("Ended", list(tables.ENDINGS.values()), index=None, key="era.filter.ended", placeholder="Anyhow",
                             width=player.wide(150))
        group = st.selectbox("Subset", groups, index=None, key="era.filter.group", placeholder="Any",
                             width=player.wide(190)) if len(groups) > 1 else None
        failure = st.selectbox("The log suggests", suggested, index=None, key="era.filter.suggested", placeholder="Anything",
                               width=player.wide(260)) if suggested else None
        label = st.selectbox("Label", ["none yet", *given], index=None, key="era.filter.label", placeholder="Any",
                             width=player.wide(230)) if given else None
    words = text.lower().split()
    return [line for line in lines
            if all(word in line.instruction.lower() for word in words) and ended in (None, tables.ENDINGS[line.success])
            and group in (None, line.group) and (failure is None or failure in line.suggested)
            and label in (None, by_kind(labels[line]) if line in labels else "none yet")]


def _clicked(result: EraResult, lines: Sequence[Line], choose: Choose) -> None:
    rows = st.session_state[TABLE].selection.rows
    if rows and rows[0] < len(lines):
        choose(result.settings.model_copy(update={"episode": lines[rows[0]].number}))


def _statistics(counted: Statistics) -> None:
    """What goes wrong first, then how well it goes."""
    made = many.charts(counted)
    for start in range(0, len(made), 2):
        for column, (title, figure) in zip(st.columns(2), list(made.items())[start:start + 2]):
            with column:
                view.chart(figure, key=f"era.chart.{title.replace(' ', '-')}")
    st.caption(f"To notice: {plain(notice(counted))}")
    st.dataframe(tables.subsets(counted), hide_index=True, width="stretch")
    st.caption(f"{plain(tables.averages(counted))} Success with Wilson's 95 % interval, progress with one of a bootstrap over "
               "episodes.")
    for note in counted.notes:
        st.info(plain(note), icon=":material/info:")


def notice(counted: Statistics) -> str:
    """What stands out, from the numbers."""
    whole, told = counted.whole, []
    if whole.output_errors:
        told.append(f"{per_cent(whole.output_errors)} of the replies could not be read: look at the prompt's format first.")
    if counted.reasons:
        first = counted.reasons[0]
        told.append(f"The commonest feedback on a failed action came {first.count} times, in {number_of(first.episodes, 'episode')}.")
    elif whole.invalid and not whole.output_errors:
        told.append(f"{per_cent(whole.invalid)} of the actions failed, and no feedback says why.")
    if counted.loops:
        told.append(f"{number_of(counted.loops, 'time')} the same thing failed three times in a row or more.")
    if counted.numbered and counted.others:
        told.append(f"Actions on second instances such as Mug_2 fail in {per_cent(counted.numbered.mean)} of cases, all others in "
                    f"{per_cent(counted.others.mean)}.")
    return " ".join(told) or _nothing_wrong(counted)


def _nothing_wrong(counted: Statistics) -> str:
    """What may be said where nothing stands out: no more than the logs say."""
    whole = counted.whole
    rows = (("no logged action failed", "which actions failed", whole.invalid),
            ("every logged reply could be read", "which replies could be read", whole.output_errors))
    known = [said for said, _, rate in rows if rate is not None]
    unknown = [what for _, what, rate in rows if rate is None]
    told = [" and ".join(known)] if known else []
    told += [f"{' and '.join(unknown)} is not in these logs"] if unknown else []
    return f"{'; '.join(told)}."


def _beside(result: EraResult, choose: Choose) -> None:
    """What another run was set to differently comes first; then which tasks each did."""
    others = [number for number in range(len(result.logs)) if number != result.settings.log]
    kept = st.session_state.get(f"{OTHER}.kept")  # the box is not drawn while another episode is read
    if st.session_state.get(OTHER) not in others:
        came = next((number for number in others if _belongs_beside(result, result.logs[number])), None)
        st.session_state[OTHER] = kept[1] if kept and kept[0] == logs.sources(result.settings) and kept[1] in others else came
    other = st.selectbox("The other run", others, index=None, key=OTHER, format_func=lambda number: result.logs[number].title,
                         placeholder="Choose one of these logs", help="Nothing is replayed.")
    st.session_state[f"{OTHER}.kept"] = logs.sources(result.settings), other
    if other is None:
        return
    found = differences(result.logs[result.settings.log].config, result.logs[other].config)
    if found:
        st.caption("What their configs differ in: a difference of success may come from it.")
        st.dataframe(tables.differences(found), hide_index=True, width="stretch")
    else:
        st.caption("Their configs do not differ, or are not there.")
    brought = frames.brought_of(result)
    if not brought:
        st.caption("The logs are not in this session: upload them again to compare the outcomes.")
        return
    both = _compared(brought, result.settings.log, other)
    if HABITAT_NOTE in both.notes:
        st.warning(plain(HABITAT_NOTE), icon=":material/warning:")
    st.markdown(plain(tables.outcomes(both)))
    if both.pairs:
        st.dataframe(tables.four(both), hide_index=True, width="content", key="era.four")
    differing = [pair for pair in both.pairs if pair.differs]
    if differing:
        _differing(result, differing, choose)
    for note in both.notes:
        if note != HABITAT_NOTE:
            st.info(plain(note), icon=":material/info:")


def _belongs_beside(result: EraResult, log: Log) -> bool:
    """Whether a run is there to be compared: it was brought for that, or another of the shipped agents did the same tasks."""
    if result.settings.beside:
        return log.is_second
    return result.settings.file in SHIPPED.values() and log.subset == result.logs[result.settings.log].subset


def _differing(result: EraResult, differing: Sequence[Pair], choose: Choose) -> None:
    """The episodes that only one run did; one of them is replayed from where the runs part."""
    def replay(place: int | None) -> None:
        if place is None:
            return
        choose(result.settings.model_copy(update={"episode": differing[place].first.number}))
        address.look("era", {"step": str(differing[place].diverges or 1)})

    st.caption("The episodes in which they differ, and the first step at which they do different things. A click on the box at the "
               "left of a row replays that episode of this run from that step; so does the box below.")
    st.dataframe(tables.differing(differing), hide_index=True, width="stretch", key=DIFFERING, selection_mode="single-row",
                 height=min(ROWS_PX, 38 + 35 * len(differing)),
                 on_select=lambda: replay(next(iter(st.session_state[DIFFERING].selection.rows), None)))
    _hold(PARTED, None, result)
    told = [f"{pair.first.number}: {pair.first.instruction[:90] or 'no instruction'}" for pair in differing]
    st.selectbox("Replay one in which they differ", range(len(differing)), key=PARTED, placeholder="Choose an episode",
                 format_func=told.__getitem__, on_change=lambda: replay(st.session_state[PARTED]),
                 help="In this run, from the first step that is another.")


@st.cache_data(max_entries=8, show_spinner="Reading both runs")
def _compared(brought: frames.Brought, log: int, other: int) -> Compared:
    """Two runs of what was brought; empty where it cannot be read any more."""
    try:
        return logs.beside(logs.opened(brought), log, other)
    except InputError:
        return compared((), ())
