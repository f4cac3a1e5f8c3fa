"""Figures of merging: a result -> plotly figures."""
