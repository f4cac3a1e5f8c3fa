"""One file per system: widgets and layout only."""
