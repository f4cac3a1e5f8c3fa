"""Settings turned into what the formulas take."""

from dataclasses import replace
from typing import cast

from backends.coda.choices import MaskMode
from backends.coda.contrast import Contrast
from backends.coda.decode import Decoding, Method
from backends.coda.detect import Detecting
from backends.coda.settings import CodaSettings
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


def printed(settings: CodaSettings) -> Contrast:
    """CoDA as the paper prints it: eq. 10-12, at every token."""
    return replace(contrast_of(settings), escape_bias="paper", gate=False)


def decoding_of(settings: CodaSettings, method: str, *, top: int = 0) -> Decoding:
    """How one method writes. Greedy decoding never draws; all others draw at a temperature above 0."""
    temperature = 0.0 if method == "greedy" else settings.temperature
    contrast = printed(settings) if method == "coda_paper" else contrast_of(settings)
    kind = cast(Method, "coda" if method == "coda_paper" else method)
    return Decoding(method=kind, contrast=contrast, max_new_tokens=settings.max_new_tokens,
                    temperature=temperature, seed=settings.seed, layers=settings.layers, top=top)
