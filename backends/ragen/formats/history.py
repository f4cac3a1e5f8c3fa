"""RAGEN's internal record of a rollout, and the line of Orrery's own log, which is that record and more.

`history` has an element per turn and a last one with the state after all of them. An element has the state before the turn, the
actions left, the ids of the actions that were carried out, the sum of their rewards, the game's `info` on the last of them, and the
reply, as it was sampled and as it was cleaned. The penalty of the form is told for the whole episode. Ours adds what is known of each
turn: penalty, validity, thought, tokens. Source: RAGEN's es_manager.py; section by section in `writing`.
"""

from collections.abc import Callable, Sequence

import numpy as np

from backends.episode import MAX_ACTIONS, MAX_TURNS, Action, Episode, Planned, State, Turn
from backends.files.logs import Notes, flag, number, plain, said, whole
from backends.files.objects import Span
from backends.files.rows import Row
from backends.ragen.formats.naming import iteration_of
from backends.ragen.formats.turns import Rules, actions_of, paid, parse_of, rules_of, state_of, stepped, with_penalties, within
from backends.ragen.rollouts import FORMAT, MAX_TOKENS, WRITER, Entry, Layout, Rollout
from worlds.games.replies import FORMAT_PENALTY

_COPIED = ("value", "advantage", "by", "agent", "kept")  # of a turn of ours, as the record has them
_TOKENS = (("token_ids", "tokens", np.int64), ("logprobs", "logp", np.float64), ("mask", "mask", np.bool_))


def is_history(row: Row) -> bool:
    return isinstance(row.get("history"), list)


def entry_of(row: Row, span: Span, name: str) -> Entry:
    """Return the light entry of one record."""
    turns = _turns_in(row)
    layout: Layout = "log" if row.get("writer") == WRITER else "internal"
    return Entry(
        layout, name, *span, iteration=iteration_of(row, name), group=whole(row.get("group_id")), member=whole(row.get("env_id")),
        tag=said(row.get("tag"), 80), seed=whole(row.get("seed")), score=score_of(row), penalty=number(row.get("penalty")),
        kept=flag(row.get("kept")), advantage=number(row.get("advantage")), success=success_of(row), turns=len(turns),
        is_empty=not any(_reply(turn).strip() for turn in turns))


def _turns_in(row: Row) -> list[Row]:
    """Return the elements that are played turns: the last one has a state alone."""
    history = row["history"]
    assert isinstance(history, list)
    return [turn for turn in history if isinstance(turn, dict) and _is_played(turn)]


def _is_played(turn: Row) -> bool:
    return any(key in turn for key in ("llm_response", "llm_raw_response", "actions", "reward"))


def _reply(turn: Row) -> str:
    """Return what was sampled, with its forced beginning; else what is left of it after cleaning."""
    return said(turn.get("llm_raw_response")) or said(turn.get("llm_response"))


def score_of(row: Row) -> float | None:
    """Return the score as it is told, else all rewards with the penalty; None where a turn's reward is not known."""
    if (told := number(row.get("score"))) is not None:
        return told
    rewards = [number(turn.get("reward")) for turn in _turns_in(row)]
    known = [reward for reward in rewards if reward is not None]
    return sum(known) + (number(row.get("penalty")) or 0.0) if known and len(known) == len(rewards) else None


def success_of(row: Row) -> bool | None:
    """Return the episode's success under the game's name, else as the last turn tells it."""
    metrics = row.get("metrics")
    if (told := tagged_success(metrics)) is not None:
        return told
    infos = [turn.get("info") for turn in _turns_in(row)]
    return next((flag(info.get("success")) for info in reversed(infos) if isinstance(info, dict) and "success" in info), None)


def tagged_success(metrics: object) -> bool | None:
    """Return what stands under `<tag>/success`."""
    if not isinstance(metrics, dict):
        return None
    return next((flag(value) for key, value in metrics.items() if isinstance(key, str) and key.endswith("/success")), None)


def read_history(entry: Entry, row: Row) -> Rollout:
    """Return one record whole; a turn of which something does not fit is read without it."""
    notes = Notes()
    row = row if is_history(row) else {**row, "history": []}
    told = _turns_in(row)
    if len(told) > MAX_TURNS:
        notes.add(f"The rollout has {len(told):,} turns. The first {MAX_TURNS:,} are shown.")
    told = told[:MAX_TURNS]
    rules = rules_of(actions_of(entry.tag), [_reply(turn) for turn in told])
    turns = within((_turn(turn, index, rules, notes) for index, turn in enumerate(told)), notes)
    if any("images" in turn for turn in told):
        notes.add("The record holds pictures of its states, which are not shown.")
    if entry.layout == "internal" and len(turns) == len(told):  # ours says what each turn cost, where that is known
        turns = list(with_penalties(turns, rules, entry.penalty, notes))
    history = row["history"]
    last = history[-1] if isinstance(history, list) and history and isinstance(history[-1], dict) else {}
    final = _state(last) if last and not _is_played(last) and len(turns) == entry.turns else None
    episode = Episode(
        world=entry.tag, seed=entry.seed, number=entry.member, instruction=said(row.get("instruction"), 5_000),
        group="" if entry.group is None else str(entry.group), source="uploaded", layout=entry.layout, turns=stepped(turns),
        success=entry.success, ended=said(row.get("ended"), 200), reported=_metrics(row, told), notes=notes.all())
    entropies = tuple(_numbers(turn, "entropy") for turn in told[:len(turns)])
    return Rollout(iteration=entry.iteration, group=entry.group, member=entry.member, tag=entry.tag, score=entry.score,
                   penalty=entry.penalty, kept=entry.kept, advantage=entry.advantage, final=final,
                   entropies=entropies if any(entropies) else (), episode=episode)


def _metrics(row: Row, told: Sequence[Row]) -> dict[str, float | None]:
    metrics = row.get("metrics")
    found = {said(key, 80): number(value) for key, value in list(metrics.items())[:40]} if isinstance(metrics, dict) else {}
    sizes = [whole(turn.get("n_tokens")) for turn in told]
    if known := [size for size in sizes if size is not None]:
        found["n_tokens"] = float(sum(known))
    return found


def _state(turn: Row) -> State | None:
    world = plain(turn.get("world"))
    return state_of(turn.get("state"), turn.get("actions_left"), world if isinstance(world, dict) else None)


def _turn(row: Row, index: int, rules: Rules, notes: Notes) -> Turn:
    reply = _reply(row)
    read = rules.read(said(row.get("llm_response")) or reply)  # the cleaned one is cut to as many actions as were allowed
    thought, answer = (said(row.get(key)) or said(own) for key, own in (("thought", read.thought), ("answer", read.answer)))
    turn = Turn(index=index, state=_state(row), prompt=said(row.get("prompt")), reply=reply, thought=thought, answer=answer,
                planned=_planned(row) or rules.planned(read)[:MAX_ACTIONS], parse=parse_of(read))
    parts: tuple[tuple[str, Callable[[], dict[str, object]]], ...] = (
        ("its rewards", lambda: _rewards(row)), ("its actions", lambda: {"actions": _actions(row, rules)}),
        ("its value, advantage or actor", lambda: _own(row)), ("its tokens", lambda: _arrays(row)))
    for said_of, part in parts:
        try:
            turn = Turn.model_validate({**dict(turn), **part()})
        except (ValueError, OverflowError, TypeError):  # what does not validate is a ValueError too
            notes.add(f"What turn {index + 1} says of {said_of} does not fit, and is left out.")
    is_cut = len(turn.actions) < sum(bool(planned.id) or rules.names is None for planned in turn.planned)
    return turn.model_copy(update={"cut": "unknown"}) if is_cut and "actions" in row else turn


def _planned(row: Row) -> tuple[Planned, ...]:
    """Return the actions that a reply names, as ours tells them."""
    told = [one for one in _list(row, "planned") if isinstance(one, dict)]
    return tuple(Planned(id=said(one.get("id"), 80), name=said(one.get("name"), 500)) for one in told[:MAX_ACTIONS])


def _rewards(row: Row) -> dict[str, object]:
    """Return the terms of a turn: those that ours names, else the game's; and the penalty, as far as it is told."""
    named = row.get("rewards")
    terms = {said(name, 80): number(value) for name, value in list(named.items())[:10]} if isinstance(named, dict) else {}
    rewards = {name: value for name, value in terms.items() if value is not None}
    if not rewards and not isinstance(row.get("action_rewards"), list):
        rewards = paid(number(row.get("reward")))
    penalty, valid = number(row.get("penalty")), flag(row.get("valid"))
    if penalty is None and valid is not None:
        penalty = 0.0 if valid else FORMAT_PENALTY
    return {"rewards": rewards if penalty is None else {**rewards, FORMAT: penalty}}


def _actions(row: Row, rules: Rules) -> tuple[Action, ...]:
    """Return what was carried out. The record's `info` is of the last action; ours has a list for each thing."""
    ids = [said(value, 80) for value in _list(row, "actions")[:MAX_ACTIONS]]
    info = row.get("info")
    info = info if isinstance(info, dict) else {}
    found = []
    for place, own in enumerate(ids):
        is_last = place == len(ids) - 1
        name = said(_at(row, "action_names", place), 500) or (rules.names.get(own, "") if rules.names else "")
        ok = flag(_at(row, "action_effective", place))
        found.append(Action(
            id=own, name=name, feedback=said(_at(row, "action_feedback", place), 5_000),
            ok=flag(info.get("action_is_effective")) if ok is None and is_last else ok,
            success=flag(info.get("success")) if is_last else None, rewards=paid(number(_at(row, "action_rewards", place)))))
    return tuple(found)


def _own(row: Row) -> dict[str, object]:
    """Return what ours adds to a turn under the record's own names."""
    return {name: plain(row[name]) for name in _COPIED if row.get(name) is not None}


def _arrays(row: Row) -> dict[str, object]:
    """Return tokens, log-probabilities and mask, where ours has them."""
    return {own: np.array(_list(row, name), dtype) for own, name, dtype in _TOKENS if _list(row, name)}


def _numbers(row: Row, key: str) -> tuple[float, ...]:
    """Return a list of numbers; empty where it holds anything else."""
    values = [number(value) for value in _list(row, key)[:MAX_TOKENS]]
    known = tuple(value for value in values if value is not None)
    return known if len(known) == len(values) else ()


def _list(row: Row, key: str) -> list[object]:
    value = row.get(key)
    return value if isinstance(value, list) else []


def _at(row: Row, key: str, place: int) -> object:
    values = _list(row, key)
    return values[place] if place < len(values) else None
