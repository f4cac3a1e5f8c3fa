"""Corpora of invented facts in which a popular answer overshadows a rare one, and questions about real ones."""
