"""The subsets of tasks in the table top; their seeds are those of `worlds.subsets`."""

from worlds.subsets import EPISODES, TRAINING, Numbering, is_for_training

__all__ = ["EPISODES", "SEEN", "SUBSETS", "TRAINING", "UNSEEN", "evaluation_seed", "evaluation_seeds", "is_for_training",
           "subset_index", "subset_of", "training_rounds", "training_seeds"]

SUBSETS = ("base", "common_sense", "complex", "spatial", "visual")
SEEN = ("base", "complex", "visual")  # ERA's reinforcement learning trains on these
UNSEEN = ("common_sense", "spatial")
# EmbodiedBench has 48 episodes of each subset, and 36 of visual; here as many as everywhere

_NUMBERING = Numbering(SUBSETS)
evaluation_seed, evaluation_seeds = _NUMBERING.evaluation_seed, _NUMBERING.evaluation_seeds
training_seeds, subset_of, subset_index = _NUMBERING.training_seeds, _NUMBERING.subset_of, _NUMBERING.subset_index
training_rounds = _NUMBERING.training_rounds
