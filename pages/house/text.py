"""Text that came from outside, as text."""

import re

_ESCAPED = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_{}[]<>#|$~:&"})
_BLOCKS = re.compile(r"^(\s*\d*)(?=[-+=.)])")  # of a line: a list, a rule, a heading above
_JOINER = "\u2060"  # takes no room and breaks no line
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)  # where Markdown would begin a link without being asked
_UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]")  # turn what follows around, or control a terminal


def plain(text: str) -> str:
    """Text in which Markdown finds nothing: T* is a name, what models say is text, and an address in it is no link.

    Lines stay lines. A sign of no width stands inside addresses; it is the only thing that Streamlit's own search for
    addresses, which comes after all escapes, does not read over.
    """
    lines = [line.strip() for line in _UNSEEN.sub("", text).splitlines()] if "\n" in text else [_UNSEEN.sub("", text)]
    shown = [_BLOCKS.sub(r"\1\\", _LINKS.sub(_JOINER, line).translate(_ESCAPED)) for line in lines if line or len(lines) == 1]
    return "  \n".join(shown)


def code(text: str) -> str:
    """A name in the font of code; nothing is read in there."""
    return f"`{_UNSEEN.sub('', text).replace('`', '').replace(chr(10), ' ').strip() or ' '}`"
