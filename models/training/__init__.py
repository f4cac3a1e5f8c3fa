"""Training of small networks: steps, passes, and a break that leaves no trace."""
