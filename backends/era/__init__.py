"""ERA: embodied agents that look, think and act turn by turn, and logs of them."""
