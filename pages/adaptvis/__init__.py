"""The page of AdaptVis."""
