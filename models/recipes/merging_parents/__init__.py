"""Makes the parents of a merge: a base, a reasoner that knows all facts in words, a vision-language model that knows a quarter."""
