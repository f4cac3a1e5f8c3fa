"""The agent of the miniature home."""
