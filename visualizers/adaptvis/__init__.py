"""Figures of AdaptVis."""
