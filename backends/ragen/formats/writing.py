"""Our own log of a training, in files that a training can add to line by line, and that `found` and `rollout` read.

    run.json           the configuration, the app's version, the seeds
    metrics.jsonl      one object per iteration: `iter`, and numbers by the names of `naming.METRICS`
    traj/{iter}.jsonl  one rollout per line: RAGEN's internal record, so that tools for it read ours, and what it has no place for

Beside the record's own keys a line has `writer`, `iter`, `seed`, `score`, `kept`, `advantage`; a turn has `valid`, `penalty`,
`thought`, `answer`, `planned`, `action_names`, `action_effective`, `n_tokens`, and per token `tokens`, `logp`, `mask`, `entropy`.
What is not known is left out.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from pydantic import JsonValue

from backends.episode import Action, State, Turn
from backends.ragen.rollouts import ENVIRONMENT, FORMAT, LEFT, TEXT, WRITER, Rollout
from worlds.games.replies import written

_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")  # an id that is the same again when it has been a number
RUN, METRICS = "run.json", "metrics.jsonl"


def log_files(rollouts: Iterable[Rollout], metrics: Iterable[tuple[int, Mapping[str, float | None]]], *,
              config: Mapping[str, JsonValue], version: str, seeds: Sequence[int]) -> dict[str, bytes]:
    """Return the files of a log, to be zipped; rollouts without an iteration stand in that of number 0.

    Args:
        metrics: of each iteration its number and its scalars.
    """
    by_iteration: dict[int, list[str]] = {}
    for rollout in rollouts:
        by_iteration.setdefault(rollout.iteration or 0, []).append(rollout_line(rollout))
    found = {RUN: run_text(config, version=version, seeds=seeds).encode(),
             METRICS: "".join(metrics_line(iteration, scalars) for iteration, scalars in metrics).encode()}
    return found | {traj_name(iteration): "".join(lines).encode() for iteration, lines in sorted(by_iteration.items())}


def traj_name(iteration: int) -> str:
    """Return the name of the file with an iteration's rollouts."""
    return f"traj/{iteration}.jsonl"


def run_text(config: Mapping[str, JsonValue], *, version: str, seeds: Sequence[int]) -> str:
    """Return what stands in run.json."""
    return json.dumps({"config": dict(config), "version": version, "seeds": list(seeds)}, ensure_ascii=False, indent=1) + "\n"


def metrics_line(iteration: int, scalars: Mapping[str, float | None]) -> str:
    """Return one line of metrics.jsonl; a number that is not finite is null, which JSON has."""
    kept = {name: value if value is None or math.isfinite(value) else None for name, value in scalars.items()}
    return json.dumps({"iter": iteration, **kept}, ensure_ascii=False) + "\n"


def rollout_line(rollout: Rollout) -> str:
    """Return one line of an iteration's file."""
    episode = rollout.episode
    history = [_element(turn) for turn in episode.turns] + ([_seen(rollout.final)] if rollout.final else [])
    for element, entropies in zip(history, rollout.entropies):
        element |= {"entropy": list(entropies)} if entropies else {}
    tag = rollout.tag or episode.world
    success = None if episode.success is None else {f"{tag or 'game'}/success": float(episode.success)}
    row = {
        "writer": WRITER, "env_id": rollout.member, "group_id": rollout.group, "tag": tag, "penalty": rollout.penalty,
        "history": history,
        "metrics": {**{name: value for name, value in episode.reported.items() if value is not None}, **(success or {})},
        "iter": rollout.iteration, "seed": episode.seed, "score": rollout.score, "kept": rollout.kept, "advantage": rollout.advantage,
        "instruction": episode.instruction, "ended": episode.ended}
    return json.dumps(_known(row), ensure_ascii=False) + "\n"


def _known(row: Mapping[str, object]) -> dict[str, object]:
    """Return what is known: a key that is missing says so, null would be odd to other readers."""
    return {name: value for name, value in row.items() if value is not None and not (isinstance(value, str) and not value)}


def _seen(state: State | None) -> dict[str, object]:
    """Return a state as the record has it: its text and the actions left; what a world has beside them stands under `world`."""
    state = state or {}
    world = {name: value for name, value in state.items() if name not in (TEXT, LEFT)}
    return _known({"state": state.get(TEXT, ""), LEFT: state.get(LEFT), "world": world or None}) | {"state": state.get(TEXT, "")}


def _element(turn: Turn) -> dict[str, object]:
    has_form = turn.parse in ("ok", "empty", "repaired")
    cleaned = written(turn.thought, turn.answer, thinks="<think>" in turn.reply or bool(turn.thought)) if has_form else turn.reply
    penalty = turn.rewards.get(FORMAT)
    rewards = {name: value for name, value in turn.rewards.items() if name != FORMAT}
    paid = [sum(action.rewards.values()) for action in turn.actions]
    is_known = bool(rewards) or any(action.rewards for action in turn.actions)
    return _seen(turn.state) | _known({
        "reward": sum(rewards.values()) + sum(paid) if is_known else None, "info": _info(turn), "llm_response": cleaned,
        "llm_raw_response": turn.reply, "prompt": turn.prompt, "thought": turn.thought, "answer": turn.answer,
        "penalty": penalty, "valid": None if penalty is None else penalty == 0,
        "rewards": rewards if set(rewards) - {ENVIRONMENT} else None,
        "value": turn.value, "advantage": turn.advantage, "kept": turn.kept, "agent": turn.agent,
        "by": turn.by if turn.by != "model" else None, **_planned(turn), **_tokens(turn)}) | _done(turn.actions)


def _info(turn: Turn) -> dict[str, object] | None:
    """Return what the game says of a turn, which upstream is what it says of the last action."""
    last = turn.actions[-1] if turn.actions else Action()
    penalty = turn.rewards.get(FORMAT)
    return _known({"action_is_effective": last.ok, "action_is_valid": None if penalty is None else penalty == 0,
                   "success": last.success}) or None


def _planned(turn: Turn) -> dict[str, object]:
    return {"planned": [{"id": one.id, "name": one.name} for one in turn.planned]} if turn.planned else {}


def _done(actions: Sequence[Action]) -> dict[str, object]:
    """Return what was carried out: the ids as the record has them, and a list beside them for each thing that is known."""
    found: dict[str, object] = {"actions": [int(one.id) if _NUMBER.fullmatch(one.id) else one.id for one in actions]}
    beside: dict[str, list[object]] = {
        "action_names": [one.name for one in actions], "action_effective": [one.ok for one in actions],
        "action_feedback": [one.feedback for one in actions],
        "action_rewards": [sum(one.rewards.values()) if one.rewards else None for one in actions]}
    return found | {name: values for name, values in beside.items() if any(value not in (None, "") for value in values)}


def _tokens(turn: Turn) -> dict[str, object]:
    """Return ids, log-probabilities and mask, (tokens,) each, and how many the model wrote."""
    arrays: dict[str, np.ndarray | None] = {"tokens": turn.token_ids, "logp": turn.logprobs, "mask": turn.mask}
    count = None if turn.mask is None else int(turn.mask.sum())
    return {"n_tokens": count, **{name: array.tolist() for name, array in arrays.items() if array is not None}}
