"""AdaptVis: see where a vision-language model looks, and turn its gaze."""
