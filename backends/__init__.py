"""The ten systems, one package each, and how a run is run."""
