"""Episodes, one group beside each other, one of them turn by turn; and the same of another iteration beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from backends.files.rows import counted
from backends.ragen.filters import Selection
from backends.ragen.results import Snapshot, Training
from backends.ragen.rollouts import Rollout
from pages.house import address, view
from pages.house.text import plain
from pages.ragen import training as story
from pages.ragen import turns
from visualizers.ragen import groups, scenes, tables

ROWS_PX, MOST_NOTES = 320, 5
KEPT = {True: ":blue-badge[learned from]", False: ":gray-badge[left out]", None: ""}


@dataclass(frozen=True)
class Place:
    """Where something is drawn: what its keys begin with, what its choice of group, episode and turn is called, and what it is of.

    A choice without a name does not stand in the address.
    """

    key: str
    starts: str
    attempt: str
    step: str
    of: object


@st.fragment
def of_training(training: Training) -> None:
    """The episodes of an iteration whose words were kept; only this part is drawn anew when something is chosen."""
    shots = story.worded(training)
    if not shots:
        st.info("No words were kept of this training.", icon=":material/info:")
        return
    numbers = [shot.iteration for shot in shots]
    key = address.view("ragen", "episodes", numbers, numbers[-1], of=training)
    if len(numbers) > 1:
        st.select_slider("Iteration of the episodes", numbers, key=key, help="Words were kept of these iterations.")
    shot = shots[numbers.index(st.session_state[key])]
    left, right = st.columns(2, gap="medium")
    with left:
        figure = groups.groups(Selection(shot.groups, _why_none(shot)))
        if figure is not None:
            view.chart(figure, key="ragen.groups")
        st.caption("A start is played several times: its episodes are a group. Where all of them earn the same, nothing tells a good "
                   f"reply from a bad one. Whole episodes were kept of {counted(len(_groups(shot.rollouts)), 'group')}.")
        place = Place("ragen.now", "starts", "attempt", "step", shot)
        chosen = of_group(shot.rollouts, place)
    with right:
        if chosen is not None:
            turns.shading(training)
            episode(chosen, place)
    _early_and_late(training, shot, chosen, shots)
    address.write_view("ragen", "episodes")


def _why_none(shot: Snapshot) -> str:
    return "" if any(one.is_kept for one in shot.groups) else "No group was kept in this iteration."


def of_group(own: Sequence[Rollout], place: Place) -> Rollout | None:
    """One group's episodes beside each other; returns the one that is chosen."""
    found = _groups(own)
    if not found:
        st.info("There are no episodes here.", icon=":material/info:")
        return None
    group = next(iter(found))
    if len(found) > 1:
        key = address.view("ragen", place.starts, list(found), group, of=place.of)
        st.selectbox("Start", list(found), key=key, format_func=lambda number: _group_said(number, found[number]),
                     help="A start and its episodes. Kept are those that the filter let the player learn from.")
        group = st.session_state[key]
    members = found[group]
    table = tables.rollouts(members)
    names = [one.member if one.member is not None else number for number, one in enumerate(members, 1)]
    names = names if len(set(names)) == len(names) else list(range(1, len(members) + 1))
    key = address.view("ragen", place.attempt, names, names[0], of=members[0])
    st.dataframe(table, hide_index=True, width="stretch", height=min(ROWS_PX, 38 + 35 * len(table)), key=f"{place.key}.table",
                 selection_mode="single-row", on_select=lambda: _clicked(f"{place.key}.table", key, names),
                 column_config={name: st.column_config.NumberColumn(format="%.2f") for name in ("score", "advantage")})
    if len(names) > 1:
        st.selectbox("Episode", names, key=key, help="Or click on the box at the left of a row.")
    return members[names.index(st.session_state[key])]


def _groups(own: Sequence[Rollout]) -> dict[int, list[Rollout]]:
    """Episodes by group; those of none are one."""
    found: dict[int, list[Rollout]] = {}
    for one in own:
        found.setdefault(one.group or 0, []).append(one)
    return found


def _group_said(number: int, own: Sequence[Rollout]) -> str:
    scores = [one.score for one in own if one.score is not None]
    range_said = f", scores {min(scores):.2f} to {max(scores):.2f}" if scores else ""
    kept = {True: ", learned from", False: ", left out", None: ""}[own[0].kept]
    return f"{number}: {counted(len(own), 'episode')}{range_said}{kept}"


def _clicked(table: str, key: str, names: Sequence[int]) -> None:
    rows = st.session_state[table].selection.rows
    if rows and rows[0] < len(names):
        st.session_state[key] = names[rows[0]]


def episode(rollout: Rollout, place: Place) -> None:
    """One episode: what it came to, and one of its turns."""
    own = rollout.episode
    parts = [KEPT[rollout.kept], f"score **{rollout.score:+.2f}**" if rollout.score is not None else "",
             f"advantage **{rollout.advantage:+.2f}**" if rollout.advantage is not None else "",
             {True: ":green-badge[success]", False: ":gray-badge[no success]", None: ""}[own.success]]
    st.markdown(" ".join(filter(None, parts)) or "Nothing is known of how it went.")
    if not own.turns:
        st.caption("It has no turns.")
        return
    number = 1
    if len(own.turns) > 1:
        key = address.view("ragen", place.step, range(1, len(own.turns) + 1), 1, of=rollout) if place.step else f"{place.key}.step"
        st.slider("Turn of this episode", 1, len(own.turns), key=key, help="What was seen, thought and done in it.")
        number = int(st.session_state[key])
    turns.one(rollout, number - 1, key=f"{place.key}.turn")
    turns.legend()
    if rollout.missing:
        st.caption(f"Its log does not say: {plain(', '.join(rollout.missing))}.")
    for note in own.notes[:MOST_NOTES]:
        st.caption(plain(note))


def _early_and_late(training: Training, shot: Snapshot, chosen: Rollout | None, shots: Sequence[Snapshot]) -> None:
    """The chosen episode beside one of another iteration: of an equal start, where there is one."""
    others = [one.iteration for one in shots if one is not shot]
    if chosen is None or not others:
        return
    with st.expander("Early beside late: an episode of another iteration", icon=":material/compare_arrows:", key="ragen.early"):
        key = address.view("ragen", "earlier", others, others[0], of=training)
        if len(others) > 1:
            st.select_slider("The other iteration", others, key=key, help="Its episode stands beside the one that is chosen above.")
        other = next(one for one in shots if one.iteration == st.session_state[key])
        found, is_same = _like(chosen, other.rollouts)
        st.caption("Both have an equal start." if is_same else "No start of that iteration is equal to this one: every iteration has "
                   "starts of its own. This is another start of the same game.")
        pair = sorted(((shot, chosen), (other, found)), key=lambda one: one[0].iteration)
        for column, (of, rollout), side in zip(st.columns(2), pair, ("left", "right")):
            with column:
                st.markdown(f"**Iteration {of.iteration}**")
                episode(rollout, Place(f"ragen.{side}.{of.iteration}.{rollout.group}.{rollout.member}", "", "", "", rollout))


def _like(chosen: Rollout, others: Sequence[Rollout]) -> tuple[Rollout, bool]:
    """An episode of an equal start, and True; else the first."""
    def start(one: Rollout) -> str:
        return scenes.text_of(one.episode.turns[0].state) if one.episode.turns else ""

    same = next((one for one in others if start(one) == start(chosen)), None)
    return (same, True) if same is not None else (others[0], False)
