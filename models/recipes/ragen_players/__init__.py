"""Makes the players that RAGEN's trainings begin with."""
