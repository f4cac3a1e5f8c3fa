"""Figures of grafting."""
