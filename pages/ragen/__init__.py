"""The page of RAGEN, one module per view."""
