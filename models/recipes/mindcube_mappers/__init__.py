"""Makes the mappers that see: one eye, and a decoder for each configuration behind it."""
