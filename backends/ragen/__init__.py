"""RAGEN: agents that learn by reinforcement over several turns."""
