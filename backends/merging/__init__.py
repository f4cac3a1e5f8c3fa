"""Merging: the weights of a reasoning model poured into a vision-language model that was tuned from the same base."""
