"""Figures of embodied agents: a time line of actions, rewards, memory, statistics over many episodes."""
