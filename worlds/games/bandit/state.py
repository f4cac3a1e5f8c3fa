"""The state of a bandit: the arms as they are listed, and what was pulled and paid."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, with_config

from worlds.errors import InputError
from worlds.games.bandit.names import Pair
from worlds.games.states import STRICT, Codec

_Name = Annotated[str, Field(strict=True, max_length=20)]
_Paid = Annotated[float, Field(strict=True, ge=0, le=1)]


@with_config(STRICT)
@dataclass(frozen=True)
class State:
    """Everything that an action or a picture reads.

    Attributes:
        arms: their names as they are listed.
        high: the name of the one that pays much now and then.
        pulled: the name of the one that was pulled; None before.
        paid: what it paid; None before.
    """

    arms: tuple[_Name, _Name]
    high: _Name
    pulled: _Name | None = None
    paid: _Paid | None = None


def written(state: State) -> str:
    """The state in words: before the pull the arms, after it what was paid."""
    if state.pulled is None:
        first, second = state.arms
        return (f"Two arms can be pulled: {first} and {second}. Nobody tells what they pay; think about what each name stands for.")
    return f"{state.pulled}: {state.paid} points"


def _fits(state: State) -> str:
    try:
        Pair(*state.arms)
    except InputError as error:
        return str(error)
    if state.high not in state.arms or state.pulled not in (*state.arms, None) or (state.pulled is None) != (state.paid is None):
        return "This state of the bandit names an arm that it does not have, or a pull without what was paid."
    return ""


CODEC = Codec(State, "the bandit", _fits)
