"""The knobs of RAGEN's page: those of the chosen game, and of what is trained, played or read."""

from collections.abc import Mapping, Sequence

import streamlit as st

from backends.files.rows import counted
from backends.ragen.games import PLAYERS, turns_of
from backends.ragen.results import RagenResult
from backends.ragen.settings import RagenSettings
from backends.registry import System
from models import catalogue
from pages.house import knobs, tasks
from pages.house.text import plain
from pages.ragen import lab
from worlds.errors import InputError

OF_GAME: dict[str, tuple[str, ...]] = {"bandit": ("names", "chance", "safe"), "lake": ("grip", "frozen"), "sokoban": ()}
OF_REPLY = ("thinks", "penalty", "max_tokens")
OF_MODEL = ("model", "quantisation", "max_new_tokens")
OF_TURNS = ("turns", "actions_per_turn", "budget")  # the bandit has one turn of one action
USUAL_RATE = 3e-4  # of an adapter, at the most
Ragen = System[RagenSettings, RagenResult]


def draw(system: Ragen, task: str) -> None:
    """Everything that can be turned for this task, and the button."""
    if task == "train":
        _training(system)
    elif task == "play":
        _playing(system)
    elif task == "why":
        values = {"task": task, **knobs.knobs(system, lab.OTHERS), **knobs.said(system, (*lab.SLIDERS, *lab.CHOICES))}
        tasks.run_button(system, values, label="Ask", cost=lambda _asked: "The sliders above answer at once. This keeps the answer "
                         "as a run of this session, to be laid beside another.")
    else:
        _logs(system)


def _game(system: Ragen) -> str:
    return str(st.session_state[knobs.held(system, "game")])


def _tabs(system: Ragen, named: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """These knobs behind a tab each."""
    values: dict[str, object] = {}
    for tab, names in zip(st.tabs(list(named)), named.values()):
        with tab:
            values |= knobs.knobs(system, names)
    return values


def _of_game(system: Ragen) -> tuple[str, ...]:
    return ("game", *OF_GAME[_game(system)], "shared_noise", "seed")


def _of_reply(system: Ragen, *, is_model: bool) -> tuple[str, ...]:
    own = tuple(name for name in OF_REPLY if name != "max_tokens" or not is_model)  # of a model another knob says it
    return own if _game(system) == "bandit" else (*own, *OF_TURNS)


def _training(system: Ragen) -> None:
    algorithm = st.session_state[knobs.held(system, "algorithm")]
    is_model = st.session_state[knobs.held(system, "learner")] == "model"
    credit = ("algorithm", "clip_low", "clip_high", "kl", "entropy", *(("turn_gamma",) if algorithm == "bi" else ()), "learns_from",
              "cleans")
    values = {"task": "train", **_tabs(system, {
        "Learner": ("learner", *((*OF_MODEL, "rank") if is_model else ())), "Game": _of_game(system),
        "Filter": ("ratio", "filtered", "skips_flat"), "Algorithm": credit,
        "Episodes": ("groups", "members", "slice", "passes", "updates", "temperature"),
        "Training": ("iterations", "actor_rate", *(("critic_rate",) if algorithm != "grpo" else ()), "validation", "continues"),
        "Replies": _of_reply(system, is_model=is_model)})}
    tasks.run_button(system, values, label="Train", cost=cost, is_ready=lambda asked: _can_learn(system, asked))


def cost(asked: RagenSettings) -> str:
    """What a training will do."""
    episodes = asked.groups * asked.members * asked.updates
    going_on = " It goes on from the chosen training, which must have been of the same game and algorithm." if asked.continues else ""
    if asked.has_model:
        return f"{_of_a_model(asked, episodes)}{going_on}"
    return (f"{counted(asked.iterations, 'iteration')} of {counted(episodes, 'episode')}, {asked.iterations * episodes:,} in all: "
            f"half a second or more each iteration on one core. Curves grow meanwhile, and Stop keeps what was learned.{going_on}")


def _of_a_model(asked: RagenSettings, episodes: int) -> str:
    """What a training of a real model takes."""
    from backends.ragen.ladder import needed_mb  # with it comes torch

    fast = (" The learning rate is meant for a small network: 0.00001 to 0.0001 are usual for an adapter."
            if asked.actor_rate > USUAL_RATE else "")
    return (f"{counted(asked.iterations, 'iteration')} of {counted(episodes, 'episode')}, up to {asked.max_new_tokens:,} tokens a "
            f"turn; about {needed_mb(asked):,} MB. Only the adapter learns and is kept. Without a GPU an iteration takes minutes: "
            f"take fewer starts and episodes to try it. Stop keeps what was learned.{fast}")


def _playing(system: Ragen) -> None:
    player = st.session_state[knobs.held(system, "player")]
    is_model = player == "model"
    who = ("player", *(OF_MODEL if is_model else ()), "start", "temperature", *(("continues",) if player == "own" else ()))
    values = {"task": "play", **_tabs(system, {"Player and start": who, "Game": _of_game(system),
                                               "Replies": _of_reply(system, is_model=is_model), "Turn by turn": ("entries",)})}
    tasks.run_button(system, values, label="Play", cost=_cost_of_playing, is_ready=lambda asked: _is_ready_to_play(system, asked))


def _cost_of_playing(asked: RagenSettings) -> str:
    turns = f"{counted(turns_of(asked), 'turn')} at most"
    if not asked.has_model:
        return f"{turns}: takes seconds."
    from backends.ragen.ladder import needed_mb

    return (f"The model, about {needed_mb(asked):,} MB, writes up to {asked.max_new_tokens:,} tokens at every turn: {turns}. Without "
            "a GPU a turn takes seconds to minutes; Stop keeps what was played.")


def _can_learn(system: Ragen, asked: RagenSettings) -> bool:
    """Whether who learns is here and fits; says what is not. Of a model that is not here its card says it."""
    return _is_welcome(system, asked) if asked.has_model else _has_beginner(asked)


def _is_welcome(system: Ragen, asked: RagenSettings) -> bool:
    if why := system.objection(asked):
        st.warning(plain(why), icon=":material/smart_toy:")
    return not why


def _is_ready_to_play(system: Ragen, asked: RagenSettings) -> bool:
    if asked.has_model:
        return _is_welcome(system, asked)
    if asked.player == "own" and not asked.continues:
        st.warning("Which of your trainings plays? Choose it in “Go on from”; “Train it” above makes one.",
                   icon=":material/model_training:")
        return False
    return asked.player in ("expert", "random") or _has_beginner(asked)


def _has_beginner(asked: RagenSettings) -> bool:
    """Whether the game's miniature is part of this copy; says so where it is not."""
    try:
        is_there = catalogue.folder_of(catalogue.find(PLAYERS[asked.game])) is not None
    except InputError:
        is_there = False
    if not is_there:
        st.warning("The beginner of this game is not part of this copy. Choose another game, or let the script or chance play.",
                   icon=":material/smart_toy:")
    return is_there


def _logs(system: Ragen) -> None:
    values = {"task": "logs", **knobs.said(system, ("file",)), **knobs.knobs(system, ("at", "group"))}
    if not values["file"]:
        st.info("There are no logs yet: bring them in the box “Your logs” above.", icon=":material/upload_file:")
        return
    tasks.run_button(system, values, label="Read", cost=lambda _asked: "Takes seconds: one group is read whole at a time.")
