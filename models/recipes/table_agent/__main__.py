"""Trains the agent of the miniature table top: `python -m models.recipes.table_agent [--stage epl] [--out FOLDER]`."""

from models.recipes.home_agent.making import main

if __name__ == "__main__":
    main("table")
