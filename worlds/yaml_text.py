"""YAML from strangers: measured before it is parsed, and plain values alone.

References within a text are refused, because a small text of them can stand for a huge one. Not here: what the values mean.
"""

import yaml

from worlds.errors import InputError

MAX_CHARACTERS = 100_000  # the released configurations of all systems have at most 2,000
MAX_DEPTH = 8


def parse(text: str, *, what: str = "The file", right: str = "Write plain names and values.", max_depth: int = MAX_DEPTH) -> object:
    """Return the values of a YAML text.

    Args:
        what: begins the sentence of an error; `right` ends it.
    Raises:
        InputError: it is no YAML, too long or too deep, refers to itself, or has a value that cannot be read.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"{what} has {len(text):,} characters. At most {MAX_CHARACTERS:,} are read.")
    try:
        depth = 0
        for event in yaml.parse(text, yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise InputError(f"{what} refers to itself in line {event.start_mark.line + 1}. Write the values out.")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > max_depth:
                raise InputError(f"{what} is nested too deeply. At most {max_depth} levels are read.")
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise InputError(f"{what} is not YAML{line}. {right}") from error
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:  # also dates that are none, and numbers that are too long
        raise InputError(f"{what} has a value that cannot be read. {right}") from error
