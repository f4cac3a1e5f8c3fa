"""JSON from strangers, measured before it is parsed: `worlds.json_text`, which the models' floor needs as well."""

from worlds.json_text import (
    LARGE_BYTES,
    MAX_CONTAINERS,
    MAX_DEPTH,
    MAX_VALUES,
    Measure,
    check,
    measure,
    one_large_at_a_time,
    parse,
)

__all__ = ["LARGE_BYTES", "MAX_CONTAINERS", "MAX_DEPTH", "MAX_VALUES", "Measure", "check", "measure", "one_large_at_a_time", "parse"]
