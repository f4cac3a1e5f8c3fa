"""What may stand in a mergekit configuration, checked: numbers, gradients, lists of filters, names of models.

Everything else raises InputError, with the key, the value and what would be right.
"""

from collections.abc import Mapping
from math import isfinite, nan

from backends.merging.mix import Filtered, Value
from worlds.errors import InputError

WHAT = "The recipe"  # begins the sentence of an error that has no key
MAX_LIST = 512  # values of one gradient; entries of one list of filters
MAX_NAME = 1_000  # characters


def value_of(value: object, key: str, usual: float | None = None) -> Value:
    """A number, a gradient, or a list of filters, the last of which fits all; `usual` where nothing is said."""
    if value is None and usual is not None:
        return usual
    if value is None:
        raise InputError(f"{key!r} is missing. Give it for every model that is merged.")
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list) and 0 < len(value) <= MAX_LIST and all(isinstance(entry, dict) for entry in value):
        found = tuple(_filtered(entry, key) for entry in value)
        if any(not entry.holds for entry in found):
            return found
        if usual is None:
            raise InputError(f"Every entry of {key!r} has a filter, so that some tensors have no value. Add one without.")
        return (*found, Filtered("", usual))
    return _plain(value, key)


def _filtered(entry: Mapping[str, object], key: str) -> Filtered:
    unknown = [own for own in entry if own not in ("filter", "value")]
    holds = entry.get("filter")
    if unknown or not isinstance(holds, str | None) or "value" not in entry:
        raise InputError(f"An entry of {key!r} is {shown(entry)}. It must have a 'value', and may have a 'filter' that is a text.")
    return Filtered("" if holds in (None, "*") else holds, _plain(entry["value"], key))


def _plain(value: object, key: str) -> float | tuple[float, ...]:
    if isinstance(value, list) and 0 < len(value) <= MAX_LIST:
        return tuple(_number(entry, key) for entry in value)
    return _number(value, key)


def _number(value: object, key: str) -> float:
    try:  # YAML reads 1e-4 as a text
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else nan
    except (ValueError, OverflowError):
        number = nan
    if not isfinite(number):
        raise InputError(f"{key!r} is {shown(value)}. It must be a number, a list of at most {MAX_LIST} numbers, or a list of "
                         "filters with values.")
    return number


def truth_of(value: object, key: str) -> bool | None:
    """True or false; None where nothing is said."""
    if value is not None and not isinstance(value, bool):
        raise InputError(f"{key!r} is {shown(value)}. It must be true or false.")
    return value


def mapping_of(value: object, where: str) -> Mapping[str, object]:
    """Names with values; `where` it stands, empty for the whole."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise InputError(f"{repr(where) if where else WHAT} is {shown(value)}. It must be names with values.")
    return value


def list_of(value: object, where: str) -> list[object]:
    """A list that holds something."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_LIST:
        raise InputError(f"{where!r} is {shown(value)}. It must be a list of 1 to {MAX_LIST} entries.")
    return value


def name_of(value: object, where: str) -> str:
    """What a model is called."""
    if isinstance(value, dict):  # mergekit writes {model: {path: ...}} where there is more to say
        inner = value.get("model", value)
        value = inner.get("path") if isinstance(inner, dict) and not value.get("lora") else None
    if not isinstance(value, str) or not value or len(value) > MAX_NAME:
        raise InputError(f"{where!r} is {shown(value)}. It must be the name of a model; merge adapters into theirs first.")
    return value


def shown(value: object) -> str:
    """A value as it stands in a sentence."""
    try:
        return "missing" if value is None else repr(value)[:80]
    except ValueError:  # Python writes out no number of more than 4,300 digits
        return "a number of very many digits"
