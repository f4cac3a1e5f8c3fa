"""CoDA: contrast to decode what shared words overshadow (arXiv 2502.16143)."""
