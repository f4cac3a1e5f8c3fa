"""An earlier training of a session: a run goes on from it, or what it made acts."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from backends.run import Inputs, Result, Settings
from worlds.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Trained(Protocol):
    """A result that a training may be in."""

    @property
    def training(self) -> object | None: ...

    @property
    def made(self) -> tuple[str, ...]: ...


T = TypeVar("T", bound=Trained)
M = TypeVar("M", bound="PreTrainedModel")


def earlier(name: str, inputs: Inputs, kind: type[T], *, learner: str) -> tuple[T, Path]:
    """An earlier training of this session, and where what it made is.

    Args:
        kind: of its result.    learner: what it made, in a word.
    Raises:
        InputError: none is named, or it is not here, trained nothing, or was not kept.
    """
    if not name:
        raise InputError("No training is named. Train one first, then choose it in 'continues'.")
    result: Result = inputs.result(name)
    if not isinstance(result, kind) or result.training is None:
        raise InputError(f"The run {name!r} trained nothing. Choose one that did.")
    if not result.made:
        raise InputError(f"The {learner} of the run {name!r} was not kept. Train it anew.")
    return result, inputs.model(result.made[0])


def check_same(name: str, was: Settings, asked: Settings, same: Iterable[str]) -> None:
    """See that an earlier run can be gone on from.

    Raises:
        InputError: one of the settings that must be the same was another; says which and what it was.
    """
    differing = next((each for each in same if getattr(was, each) != getattr(asked, each)), None)
    if differing is not None:
        raise InputError(f"The run {name!r} had another {differing}: {getattr(was, differing)}. Set that again to go on with it, or "
                         "start anew.")


def read(folder: Path, like: M) -> M:
    """The network that a training made, of the same class and precision as the one that it began as.

    Raises:
        InputError: the folder is damaged.
    """
    from models.training.checkpoints import readable

    with readable():
        return type(like).from_pretrained(folder, dtype=like.dtype, local_files_only=True).eval()


def read_adapter(folder: Path, like: M, *, rank: int) -> M:
    """A network on the weights of another, with the adapter that a training made.

    Raises:
        InputError: the folder is damaged, or of another network.
    """
    from models.training import adapters
    from models.training.checkpoints import readable

    made = adapters.adapted(like, rank=rank)
    with readable():
        adapters.read_adapter(made, folder)
    return made
