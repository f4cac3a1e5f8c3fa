"""Makes the mappers that see: `python -m models.recipes.mindcube_mappers [--way map_reason] [--seed 0] [--out FOLDER]`."""

from models.recipes.mindcube_mappers.making import main

if __name__ == "__main__":
    main()
