"""Settings turned into what the formulas take."""

from typing import cast

from backends.coda.choices import MaskMode
from backends.coda.contrast import Contrast
from backends.coda.decode import Decoding
from backends.coda.detect import Detecting
from backends.coda.settings import CodaSettings, Method
from models.language import LanguageModel


def contrast_of(settings: CodaSettings) -> Contrast:
    return Contrast(alpha=settings.alpha, escape_bias=settings.escape_bias, gate=settings.gate, weight=settings.weight)


def mask_mode_of(settings: CodaSettings, language: LanguageModel) -> MaskMode:
    """How words are masked. A miniature's mask token is a null token; a real model would read it as an odd word."""
    if settings.mask_mode != "auto":
        return settings.mask_mode
    return "replace" if language.is_word_level else "delete"


def detecting_of(settings: CodaSettings, language: LanguageModel, given: tuple[int, ...] = ()) -> Detecting:
    """`given`: positions of the overshadowed part, for the detectors that are told."""
    return Detecting(detector=settings.detector, tau=settings.tau, mode=mask_mode_of(settings, language),
                     contrast=contrast_of(settings), given=given)


def decoding_of(settings: CodaSettings, method: str, *, top: int = 0) -> Decoding:
    """How one method writes. Greedy decoding never draws; all others draw at a temperature above 0."""
    temperature = 0.0 if method == "greedy" else settings.temperature
    return Decoding(method=cast(Method, method), contrast=contrast_of(settings), max_new_tokens=settings.max_new_tokens,
                    temperature=temperature, seed=settings.seed, layers=settings.layers, top=top)
