"""How ERA's agents write a reply: the parts of a thought, and the special tokens around thought and action (arXiv 2510.12693)."""

THINK_START, THINK_END, ACTION_START, ACTION_END, TURN_END = (
    "<|think_start|>", "<|think_end|>", "<|action_start|>", "<|action_end|>", "<|diff_marker|>")
VISUAL, REFLECTION, PLAN = "visual_description", "reasoning_and_reflection", "language_plan"
PARTS = (VISUAL, REFLECTION, PLAN)  # in the order of a thought
