"""The agent of the miniature table top."""
