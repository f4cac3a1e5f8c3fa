"""Figures of CoDA."""
