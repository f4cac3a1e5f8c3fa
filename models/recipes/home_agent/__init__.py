"""Makes the agent of the miniature home."""
