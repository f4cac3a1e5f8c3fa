"""What the names of files and of columns say: which iteration, which metric."""

import re
from pathlib import PurePosixPath

from backends.files.logs import said, whole
from backends.files.rows import Row

_ITERATIONS = ("iter", "iteration", "step", "global_step", "_step")
_NUMBER = re.compile(r"(?:(?:iter|iteration|step|global_step|completions|rollouts?|traj)[_-]?)?(\d{1,9})$")
METRICS = {  # a metric here -> as T1 and T2 of RAGEN, verl and TRL write it; `*` is a game's tag
    "success": ("train/*/success",), "success_held_out": ("val-env/*/success",), "score": ("critic/score/mean", "reward"),
    "in_group_std": ("rollout/in_group_std", "rollout/in_group_reward_std", "reward_std"),
    "in_group_std_kept": ("rollout/chosen_in_group_std", "rollout/chosen_in_group_reward_std"),
    "valid_rate": ("train/*/action_is_valid",), "effective_rate": ("train/*/action_is_effective",),
    "actions": ("train/*/num_actions",), "thought_length": (), "distinct": (), "top_share": (),
    "share_flat": ("frac_reward_zero_std",),
    "entropy": ("actor/entropy_loss", "actor/entropy"), "grad_norm": ("actor/grad_norm",),
    "clip_fraction": ("actor/pg_clipfrac", "clip_ratio/region_mean"), "ppo_kl": ("actor/ppo_kl",), "kl": ("actor/kl_loss",),
    "explained_variance": ("critic/vf_explained_var",), "response_length": ("train/response_length", "completions/mean_length"),
    "seconds": ("timing_s/total", "timing_s/step")}
_BY_NAME = {name: metric for metric, names in METRICS.items() for name in (metric, *names)}


def iteration_of(row: Row, name: str) -> int | None:
    """Return the iteration that a row names, else the one that its file is named after."""
    told = next((found for key in _ITERATIONS if (found := whole(row.get(key))) is not None), None)
    return iteration_in(name) if told is None else told


def iteration_in(name: str) -> int | None:
    """Return the number that a file is named after, as 120.jsonl, iter_7.json or completions_00010.parquet; a date is none."""
    match = _NUMBER.match(PurePosixPath(name.replace("\\", "/")).stem)
    return int(match[1]) if match else None


def metric_of(name: str) -> str:
    """Return what a curve is called here; empty where it is unknown."""
    parts = said(name, 200).split("/")
    general = "/".join([parts[0], "*", *parts[2:]]) if len(parts) == 3 else ""
    bare = name.removeprefix("train/")  # TRL's trainer puts this before its own
    return _BY_NAME.get(name) or _BY_NAME.get(general) or _BY_NAME.get(bare, "")
