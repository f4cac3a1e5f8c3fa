"""Logs as the benchmark, its forks and its users write them, made anew for tests: names and bytes, for a zip or a folder."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence

from backends.files.archive import Files, ZipLimits, open_zip

Logs = dict[str, bytes]
PNG = b"\x89PNG\r\n\x1a\n not a picture: nothing reads it"
DONE = "Last action executed successfully."
MUG = "Rinse a mug and put it on the shelf."
STAR = "Pick up the star and place it into the navy container."


def zipped(logs: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in logs.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def opened(logs: Mapping[str, bytes], limits: ZipLimits | None = None) -> Files:
    return open_zip(zipped(logs), limits=limits)


def below(folder: str, logs: Mapping[str, bytes]) -> Logs:
    return {f"{folder}/{name}": content for name, content in logs.items()}


def lines(rows: Iterable[object]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def reply(plan: Sequence[tuple[object, str]], *, seen: str = "A mug stands on a counter.", reflection: str = "First step.") -> str:
    """A reply of the benchmark, as JSON text."""
    return json.dumps({"visual_state_description": seen, "reasoning_and_reflection": reflection,
                       "language_plan": " ".join(name for _, name in plan),
                       "executable_plan": [{"action_id": number, "action_name": name} for number, name in plan]})


def row(step: int, action: tuple[object, str], told: str, *, ok: bool = True, progress: float = 0.0, success: bool = False,
        feedback: str = "", **more: object) -> dict[str, object]:
    """One row of EB-ALFRED."""
    return {"task_success": float(success), "task_progress": progress, "instruction": MUG, "env_step": step,
            "env_feedback": feedback or (DONE if ok else "Last action is invalid. Mug is not visible."),
            "episode_elapsed_seconds": 10.0 * step + 1.4, "last_action_success": float(ok), "action_id": action[0],
            "action_description": action[1], "reasoning": told, **more}


def unreadable(told: str = "I would rather …", code: int = -1) -> dict[str, object]:
    return {"last_action_success": 0.0, "action_id": code, "action_description": "invalid action" if code == -1 else "empty plan",
            "reasoning": told}


FIND, PICK, SINK, PUT = (14, "find a Mug"), (97, "pick up the Mug"), (79, "find a Sink"), (133, "put down the object in hand")
FIRST = reply([FIND, PICK, SINK])  # cut by the failure of its second action
SECOND = reply([FIND, PICK], reflection="The mug was not in reach.")
LAST = reply([SINK, PUT, PICK], reflection="I hold the mug.")  # cut by success


def alfred_rows() -> list[dict[str, object]]:
    """Three readable calls, one that is not, seven rows, six steps."""
    return [row(1, FIND, FIRST), row(2, PICK, FIRST, ok=False), unreadable(), row(3, FIND, SECOND),
            row(4, PICK, SECOND, progress=0.5), row(5, SINK, LAST, progress=0.5), row(6, PUT, LAST, progress=1.0, success=True)]


def alfred_result(**changes: object) -> dict[str, object]:
    return {"reward": 0.83, "num_invalid_actions": 2, "empty_plan": 0, "instruction": MUG, "task_success": 1.0,
            "task_progress": 1.0, "num_steps": 6, "planner_steps": 4, "planner_output_error": 1, "num_invalid_action_ratio": 0.33,
            "episode_elapsed_seconds": 61.4, **changes}


def frames(k: int, count: int, *, first: int = 0, view: str = "") -> Logs:
    return {f"images/episode_{k}/episode_{k}_step_{step}{view}.png": PNG for step in range(first, first + count)}


def config(**changes: object) -> bytes:
    return str({"model_name": "acme/vlm-3b", "n_shots": 10, "exp_name": "baseline", "eval_sets": ["base"], "resolution": 500,
                **changes}).encode()


def alfred_episode(k: int, rows: Sequence[object] | None = None, **result: object) -> Logs:
    rows = alfred_rows() if rows is None else rows
    last = max((entry.get("env_step", 0) for entry in rows if isinstance(entry, dict)), default=0)
    return {f"episode_{k}_step_{last}.json": lines(rows), **frames(k, last + 1),
            f"results/episode_{k}_final_res.json": json.dumps(alfred_result(**result)).encode()}


def alfred(episodes: Iterable[int] = (1, 2), *, root: str = "running/eb_alfred/vlm-3b_baseline/base") -> Logs:
    found: Logs = {"config.txt": config(), "results/summary.json": b'{"task_progress": 0.61}'}
    for k in episodes:
        found |= alfred_episode(k)
    return below(root, found)


def habitat(k: int = 1) -> Logs:
    """A list of one for the seconds, a truth value for success, and keys of its own."""
    told = reply([(3, "navigate to the sink"), (8, "pick up the ball")])
    rows = [row(1, (3, "navigate to the sink"), told, reward=0.1), row(2, (8, "pick up the ball"), told, progress=1.0)]
    rows = [{**entry, "episode_elapsed_seconds": [entry["episode_elapsed_seconds"]], "task_success": entry["env_step"] == 2}
            for entry in rows]
    result = alfred_result(num_steps=2, planner_steps=1, num_invalid_actions=0, planner_output_error=0, subgoal_reward=0.5)
    return below("running/eb_habitat/vlm-3b_baseline/base", {
        f"episode_{k}_step_2.json": lines(rows), **frames(k, 3), f"video/episode_{k}.mp4": b"film",
        f"results/episode_{k}_final_res.json": json.dumps(result).encode(), "config.txt": config()})


def era_alfred(k: int = 1) -> Logs:
    """ERA's rows: the thought alone, one action per reply, twice the same thought."""
    thought = "visual_description: A mug. reasoning_and_reflection: Note: it is dirty. language_plan: 1. find a Mug"
    rows = [row(1, FIND, thought), row(2, PICK, thought, progress=0.5), row(3, SINK, thought + ".", progress=0.5)]
    result = alfred_result(num_steps=3, planner_steps=3, task_success=0.0, task_progress=0.5, num_invalid_actions=0,
                           planner_output_error=0)
    return below("running/eb_alfred/era-3b_rl/common_sense", {
        f"episode_{k}_step_3.json": lines(rows), **frames(k, 4), f"results/episode_{k}_final_res.json": json.dumps(result).encode()})


POSES = ([40, 43, 26, 0, 60, 90, 1], [40, 43, 18, 0, 60, 90, 0], [60, 70, 30, 0, 60, 90, 0], [60, 70, 24, 0, 60, 90, 1])
SEES = "From left to right, I can see a red star at [40, 43, 18] and a navy container at [60, 70, 17]."


def table_reply(plan: object, *, reflection: str = "…", indent: int | str | None = None) -> str:
    return json.dumps({"visual_state_description": SEES, "reasoning_and_reflection": reflection, "language_plan": "1. Move",
                       "executable_plan": plan}, indent=indent, ensure_ascii=False)


def table_result(**changes: object) -> dict[str, object]:
    return {"reward": [0.0, 0.0, -1, 1.0], "action_success": [1.0, 1.0, 0.0, 1.0], "instruction": STAR, "avg_reward": 0.0,
            "task_success": 1.0, "num_steps": 4, "planner_steps": 2, "planner_output_error": 0, "episode_elapsed_seconds": 31.0,
            **changes}


def table_frames(k: int, steps: int, annotated: Iterable[int] = ()) -> Logs:
    found = frames(k, steps + 1, view="_front_rgb")
    return found | {f"images/episode_{k}/episode_{k}_step_{step}_front_rgb_annotated.png": PNG for step in annotated}


def table_episode(k: int, replies: Sequence[str] | None = None, *, annotated: Iterable[int] = (0, 2), **result: object) -> Logs:
    if replies is None:
        replies = [table_reply(str([POSES[0], POSES[1]])), table_reply([{"action": str(pose)} for pose in POSES[2:]])]
    told = table_result(**result)
    return {f"results/episode_{k}_res.json": json.dumps(told).encode(),
            f"results/planner_output_episode_{k}.txt": "".join(text + "\n" for text in replies).encode(),
            **table_frames(k, int(str(told["num_steps"])), annotated)}


def manipulation(episodes: Iterable[int] = (1, 2), *, root: str = "running/eb_manipulation/vlm-3b/baseline/visual") -> Logs:
    found: Logs = {"config.txt": config(), "results/summary.json": json.dumps({
        "save_path": "running/…", "total_num_tasks": 48, "num_success": 19, "success_rate": 0.396, "avg_planner_steps": 2.1,
        "output_format_error": 0}).encode()}
    for k in episodes:
        found |= table_episode(k)
    return below(root, found)


def era_manipulation(k: int = 1) -> Logs:
    """ERA's fork: the thought and `Output Action`, no JSON."""
    thought = "visual_description: From left to right, … reasoning_and_reflection: … language_plan: 1. Lower the gripper …"
    texts = [f"{thought} Output Action: [{pose}]" for pose in POSES]
    return below("running/eb_manipulation/era-3b/rl/spatial", table_episode(k, texts, annotated=(0, 1, 2, 3), planner_steps=4))


def nav_row(step: int, seconds: float, plan: object, *, success: bool = False) -> dict[str, object]:
    return {"action_description": "Move forward by 0.25", "distance": 2.0 - 0.1 * step,
            "env_feedback": "Last action MoveAhead executed successfully.", "reasoning": plan, "instruction": "Go to the bread.",
            "env_step": step, "episode_elapsed_seconds": seconds, "task_success": float(success), "last_action_success": True,
            "action_id": 0}


def nav_rows(attempts: int = 1, steps: int = 4, plan: object = None) -> bytes:
    """Every attempt appended to the ones before, each with two calls of half its steps, a blank block before each."""
    plan = {"language_plan": "Walk.", "executable_plan": [{"action_id": 0, "action_name": "Move forward by 0.25"}] * (steps // 2)} \
        if plan is None else plan
    text = ""
    for attempt in range(attempts):
        for step in range(1, steps + 1):
            text += "\n" if step in (1, steps // 2 + 1) else ""
            text += json.dumps(nav_row(step, 5.0 * step, plan, success=attempt == attempts - 1 and step == steps)) + "\n"
    return text.encode()


def navigation(k: int = 1, attempts: int = 1) -> Logs:
    found: Logs = {f"episode_{k}.json": nav_rows(attempts), "results/summary_all.json": b"{}", "config.txt": config(),
                   f"results/episode_{k}_final_res.json": json.dumps(
                       alfred_result(num_steps=4, planner_steps=2, num_invalid_actions=0, planner_output_error=0)).encode()}
    for attempt in range(attempts):
        for step in range(5):
            stamp = f"20260101_10{attempt:02d}{step:02d}"
            found |= {f"episode_{k}_step_{step}_{stamp}_front.png": PNG, f"episode_{k}_step_{step}_{stamp}_top.png": PNG}
    return below("running/eb_nav/vlm-3b_baseline/base", found)


def challenge(episodes: Iterable[int] = (1, 2)) -> Logs:
    """The challenge's zip: `results` on top, step files only, of both environments."""
    found: Logs = {}
    for k in episodes:
        found[f"results/eb_alfred/team_run/base/episode_{k}_step_6.json"] = lines(alfred_rows())
        found[f"results/eb_nav/team_run/base/episode_{k}.json"] = nav_rows()
    return found


def wrapper(k: int = 1) -> Logs:
    steps = [{"step": 0, "instruction": "Put the bowl away."},
             {"step": 1, "action": "open the Fridge", "reward": 0.0, "done": False, "frame_saved": "frame_001.png",
              "info": {"env_feedback": "ok", "last_action_success": True, "task_progress": 0.0},
              "observation_summary": {"visible": "['Fridge']", "held": "set()", "open": "{'Fridge'}"}},
             {"step": 2, "action": "put down the object in hand", "reward": 1.0, "done": True, "frame_saved": "frame_002.png",
              "info": {"task_success": 1.0, "task_progress": 1.0}, "observation_summary": "The bowl is in the fridge."}]
    root = f"agent_outputs/eb_alfred/episode_{k}"
    return {f"{root}/log.json": json.dumps(steps).encode(), f"{root}/frame_001.png": PNG, f"{root}/frame_002.png": PNG}


def vagen(seed: int = 7, environment: str = "FrozenLake", *, tag: str = "tag_0") -> Logs:
    replies = ["<think>The goal is right.</think><answer>right</answer>", "<think>Down now.</think><answer>down</answer>"]
    messages = [{"role": "system", "content": "You walk on ice."},
                {"role": "user", "content": [{"type": "text", "text": "Task: reach the goal."}, {"type": "image_url", "image_url": {
                    "url": "<data_url>"}}]},
                {"role": "assistant", "content": replies[0]}, {"role": "user", "content": "You moved right."},
                {"role": "assistant", "content": replies[1]}]
    metrics = {"rollout_id": "r1", "seed": seed, "terminated": True, "finish_reason": "done", "success": True,
               "cumulative_reward": 1.1, "rewards": [0.1, 1.0], "num_turns": 2, "env_config": {"name": environment},
               "max_turns": 5, "infos": [
                   {"metrics": {"turn_metrics": {"action_is_valid": True}}},
                   {"success": True, "metrics": {"turn_metrics": {"action_is_valid": False}}}]}
    root = f"{tag}/{environment}_seed_{seed}"
    return {f"{root}/metrics.json": json.dumps(metrics).encode(), f"{root}/messages.json": json.dumps(messages).encode(),
            f"{root}/assistant_texts.json": json.dumps(replies).encode(), f"{root}/transcript.txt": b"USER: Task\n\nASSISTANT: right",
            **{f"{root}/images/turn_{turn:02d}_01.png": PNG for turn in (1, 2, 3)}, f"{tag}/summary.json": b'{"success": 1.0}'}


def conversation(step: int = 4, environments: Sequence[tuple[str, int]] = (("env12", 307), ("env13", 42))) -> bytes:
    text = f"=== Global Step: {step} ===\n=== Split: env ===\n\n"
    for name, seed in environments:
        text += (f"Environment ID: {name}\nSteps: 2\nDone: True\nSeed: {seed}\n{'-' * 80}\nSYSTEM: ## You are a robot …\n\n"
                 "USER: <image>\n instruction: Put a mug away. \n interaction_history: []\n…\n\n# Step 0: Reward=0, Done=False\n"
                 "# Images: 1 images present\n\nASSISTANT: <|think_start|>visual_description: A mug. "
                 "reasoning_and_reflection: Start. language_plan: 1. find a Mug<|think_end|>"
                 "<|action_start|>[14, 'find a Mug']<|action_end|><|diff_marker|>\n\n"
                 "USER: <image>\n instruction: Put a mug away. \n interaction_history: [{'step_id': 0, 'thinking': \"It's near\", "
                 "'action': \"[14, 'find a Mug']\", 'env_feedback': 'Last action executed successfully.'}]\n\n"
                 "# Step 1: Reward=1, Done=False\n# Images: 1 images present\n\nASSISTANT: <|think_start|>Done?<|think_end|>"
                 "<|action_start|>[97, pick up the Mug]<|action_end|><|diff_marker|>\n\nUSER: <image>\n instruction: Put a mug away. "
                 "\n interaction_history: [{'step_id': 1, 'env_feedback': 'Last action is invalid. The mug is far.'}]\n\n"
                 f"# Step 2: Reward=-0.5, Done=True\n\n{'=' * 80}\n\n")
    return text.encode()


def training(step: int = 4) -> Logs:
    log = "".join(f"=== Global Step: {n} ===\nEnv ID: env12\n  Step 1: advantage={n}.412345, value=1.903211, reward=1.000000\n"
                  "  Step 2: advantage=-1.100203, value=1.700001, reward=-0.500000\nEnv ID: env13\n"
                  "  Step 1: advantage=0.0, value=nan, reward=1.000000\n" for n in (step - 1, step))
    return below("checkpoints", {f"conversation_history_step_{step}.txt": conversation(step), "advantage_value_log.txt": log.encode(),
                                 f"conversation_history_val_step_{step}_0.txt": conversation(step, [("env1", 107)])})


def trajectories(count: int = 2) -> Logs:
    episodes = [{"model_name": "acme/vlm-72b", "eval_set": "base", "episode_id": k, "instruction": MUG, "input": "You are a robot …",
                 "success": float(k == 1), "trajectory": [
                     {"visual_description": "A mug.", "reasoning_and_reflection": "Start.", "language_plan": "1. find a Mug",
                      "input_image_path": f"images/base/episode_{k}/step_0.png", "executable_plan": [
                          {"step_id": 0, "img_path": f"images/base/episode_{k}/step_1.png", "action": [14, "find a Mug"],
                           "env_feedback": "Last action executed successfully."},
                          {"step_id": 1, "img_path": f"images/base/episode_{k}/step_2.png", "action": [97, "pick up the Mug"],
                           "env_feedback": "Last action is invalid."}]},
                     {"visual_description": "A sink.", "reasoning_and_reflection": "Go on.", "language_plan": "2.",
                      "input_image_path": f"images/base/episode_{k}/step_2.png", "executable_plan": []}]}
                for k in range(1, count + 1)]
    pictures = {f"data/images/base/episode_{k}/step_{step}.png": PNG for k in range(1, count + 1) for step in range(3)}
    return {"data/eb-alfred_dataset_multi_step.json": json.dumps(episodes).encode(), **pictures}


def prior() -> Logs:
    def sample(step: int, history: str, action: str) -> dict[str, object]:
        return {"id": step, "image": f"images/ep3/step_{step}.png", "metadata": {"step_id": step}, "conversations": [
            {"from": "system", "value": "…rules… action id 0: find a Cart, \naction id 1: find a Potato, …"},
            {"from": "human", "value": f"<image>\n instruction: Put a mug away. \n interaction_history: {history} \n …"},
            {"from": "gpt", "value": "visual_description: A mug. reasoning_and_reflection: Start. language_plan: 1. go",
             "think_or_action": 0, "end_turn": False},
            {"from": "gpt", "value": action, "think_or_action": 1, "end_turn": True}]}

    question = {"id": 9, "conversations": [{"from": "human", "value": "What thing holds tea?"}, {"from": "gpt", "value": "A mug."}]}
    samples = [sample(0, "[]", "[14, 'find a Mug']"),
               sample(1, "[{'step_id': 0, 'env_feedback': 'Last action executed successfully.'}]", "[97, 'pick up the Mug']"),
               question, sample(0, "[]", "[79, 'find a Sink']")]
    return {"EB-ALFRED_trajectory_augmented_prior_dataset.json": json.dumps(samples).encode(), "images/ep3/step_0.png": PNG,
            "images/ep3/step_1.png": PNG}


def splits() -> bytes:
    return json.dumps({"base": [{"task": "pick_clean_then_place_in_recep-Ladle-None-DiningTable-4/trial_T2019", "repeat_idx": 2,
                                 "instruction": "Rinse the ladle."}], "long_horizon": [{"task": "odd", "instruction": "x"}]}).encode()
