"""Text that came from outside, as text."""

_ESCAPED = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_{}[]<>#|$~:"})


def plain(text: str) -> str:
    """Text in which Markdown finds nothing to format: T* is a name, and what models say is text."""
    return text.translate(_ESCAPED)
