"""Grafting: operators cut out of a diffusion transformer, others put in, and what heals them."""
