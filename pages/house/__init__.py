"""What every page uses, a module each."""
