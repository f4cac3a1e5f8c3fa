"""A game turn by turn: the player's own turn is shown, and a person does another in its place; each is a link."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from backends.files.rows import counted
from backends.ragen.games import turns_of
from backends.ragen.results import RagenResult
from backends.ragen.rollouts import Rollout
from backends.ragen.settings import GAME_NAMES, OWN_TURN, RagenSettings
from pages.house import address, view, words
from pages.house.text import plain
from pages.ragen import turns
from visualizers.ragen import scenes

TURN, BUILT = "ragen.turn", "ragen.built"  # in the session's state: the turn that is looked at; actions that were clicked for it
JOINED = " || "
ICONS = {"Up": ":material/arrow_upward:", "Down": ":material/arrow_downward:", "Left": ":material/arrow_back:",
         "Right": ":material/arrow_forward:"}
SIDE_PX = 340
LAST_START = 255
ENDED = {"terminated": "the game is over", "truncated": "its actions are used up", "turns": "it had turns enough"}
Choose = Callable[[RagenSettings], None]


def first_view(result: RagenResult, choose: Choose) -> None:
    """The game before a turn, what the player does there, and what can be done in its place."""
    rollout = result.played
    if rollout is None or not rollout.episode.turns:
        st.info("It was ended before the first turn.", icon=":material/info:")
        return
    own = rollout.episode.turns
    options = range(1, len(own) + 1)
    turn = int(st.session_state[address.view("ragen", "turn", options, _opens_at(result, len(own)), of=rollout)])
    st.subheader(f"{plain(GAME_NAMES[result.settings.game])}, start {result.settings.start} {_outcome(rollout)}")
    left, right = st.columns(2, gap="medium")
    with left, st.container(horizontal=True, gap="small"):
        _picture(rollout, turn)
    with right:
        if len(own) > 1:
            st.slider("Turn", 1, len(own), key=TURN, help="The game is shown before this turn.")
        _move(result, rollout, turn, choose)
    words.explain("ragen.play", "turn", "fixed start")


def _opens_at(result: RagenResult, count: int) -> int:
    """The turn after the last one by hand: it is a person's again."""
    return min(len(result.settings.entries) + 1, count)


def _outcome(rollout: Rollout) -> str:
    badge = ":green-badge[success]" if rollout.episode.success else ":gray-badge[no success]"
    return f"{badge} :gray-badge[score {rollout.score:+.2f}]" if rollout.score is not None else badge


def _picture(rollout: Rollout, turn: int) -> None:
    """The game before and after a turn."""
    states = scenes.states_of(rollout)
    for side, state in ((f"Before turn {turn}", states[turn - 1]), ("After it", states[turn])):
        picture, left = scenes.drawn(state, rollout.tag), scenes.left_of(state)
        with st.container(gap="xsmall"):
            if picture is None:
                st.code(scenes.text_of(state) or "not known", language=None)
                continue
            view.picture(picture, f"ragen.game.{side[:5].strip()}", alt=f"{side}: {scenes.text_of(state)[:200]}", is_first=True,
                         caption=side + ("" if left is None else f", {counted(left, 'action')} left"))


def _move(result: RagenResult, rollout: Rollout, turn: int, choose: Choose) -> None:
    """What was done in this turn, and another in its place."""
    own = rollout.episode.turns[turn - 1]
    st.markdown(f"**Turn {turn} of at most {turns_of(result.settings)}**, {turns.ACTORS[own.by]}: {turns.said(own)}")
    is_last = turn == len(rollout.episode.turns)
    earned = sum(turns.paid_for(own).values())
    st.caption(f"It earns {earned:+.2f}. Then: " + (f"{ENDED.get(rollout.episode.ended, 'it ends')}." if is_last else
                                                    f"turn {turn + 1} begins. What follows is the player's own until you change it."))
    st.markdown("**Your turn instead**")
    actions = scenes.actions_of(own.state, rollout.tag)
    if result.settings.game == "bandit":
        _arms(result, turn, actions, choose)
    else:
        _several(result, turn, actions, choose, rollout)
    with st.container(horizontal=True, gap="small"):
        st.button("Let it play", key="ragen.let", icon=":material/smart_toy:", on_click=partial(_let, result, turn, choose, is_last),
                  help="The player's own turn stands, and the next one is looked at.", disabled=is_last and own.by != "person")
        st.button("Take back", key="ragen.back", icon=":material/undo:", on_click=partial(choose, _taken_back(result.settings)),
                  disabled=not result.settings.entries, help="Your last turn by hand is taken back; what follows is the player's.")
        st.button("Another start", key="ragen.next", icon=":material/skip_next:", on_click=partial(choose, _next_start(
            result.settings)), help="The next of the 256 fixed starts, from its beginning.")


def _arms(result: RagenResult, turn: int, actions: tuple[str, ...], choose: Choose) -> None:
    """One pull is a turn."""
    with st.container(horizontal=True, gap="small"):
        for action in actions:
            st.button(plain(f"Pull {action}"), key=f"ragen.do.{action}", type="primary",
                      on_click=partial(choose, with_entry(result.settings, turn, action)), help="This arm is pulled by hand.")


def _several(result: RagenResult, turn: int, actions: tuple[str, ...], choose: Choose, rollout: Rollout) -> None:
    """Actions are clicked together; several are one turn."""
    held_for, built = st.session_state.get(BUILT, (None, ()))
    if held_for != (id(rollout), turn):
        built = ()
    most = result.settings.actions_per_turn
    with st.container(horizontal=True, gap="xsmall"):
        for action in actions:
            st.button(action, key=f"ragen.add.{action}", icon=ICONS.get(action), disabled=len(built) >= most,
                      on_click=partial(_build, (id(rollout), turn), (*built, action)),
                      help=f"One more action of this turn, of at most {most}.")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button("Do it", key="ragen.do", type="primary", icon=":material/touch_app:", disabled=not built,
                  on_click=partial(choose, with_entry(result.settings, turn, JOINED.join(built) or actions[0])),
                  help="These actions are done by hand, in one turn.")
        st.button("Clear", key="ragen.clear", type="tertiary", disabled=not built, on_click=partial(_build, (id(rollout), turn), ()),
                  help="Begin this turn anew.")
        st.markdown(f":blue-background[{plain(JOINED.join(built))}]" if built else "*click actions; several make one turn*")


def _build(held_for: tuple[int, int], built: tuple[str, ...]) -> None:
    st.session_state[BUILT] = held_for, built


def with_entry(settings: RagenSettings, turn: int, entry: str) -> RagenSettings:
    """The same start with another turn at a place, from 1; what came before it stays, what follows is the player's."""
    before = [settings.entries[place] if place < len(settings.entries) else OWN_TURN for place in range(turn - 1)]
    return settings.model_copy(update={"entries": (*before, entry)})


def _taken_back(settings: RagenSettings) -> RagenSettings:
    """Without the last turn by hand, and the player's own before it that would follow anyhow."""
    entries = list(settings.entries[:-1])
    while entries and entries[-1] == OWN_TURN:
        entries.pop()
    return settings.model_copy(update={"entries": tuple(entries)})


def _next_start(settings: RagenSettings) -> RagenSettings:
    return settings.model_copy(update={"start": (settings.start + 1) % (LAST_START + 1), "entries": ()})


def _let(result: RagenResult, turn: int, choose: Choose, is_last: bool) -> None:
    """The player's turn instead of one by hand; where it is its own already, on to the next."""
    entries = result.settings.entries
    if turn <= len(entries) and entries[turn - 1] != OWN_TURN:
        choose(result.settings.model_copy(update={"entries": _taken_back(
            result.settings.model_copy(update={"entries": entries[:turn]})).entries}))
    elif not is_last:
        st.session_state[TURN] = turn + 1


def others(result: RagenResult) -> None:
    """The whole episode beside what others make of the same start."""
    if result.played is None:
        return
    st.header("The same start, played by others")
    named = {("you and the player" if any(turn.by == "person" for turn in result.played.episode.turns) else "shown above"):
             result.played}
    named |= {"the beginner" if one.episode.turns and one.episode.turns[0].by == "model" else "a script that knows best": one
              for one in result.beside}
    for column, (name, rollout) in zip(st.columns(len(named)), named.items()):
        with column:
            _summary(name, rollout, key=f"ragen.of.{name.replace(' ', '-')}")
    st.caption("Chance is the same for equal actions at the same place of an episode, so a difference is made by what was done."
               if result.settings.game != "sokoban" else "There is no chance in this game: a difference is made by what was done.")


def _summary(name: str, rollout: Rollout, *, key: str) -> None:
    """One episode at a glance."""
    st.markdown(f"**{plain(name[0].upper() + name[1:])}** {_outcome(rollout)}")
    picture = scenes.drawn(rollout.final, rollout.tag)
    if picture is not None:
        view.picture(picture, key, alt=f"At the end: {scenes.text_of(rollout.final)[:200]}", caption="At the end")
    st.markdown("\n".join(f"{turn.index + 1}. {turns.said(turn)}" for turn in rollout.episode.turns))


def live(rollout: Rollout) -> None:
    """The game as it stands, and what was done so far."""
    left, right = st.columns([2, 3])
    picture = scenes.drawn(rollout.final, rollout.tag)
    if picture is not None:
        left.image(view.jpeg(picture), width=SIDE_PX, alt="The game as it is now")
    with right:
        st.markdown("\n".join(f"{turn.index + 1}. {turns.said(turn)}" for turn in rollout.episode.turns) or "It begins.")
