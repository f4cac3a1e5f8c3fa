"""The page of T*."""
