"""Figures of T*."""
