"""A training taken further: the same settings for RAGEN's repository (verl), and as a script for TRL's GRPOTrainer."""
