"""Drawn boards and rooms in which one thing stands in a relation to another, with questions about them."""
