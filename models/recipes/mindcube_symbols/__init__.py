"""Trains the mappers whose views are words, and tells what each configuration comes to."""
