"""The page of CoDA."""
