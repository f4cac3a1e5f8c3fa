"""Drawn films in which one short event is to be found, and the sample videos made of them."""
