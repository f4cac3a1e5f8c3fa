"""Trains the scenes miniature: see `training`."""

from models.recipes.scenes_vlm.training import main

main()
