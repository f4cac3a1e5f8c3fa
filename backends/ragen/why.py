"""The experiment of the two arms as a run: for the settings, and for other chances of the risky arm."""

from dataclasses import replace

from backends.ragen.lab import Lab, pushed, swept
from backends.ragen.results import Why
from backends.ragen.settings import RagenSettings

SWEPT = tuple(round(0.05 * number, 2) for number in range(1, 13))  # chances
FEWER = 8  # times fewer repeats for each of them


def asked(settings: RagenSettings) -> Why:
    """What the settings ask."""
    lab = lab_of(settings)
    return Why(pushed=pushed(lab), swept=swept(replace(lab, repeats=max(100, lab.repeats // FEWER)), SWEPT))


def lab_of(settings: RagenSettings) -> Lab:
    """The experiment that settings describe."""
    return Lab(chance=settings.chance, safe=settings.safe, policy=settings.share, groups=settings.groups,
               pulls=max(2, settings.members), advantage=settings.learned, is_shared=settings.shared_noise, kind=settings.filtered,
               ratio=settings.ratio, repeats=settings.repeats, seed=settings.seed)
