"""T*: temporal search as spatial search (arXiv 2504.02259)."""
