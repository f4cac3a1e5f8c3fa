"""Settings turned into what the formulas take: masks and decoding of one decoder on one loaded model."""

from typing import Literal

from backends.coda.choices import Kind, MaskMode
from backends.coda.decode import Decoding
from backends.coda.detect import Detecting
from backends.coda.resolving import Resolved, definitions, resolved, variant_of
from backends.coda.settings import CodaSettings
from backends.coda.variants import Finding, Variant
from models.language import LanguageModel

__all__ = ["Resolved", "decoding_of", "definitions", "detecting_of", "kind_of", "resolved", "variant_of"]


def kind_of(language: LanguageModel) -> Kind:
    return "miniature" if language.is_word_level else "real"


def detecting_of(finding: Finding, *, mode: MaskMode, given: tuple[int, ...] = (), seed: int = 0) -> Detecting:
    """`given`: positions of the overshadowed part, for the detectors that are told."""
    own: Literal["auto"] | MaskMode = finding.mode
    return Detecting(detector=finding.detector, tau=finding.tau, mode=mode if own == "auto" else own, given=given, seed=seed)


def decoding_of(variant: Variant, settings: CodaSettings) -> Decoding:
    """How one decoder writes. Greedy decoding never draws; all others draw at a temperature above 0."""
    return Decoding(method=variant.score, contrast=variant.contrast, max_new_tokens=settings.max_new_tokens,
                    temperature=variant.temperature, seed=settings.seed, layers=variant.layers)
