"""An episode written as EmbodiedBench writes it, so that what reads the benchmark's logs reads ours; and a file of ours beside it.

The household's layout is rows of JSON lines and a result, the table top's a result and the raw replies. What the layout has no
place for (rewards by name, values, prompts, states) goes into `orrery_episode_{k}.jsonl`, which other readers pass over. Pictures
are handed in as bytes; nothing is drawn here.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from backends.episode import Action, Episode, Turn
from backends.era.formats.calls import EMPTY, UNREADABLE
from backends.era.formats.listing import WORLD
from backends.era.formats.sidecar import sidecar_text
from backends.era.replies import OUTPUT, pose_of
from backends.era.shaping import TABLE_TOPS
from models.marks import ACTION_START, THINK_START

INVALID = "invalid action"
EMPTY_PLAN = "empty plan"


@dataclass(frozen=True)
class Pictures:
    """PNGs by step, 0 before the first; `given` are those with what was drawn in for the agent (table top only)."""

    plain: Mapping[int, bytes] = field(default_factory=dict)
    given: Mapping[int, bytes] = field(default_factory=dict)


def is_table_top(episode: Episode) -> bool:
    """Return whether an episode is written as EB-Manipulation is, whose actions are poses."""
    return episode.layout == "manipulation" or episode.world in TABLE_TOPS


def written(episode: Episode, *, k: int, pictures: Pictures | None = None) -> dict[str, bytes]:
    """Return the files of one episode by their names below the run's folder."""
    pictures = pictures or Pictures()
    return _table_top(episode, k, pictures) if is_table_top(episode) else _household(episode, k, pictures)


def written_run(episodes: Sequence[tuple[Episode, Pictures]], *, model: str, experiment: str, subset: str,
                config: Mapping[str, JsonValue] | None = None) -> dict[str, bytes]:
    """Return the files of a run, below `running/`, numbered from 1; all episodes must be of one kind.

    Raises:
        ValueError: there is none, or the table top and the household are mixed.
    """
    kinds = {is_table_top(episode) for episode, _ in episodes}
    if len(kinds) != 1:
        raise ValueError("a run holds at least one episode, and all of them are of one kind")
    if kinds == {True}:
        root = f"running/eb_manipulation/{_folder(model)}/{_folder(experiment)}/{_folder(subset)}"
    else:
        root = f"running/eb_alfred/{_folder(f'{model}_{experiment}' if experiment else model)}/{_folder(subset)}"
    told = {"model_name": model, "exp_name": experiment, "eval_sets": [subset], WORLD: episodes[0][0].world, **(config or {})}
    found = {f"{root}/config.txt": (str(told) + "\n").encode()}
    for k, (episode, pictures) in enumerate(episodes, 1):
        found |= {f"{root}/{name}": content for name, content in written(episode, k=k, pictures=pictures).items()}
    return found | {f"{root}/results/summary.json": _json(_summary([episode for episode, _ in episodes], root, kinds == {True}))}


def _folder(name: str) -> str:
    return name.rpartition("/")[2].replace("\\", "_") or "unnamed"


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _household(episode: Episode, k: int, pictures: Pictures) -> dict[str, bytes]:
    rows = [row for turn in _calls(episode) for row in _rows(episode, turn)]
    last = max((action.step or 0 for _, action in episode.steps()), default=0)
    found = {f"episode_{k}_step_{last}.json": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode(),
             f"results/episode_{k}_final_res.json": _json(_known(_household_result(episode))),
             f"orrery_episode_{k}.jsonl": sidecar_text(episode).encode()}
    return found | {f"images/episode_{k}/episode_{k}_step_{step}.png": png for step, png in pictures.plain.items()}


def _calls(episode: Episode) -> list[Turn]:
    """The turns without what went wrong by itself, which is no call of an agent and no step."""
    return [turn for turn in episode.turns if turn.by != "perturbation"]


def _rows(episode: Episode, turn: Turn) -> Iterable[dict[str, object]]:
    if not turn.actions:
        is_empty = turn.parse == "empty"
        yield {"last_action_success": 0.0, "action_id": int(EMPTY if is_empty else UNREADABLE),
               "action_description": EMPTY_PLAN if is_empty else INVALID, "reasoning": turn.reply}
    for action in turn.actions:
        yield _known({
            "task_success": _float(action.success), "task_progress": action.progress, "instruction": episode.instruction,
            "env_step": action.step, "env_feedback": action.feedback, "episode_elapsed_seconds": action.seconds,
            "last_action_success": _float(action.ok), "action_id": _number(action.id), "action_description": action.name,
            "reasoning": turn.reply})


def _household_result(episode: Episode) -> dict[str, object]:
    failed = sum(turn.parse == "failed" and not turn.actions for turn in _calls(episode))
    steps = episode.num_steps
    rewards = [sum(action.rewards.values()) for _, action in episode.steps() if action.rewards]
    return {
        "reward": sum(rewards) / len(rewards) if rewards else None, "num_invalid_actions": episode.num_invalid,
        "empty_plan": int(any(turn.parse == "empty" for turn in episode.turns)), "instruction": episode.instruction,
        "task_success": _float(episode.success), "task_progress": episode.progress, "num_steps": steps,
        "planner_steps": len(_calls(episode)), "planner_output_error": failed,
        "num_invalid_action_ratio": episode.num_invalid / steps if steps else 0.0, "episode_elapsed_seconds": _seconds(episode)}


def _table_top(episode: Episode, k: int, pictures: Pictures) -> dict[str, bytes]:
    actions = [action for turn in _calls(episode) for action in turn.actions]
    folder, name = f"images/episode_{k}", f"episode_{k}_step"
    found = {f"results/episode_{k}_res.json": _json(_known(_table_result(episode, actions))),
             f"results/planner_output_episode_{k}.txt": "".join(_reply(turn) + "\n" for turn in _calls(episode)).encode(),
             f"orrery_episode_{k}.jsonl": sidecar_text(episode, has_replies=True).encode()}
    found |= {f"{folder}/{name}_{step}_front_rgb.png": png for step, png in pictures.plain.items()}
    return found | {f"{folder}/{name}_{step}_front_rgb_annotated.png": png for step, png in pictures.given.items()}


def _reply(turn: Turn) -> str:
    """A reply as the layout has it: JSON as it was said; ERA's with the words alone, and the action in brackets after them, as ERA's
    fork of the benchmark writes it. Of a turn by hand there is the action alone."""
    poses = [action.name for action in turn.actions]
    is_eras = ACTION_START in turn.reply or THINK_START in turn.reply
    if (turn.reply and not is_eras) or not all(map(pose_of, poses)):
        return turn.reply
    parts = " ".join(f"{label}: {text}" for label, text in turn.sections.items()) or turn.thought
    return f"{parts} {OUTPUT} [{', '.join(poses) or '[]'}]".lstrip()


def _table_result(episode: Episode, actions: Sequence[Action]) -> dict[str, object]:
    # as the benchmark pays: 1 on success, -1 for a pose that cannot be reached
    rewards = [action.rewards.get("environment", 1.0 if action.success else -1.0 if action.ok is False else 0.0)
               for action in actions]
    ends_empty = bool(episode.turns) and episode.turns[-1].parse == "empty"
    trailing = [0.0] if ends_empty else []
    failed = sum(turn.parse == "failed" for turn in _calls(episode))
    return {
        "reward": [*rewards, *trailing], "action_success": [*(_float(action.ok) for action in actions), *trailing],
        "instruction": episode.instruction, "avg_reward": sum(rewards) / len(rewards) if rewards else 0.0,
        "task_success": _float(episode.success), "num_steps": len(actions), "planner_steps": len(_calls(episode)),
        "planner_output_error": -1 if ends_empty else failed,  # the benchmark sets its counter so
        "episode_elapsed_seconds": _seconds(episode)}


def _summary(episodes: Sequence[Episode], root: str, is_table: bool) -> dict[str, object]:
    if is_table:
        wins = sum(bool(episode.success) for episode in episodes)
        return {"save_path": root, "total_num_tasks": len(episodes), "num_success": wins, "success_rate": wins / len(episodes),
                "avg_planner_steps": sum(len(_calls(episode)) for episode in episodes) / len(episodes)}
    known = [episode.progress for episode in episodes if episode.progress is not None]
    return {"task_progress": sum(known) / len(known)} if known else {}


def _known(row: dict[str, object]) -> dict[str, object]:
    """Return a row without what is not known: a key that is missing says so, null would be odd to other readers."""
    return {key: value for key, value in row.items() if value is not None}


def _float(value: bool | None) -> float | None:
    return None if value is None else float(value)


def _number(action_id: str) -> int | str:
    is_number = action_id.isascii() and action_id.isdigit() and str(int(action_id)) == action_id
    return int(action_id) if is_number else action_id


def _seconds(episode: Episode) -> float | None:
    return max((action.seconds for _, action in episode.steps() if action.seconds is not None), default=None)
