"""Trains the canvas detector: see `training`."""

from models.recipes.canvas_detector.training import main

main()
