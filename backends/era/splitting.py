"""A planner_output file cut into its replies: they stand one after another without a mark between, over any number of lines."""

import json
import re
from collections.abc import Sequence

from backends.era.replies import FENCE, outputs
from backends.files.logs import MAX_SAID

MAX_REPLIES = 1_000  # of one file
MAX_BROKEN = 100  # replies that are no JSON, after which none is tried: each may have to be read to its end
_END_TOKENS = re.compile(r"<\|action_end\|>(?:<\|diff_marker\|>)?")


def replies_in(text: str) -> list[str]:
    """Return the raw replies of a planner_output file, which stand one after another without a mark between them.

    JSON is decoded one object at a time; where that fails, all up to the next line that begins with { is one reply. ERA's fork ends
    each with `Output Action: [[...]]`, its models with special tokens. At most MAX_REPLIES are told apart; the last has the rest.
    """
    if not text.lstrip().startswith("{"):
        for ends in ([end for *_, end in outputs(text)], [match.end() for match in _END_TOKENS.finditer(text)]):
            if ends:
                return _cut_at(ends[:MAX_REPLIES - 1], text)
    found: list[str] = []
    place, broken = _skip(text, 0), 0
    while place < len(text) and len(found) < MAX_REPLIES - 1:
        end = _end_of_object(text, place) if broken < MAX_BROKEN and text[place] == "{" else None
        broken += end is None
        if end is None:
            following = text.find("\n{", place + 1)
            end = len(text) if following < 0 else following + 1
        found.append(text[place:end].strip())
        place = _skip(text, end)
    return [*found, text[place:].strip()] if place < len(text) else found


def _cut_at(ends: Sequence[int], text: str) -> list[str]:
    pieces = [text[start:end].strip() for start, end in zip([0, *ends], [*ends, len(text)])]
    return [piece for piece in pieces if piece]


def _skip(text: str, place: int) -> int:
    """Return where the next reply begins: blanks and the fences around a reply are none."""
    while True:
        while place < len(text) and text[place].isspace():
            place += 1
        fence = FENCE.match(text, place)
        if not fence:
            return place
        place = fence.end()


def _end_of_object(text: str, place: int) -> int | None:
    """Return where the JSON object that begins here ends; None where it is none, or longer than a reply is."""
    try:
        return place + json.JSONDecoder(strict=False).raw_decode(text[place:place + MAX_SAID])[1]
    except (ValueError, RecursionError):
        return None
