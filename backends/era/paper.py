"""Numbers of the papers, in per cent: ERA (arXiv 2510.12693, its main table and figures) and EmbodiedBench (arXiv 2502.09560).

None is a number that the papers do not give. Averages that carry a star are ours, by ERA's own rule of five subsets.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """Success after a stage of training, on subsets that were trained on and on others."""

    what: str
    alfred_seen: float | None
    alfred_unseen: float | None
    alfred: float | None
    manipulation_seen: float | None
    manipulation_unseen: float | None
    manipulation: float | None
    is_mean_ours: bool = False


STAGES = (
    Stage("base model, 3 billion parameters", None, 0.0, None, None, 0.0, None),
    Stage("imitation of raw trajectories", 59.3, 32.0, 48.4, 25.0, 7.3, 17.9, is_mean_ours=True),
    Stage("prior learning alone", 62.0, 47.0, 56.0, 45.1, 32.3, 40.0, is_mean_ours=True),
    Stage("ERA: prior learning, then reinforcement learning", 68.7, 60.0, 65.2, 51.4, 43.8, 48.3),
)

ABLATIONS: dict[str, tuple[float, float]] = {  # unseen success: EB-ALFRED, EB-Manipulation
    "before reinforcement learning": (44.0, 32.3), "reward for success only": (46.0, 41.7), "success and subgoals": (49.0, 42.8),
    "success and behaviour": (47.0, 41.7), "all three rewards": (60.0, 43.8), "advantage by token": (48.0, 35.4),
    "advantage on two levels": (50.0, 37.5), "advantage by turn": (60.0, 43.8)}

LEADERBOARD: dict[str, tuple[float, float]] = {  # averages of EmbodiedBench: EB-ALFRED, EB-Manipulation
    "Claude-3.7-Sonnet": (67.7, 28.5), "Claude-3.5-Sonnet": (64.0, 25.4), "Gemini-1.5-Pro": (62.3, 21.1), "GPT-4o": (56.3, 28.9),
    "GPT-4o mini": (24.0, 4.8), "Qwen2.5-VL-72B": (39.7, 16.2), "Qwen2.5-VL-7B": (4.7, 9.6), "InternVL3-78B": (39.0, 26.3),
    "InternVL3-8B": (10.3, 11.5), "Qwen2-VL-7B": (1.7, 0.1)}

FAILURES: dict[str, tuple[float, float]] = {  # of GPT-4o, labelled by hand: EB-ALFRED, EB-Manipulation
    "perception": (4, 33), "reasoning": (41, 23), "planning": (55, 44)}
GAMMA = LAMBDA = 0.99  # of ERA's released configuration, by turn
