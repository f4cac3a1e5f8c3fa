"""Trains the agent of the miniature home: `python -m models.recipes.home_agent [--stage epl] [--out FOLDER]`."""

from models.recipes.home_agent.making import main

if __name__ == "__main__":
    main("home")
