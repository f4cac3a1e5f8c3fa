"""One turn of an episode: the game before and after it, what was thought and answered, what was done, and what that earned.

What models say is text: it is escaped, and coloured by Markdown's own marks around it.
"""

import re
from collections.abc import Sequence
from typing import Literal

import streamlit as st

from backends.episode import By, Turn
from backends.files.rows import counted
from backends.ragen.measures import Repeated
from backends.ragen.rollouts import ENVIRONMENT, FORMAT, MIXED, MIXED_FIRST, Rollout
from pages.house import address, view
from pages.house.text import plain
from visualizers.ragen import scenes
from visualizers.ragen.tokens import Shade, strip

Done = Literal["done", "not carried out", "unknown"]
MOST_LETTERS = 1_200  # of a thought
ACTORS: dict[By, str] = {"model": "the player", "expert": "a script", "person": "you, by hand",
                         "perturbation": "it went wrong by itself"}
PAID = {ENVIRONMENT: "paid by the game", FORMAT: "for its form", MIXED: "last reward and penalties",
        MIXED_FIRST: "first reward and penalties"}
SHADE = "shade"  # the view's
SHADES: dict[Shade, str] = {"chance": "how likely they were", "entropy": "how undecided it was"}
_MARKS = re.compile(r"</?(?:think|answer|ans)>")


def legend() -> None:
    """What the colours of words mean."""
    st.caption(":violet-background[thought] :blue-background[answer] ~~no action of the game~~")


def said(turn: Turn) -> str:
    """Thought and answer, coloured; a reply that could not be read as it is."""
    if turn.parse == "failed" and not turn.thought and not turn.answer:
        return f":gray-background[{_one_line(turn.reply)}] *(cannot be read)*"
    thought = f":violet-background[{_one_line(turn.thought)}] → " if turn.thought else ""
    return f"{thought}{answered(turn)}"


def answered(turn: Turn, game: str = "") -> str:
    """The actions of an answer; those that the game does not have are struck out."""
    names = done_of(turn, game)
    if not names:
        return f":blue-background[{_one_line(turn.answer)}]" if turn.answer else "*no answer*"
    marks = {"done": ":blue-background[{}]", "not carried out": ":gray-background[{}]", "unknown": "~~{}~~"}
    return " ".join(marks[done].format(_one_line(name)) for name, done in names)


def done_of(turn: Turn, game: str = "") -> list[tuple[str, Done]]:
    """Every action that a turn named, and whether it was carried out; unknown is said only where the game's actions are known."""
    known = [name.lower() for name in scenes.actions_of(turn.state, game)]
    carried, found = [action.name.lower() for action in turn.actions], list[tuple[str, Done]]()
    for planned in turn.planned:
        name = planned.name or planned.id
        if carried and name.lower() == carried[0]:
            carried.pop(0)
            found.append((name, "done"))
        else:
            found.append((name, "unknown" if known and name.lower() not in known else "not carried out"))
    return found or [(action.name, "done") for action in turn.actions]


def repeated(thoughts: Sequence[Repeated]) -> str:
    """The commonest thoughts as a list, each with its share of all."""
    return "\n".join(f"- **{one.share:.0%}**, {counted(one.count, 'time')}: :violet-background[{_one_line(one.thought)}]"
                     for one in thoughts)


def _one_line(text: str) -> str:
    """Text for the inside of a mark: one line, escaped; a mark of nothing would be none."""
    return plain(" ".join(text.split())[:MOST_LETTERS]) or "nothing"


def shading(of: object) -> None:
    """What the words of every turn are shaded by."""
    key = address.view("ragen", SHADE, list(SHADES), "chance", of=of)
    st.segmented_control("Words are shaded by", list(SHADES), key=key, format_func=SHADES.__getitem__, required=True,
                         help="How likely each word was, or how undecided the player was before it: its entropy, in nats.")


def words_of(turn: Turn, pieces: Sequence[str] = ()) -> list[str]:
    """The words of a turn's tokens: those that are known, those of its reply where there are as many, else the tokens' numbers."""
    if turn.token_ids is None:
        return []
    count = len(turn.token_ids)
    if len(pieces) == count:
        return list(pieces)
    found = _MARKS.sub("", turn.reply, count=1).split() if turn.reply.startswith("<") else turn.reply.split()
    for words in (found, [*found, "<end>"]):
        if len(words) == count:
            return words
    return [str(number) for number in turn.token_ids.tolist()]


def one(rollout: Rollout, number: int, *, key: str, has_tokens: bool = True) -> None:
    """A turn of an episode, from 0."""
    turn, states = rollout.episode.turns[number], scenes.states_of(rollout)
    with st.container(horizontal=True, gap="small"):
        for side, state in (("before", turn.state), ("after", states[number + 1] if number + 1 < len(states) else None)):
            if state:
                _state(state, rollout.tag or rollout.episode.world, f"{side.capitalize()} turn {number + 1}", key=f"{key}.{side}")
    st.markdown(f"**Turn {number + 1}**, {ACTORS[turn.by]}")
    with st.container(gap="xsmall"):
        if turn.thought:
            st.markdown(f"Thought: :violet-background[{_one_line(turn.thought)}]")
        if turn.parse == "failed" and not turn.planned:
            st.markdown(f"It cannot be read, so nothing was done: :gray-background[{_one_line(turn.reply)}]")
        else:
            st.markdown(f"Answer: {answered(turn, rollout.tag or rollout.episode.world)}")
        st.markdown(_came_to(turn, states, number))
    if has_tokens:
        _tokens(rollout, turn, number, key=key)


def _tokens(rollout: Rollout, turn: Turn, number: int, *, key: str) -> None:
    """A turn's words, shaded as it was chosen."""
    shade: Shade = "entropy" if st.session_state.get(f"ragen.{SHADE}") == "entropy" else "chance"
    entropies = rollout.entropies[number] if number < len(rollout.entropies) else ()
    pieces = rollout.pieces[number] if number < len(rollout.pieces) else ()
    figure = strip(turn, words_of(turn, pieces), shade=shade, entropies=entropies)
    if figure is not None:
        view.chart(figure, key=f"{key}.tokens")
    elif shade == "entropy" and turn.token_ids is not None:
        st.caption("How undecided the player was is not in this run: older recordings, and most logs, do not hold it. Train anew to "
                   "see it.")


def _state(state: scenes.State, game: str, caption: str, *, key: str) -> None:
    """A state as a picture where a game of ours can draw it, else as it was written."""
    with st.container(gap="xsmall"):
        picture = scenes.drawn(state, game)
        if picture is not None:
            view.picture(picture, key, alt=f"{caption}: {scenes.text_of(state)[:200]}", caption=caption)
            return
        st.caption(caption)
        st.code(scenes.text_of(state) or "not logged", language=None, wrap_lines=True)


def paid_for(turn: Turn) -> dict[str, float]:
    """What a turn earned, by term; what a log says of its actions belongs to what the game paid."""
    by_action = [value for action in turn.actions for value in action.rewards.values()]
    return {ENVIRONMENT: turn.rewards.get(ENVIRONMENT, 0.0) + sum(by_action), **{
        name: value for name, value in turn.rewards.items() if name != ENVIRONMENT}} if by_action else dict(turn.rewards)


def _came_to(turn: Turn, states: Sequence[scenes.State | None], number: int) -> str:
    """What was carried out, what it earned, what is left."""
    did = ", ".join(f"{plain(action.name)}{'' if action.ok is not False else ' (moved nothing)'}" for action in turn.actions)
    paid = ", ".join(f"{value:+.2f} {PAID.get(name, plain(name))}" for name, value in paid_for(turn).items()
                     if value or name != FORMAT)
    left = scenes.left_of(states[number + 1]) if number + 1 < len(states) else None
    parts = [f"Carried out: {did or 'nothing'}", f"earned: {paid}" if paid else "",
             "" if left is None else f"actions left: {left}"]
    return " · ".join(filter(None, parts))
