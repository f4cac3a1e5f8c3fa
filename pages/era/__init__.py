"""The page of ERA: an episode step by step, by hand, and logs that somebody brought."""
