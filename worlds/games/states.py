"""States as plain values and back: what a run records is lists, numbers and texts, and is checked when it comes from a file."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from worlds.errors import InputError

S = TypeVar("S")
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)  # fields are strict one by one: a list may be a tuple's


class Codec(Generic[S]):
    """Reads and writes the states of one game.

    Args:
        kind: the frozen dataclass of a state.
        game: its name in a sentence.
        fits: what is wrong with a well-formed state, in one sentence; "" where nothing is.
    """

    def __init__(self, kind: type[S], game: str, fits: Callable[[S], str]) -> None:
        self._adapter = TypeAdapter(kind)
        self._game, self._fits = game, fits

    def plain(self, state: S) -> dict[str, Any]:
        """The state as lists, numbers and texts, which JSON can hold."""
        found: dict[str, Any] = self._adapter.dump_python(state, mode="json")
        return found

    def read(self, value: object) -> S:
        """A state that came from outside, once it is known to be one.

        Raises:
            InputError: it is not a state of this game.
        """
        try:
            state = self._adapter.validate_python(value)
        except ValidationError as error:
            raise InputError(f"This is not a state of {self._game}. A state is what a run of it records.") from error
        if wrong := self._fits(state):
            raise InputError(wrong)
        return state
