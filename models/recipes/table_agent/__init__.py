"""Makes the agent of the miniature table top."""
