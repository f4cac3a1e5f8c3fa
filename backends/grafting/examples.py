"""What a model learns from and is checked on: drawn vignettes where it paints them, else pictures that it painted itself.

Nothing is fetched and nobody's photographs are needed: the paper, too, grafts PixArt-Sigma on pictures that PixArt-Sigma painted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle, islice

import torch
from torch import Tensor

from backends.grafting.choices import CHECKED_OF_OWN, KINDS, MAX_WORDS, Source
from backends.grafting.settings import GraftingSettings
from models.diffusion.painter import Painter
from models.diffusion.sampling import NotFinite, as_input, first_noise, sample
from models.diffusion.wanted import Wanted, by_class
from worlds.errors import InputError
from worlds.vignettes import kind_of, vignettes

TUNED_ON = 2_000  # drawn pictures of stage 2: a tenth of all
HELD_OUT = 500  # drawn pictures that no training saw, for relative errors and for the error of v
PAINTED_AT_ONCE = 16
FIRST_KINDS = 8  # of its own that a model is asked for where nothing is said
OWN_SEED = 7_919  # apart from the noise of what is shown


@dataclass(frozen=True)
class Examples:
    """Pictures, or latents, as the network takes them, with what they show; those to check on were learned from by nobody."""

    source: Source
    seen: tuple[Tensor, Wanted]
    held_out: tuple[Tensor, Wanted]


def subjects_of(settings: GraftingSettings, painter: Painter) -> tuple[str, ...]:
    """What is painted, by name or as a sentence, one after another.

    Raises:
        InputError: a model that takes sentences was given none, or one that is too long.
    """
    if painter.is_drawn:
        return tuple(settings.kinds)
    said = tuple(" ".join(part.split()) for part in settings.subjects.split(";") if part.strip())
    if not said and not painter.kinds:
        raise InputError("This model paints what sentences say. Write some into 'subjects', with a semicolon between two.")
    if long := next((one for one in said if len(one) > MAX_WORDS), ""):
        raise InputError(f"What one picture shows has at most {MAX_WORDS} letters; in 'subjects' {long[:40]!r}… has {len(long)}. "
                         "Put a semicolon between two pictures.")
    return said or tuple(kind if painter.kinds.count(kind) == 1 else str(number)
                         for number, kind in enumerate(painter.kinds[:FIRST_KINDS]))


def in_turn(subjects: Sequence[str], number: int) -> tuple[str, ...]:
    """So many, from the first on and again."""
    return tuple(islice(cycle(subjects), number))


@lru_cache(maxsize=4)  # of some numbers: 50 MB are kept of the largest, and how many are judged anybody can choose
def drawn(number: int, *, held_out: bool) -> tuple[Tensor, Tensor]:
    """Drawn pictures, (number, 3, 32, 32) from -1 to 1, and their kinds (number,)."""
    pictures = as_input(torch.from_numpy(vignettes(number, held_out=held_out)))
    return pictures, torch.tensor([kind_of(index) for index in range(number)])


def _with_kinds(number: int, device: torch.device, *, held_out: bool) -> tuple[Tensor, Wanted]:
    pictures, kinds = drawn(number, held_out=held_out)
    return pictures.to(device), by_class(kinds, len(KINDS)).to(device)


def examples(painter: Painter, settings: GraftingSettings) -> Iterator[float | Examples]:
    """Yield the share that is done, as long as pictures have to be painted first, and at last what they are.

    Raises:
        InputError: the model paints something that is no number.
    """
    if painter.is_drawn:
        yield Examples("drawn", _with_kinds(max(TUNED_ON, settings.num_samples), painter.device, held_out=False),
                       _with_kinds(HELD_OUT, painter.device, held_out=True))
        return
    checked = max(1, settings.num_samples // CHECKED_OF_OWN)
    whole = settings.num_samples + checked
    subjects, parts = _subjects(painter, settings, whole), list[Tensor]()
    for first in range(0, whole, PAINTED_AT_ONCE):
        rows = slice(first, min(whole, first + PAINTED_AT_ONCE))
        parts.append(_painted(painter, settings, subjects[rows], first))
        yield rows.stop / whole
    latents = torch.cat(parts)
    asked = painter.asked(subjects)
    split = settings.num_samples
    yield Examples("painted by itself", (latents[:split], asked[:split]), (latents[split:], asked[split:]))


def _subjects(painter: Painter, settings: GraftingSettings, number: int) -> tuple[str, ...]:
    """Of a model with kinds, all of them at random; of one that takes sentences, those that were given, in turn."""
    if not painter.kinds:
        return in_turn(subjects_of(settings, painter), number)
    chosen = torch.randint(0, len(painter.kinds), (number,), generator=torch.Generator().manual_seed(settings.seed))
    return tuple(str(kind) for kind in chosen.tolist())


def _painted(painter: Painter, settings: GraftingSettings, subjects: tuple[str, ...], first: int) -> Tensor:
    noise = first_noise(len(subjects), settings.seed + OWN_SEED + first, shape=painter.shape).to(painter.device)
    try:
        *_, last = sample(painter.network, painter.asked(subjects), noise, steps=settings.sample_steps, guidance=settings.guidance,
                          sampler=settings.sampler, seed=settings.seed + first, process=painter.process)
    except NotFinite as error:
        raise InputError(f"There is nothing to learn from: {error}") from error
    return last.noisy
