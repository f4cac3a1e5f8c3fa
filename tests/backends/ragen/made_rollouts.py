"""Logs as RAGEN, verl, W&B, TRL and VAGEN write them, made anew for tests: names and bytes, for a zip or one file."""

import io
import json
from collections.abc import Mapping, Sequence

from backends.files.archive import Files, ZipLimits, open_zip, single, zipped
from backends.ragen.formats import found, rollout
from backends.ragen.rollouts import Entry, Rollout

Logs = dict[str, bytes]
DOWN = "<think>d</think><answer>Down</answer>"
RIGHT = "<think>go right</think><answer>Right</answer>"
BAD = "<think>hm</think><answer>Right || jump</answer>"
START, NEXT, LAST = "P_\nOG", "_P\nOG", "__\nO√"


def opened(logs: Mapping[str, bytes], limits: ZipLimits | None = None) -> Files:
    return open_zip(zipped(logs), limits=limits)


def every(logs: Mapping[str, bytes]) -> list[Rollout]:
    """All rollouts of some logs, whole."""
    files = opened(logs)
    return [rollout(files, entry) for entry in found(files).entries]


def alone(name: str, content: bytes) -> tuple[Entry, Rollout]:
    """The first rollout of one file, light and whole."""
    files = single(name, content)
    entry = found(files).entries[0]
    return entry, rollout(files, entry)


def lines(rows: Sequence[object]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def played(state: str, left: int, actions: Sequence[int], reward: float, reply: str, *, success: bool = False,
           **more: object) -> dict[str, object]:
    """A turn of RAGEN's record."""
    info = {"action_is_effective": True, "action_is_valid": bool(actions), "success": success}
    raw = reply.replace("</think><answer>", "</think> <answer>")
    return {"state": state, "actions_left": left, "actions": list(actions), "reward": reward, "info": info, "llm_response": reply,
            "llm_raw_response": raw, **more}


def record(**changes: object) -> dict[str, object]:
    """A rollout of two turns, in the first of which a word is wrong, and that reaches the goal."""
    return {"env_id": 3, "group_id": 0, "tag": "FrozenLake", "penalty": -0.1, "history": [
        played(START, 10, [3], 0.0, BAD), played(NEXT, 9, [2], 1.0, "<think>down</think><answer>Down</answer>", success=True),
        {"state": LAST, "actions_left": 8}], "metrics": {"FrozenLake/success": 1.0, "FrozenLake/num_actions": 2}, **changes}


def chat(turns: Sequence[tuple[str, int, str]] = ((START, 10, RIGHT), (NEXT, 9, DOWN)), rewards: Sequence[float] = (0.0,), *,
         game: str = "You are solving the FrozenLake puzzle.", actions: str = "", first: int = 1) -> str:
    """A whole episode, decoded without special tokens, as W&B's table and verl's dump have it."""
    text = f"system\nYou're a helpful assistant.\nuser\n{game}\n{actions}"
    for index, (state, left, reply) in enumerate(turns):
        text += f"\nTurn {first + index}:\nState:\n{state}\nYou have {left} actions left. Always output: <think> ... </answer>\n"
        text += f"assistant\n{reply}\n"
        text += f"user\nReward:\n{rewards[index]}\n" if index < len(rewards) else ""
    return text


def sample(**changes: object) -> dict[str, object]:
    return {"input": "", "output": chat(), "score": 1.0, "step": 20, **changes}


def table(steps: Sequence[int] = (10, 20), samples: int = 3) -> bytes:
    """W&B's table of generations; every sample has a score of its own."""
    columns = ["step", *(f"{key}_{own}" for own in range(1, samples + 1) for key in ("input", "output", "score"))]
    data = [[step, *(value for own in range(1, samples + 1) for value in (
        "", chat([(f"{step}.{own}", 10, RIGHT), (NEXT, 9, DOWN)]), step + own / 10))] for step in steps]
    return json.dumps({"columns": columns, "data": data}).encode()


def conversation(**metadata: object) -> dict[str, object]:
    """A line of RAGEN-2's evaluation: the second turn paid 1, and the first -0.1, which is not written."""
    return {"custom_id": "traj_5", "messages": [
        {"role": "user", "content": START}, {"role": "assistant", "content": "go right</think><answer>Right</answer>"},
        {"role": "user", "content": f"{NEXT} (reward: 1.0)"}, {"role": "assistant", "content": DOWN}],
        "metadata": {"env_id": 5, "group_id": 2, "num_turns": 2, "total_reward": 0.9, "success": False, "CoordSokoban/success": 1.0,
                     "entropy": 2.4, "n_tokens": 128, **metadata}}


def page() -> Logs:
    steps = [{"state": {"description": f"```\n{START}\n```", "image": "images/one.png"}, "reasoning": "The goal is right and below.",
              "action": "Right, Up"}, {"state": {"description": f"```text\n{LAST}\n```"}}]
    trajectories = {"traj1": {"name": "One", "description": "A good one", "totalSteps": 2, "success": True, "validActionRate": "100%",
                              "effectiveActionRate": "0%", "steps": steps}}
    tasks = [{"id": name, "name": name, "description": "", "dataFile": f"data/{name}.json"} for name in ("lake", "box")]
    index = {"version": "1", "lastUpdated": "2025", "tasks": tasks}
    data = {"taskName": "FrozenLake", "taskDescription": "Reach the goal.", "trajectories": trajectories}
    return {"index.json": json.dumps(index, indent=1).encode(), "data/lake.json": json.dumps(data, indent=1).encode(),
            "data/images/one.png": b"\x89PNG"}


def completions(step: int = 10, rows: Sequence[Mapping[str, object]] | None = None) -> bytes:
    """TRL's table of one step: two prompts, two completions each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if rows is None:
        rows = [{"step": step, "prompt": f"Which way, {start}?", "completion": reply, "reward_game": reward, "reward_form": 0.5,
                 "kind": "lake", "advantage": reward - 0.5} for start in "AB" for reply, reward in ((RIGHT, 1.0), ("", 0.0))]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), buffer)
    return buffer.getvalue()


def scalars() -> list[dict[str, object]]:
    return [{"_step": step, "_timestamp": 1e9 + step, "rollout/in_group_std": 1 / (step + 1), "actor/grad_norm": 0.5,
             "train/FrozenLake/success": float("nan") if step == 1 else 0.25, "note": "x"} for step in range(3)]
