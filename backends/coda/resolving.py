"""What "auto" becomes for a kind of model, and every decoder of a run, complete. Without torch: pages ask it too.

On the miniatures Orrery's detector finds the ignored word and its gate protects right answers. On real models neither holds
(docs/benchmarks.md, "CoDA on a real model"): there nothing is masked unless a person names the word or writes a second prompt,
the gate is off, and CAD has a = 1 for a named word.
"""

from dataclasses import dataclass

from backends.coda import variants
from backends.coda.choices import Contrast, Detector, Kind, MaskMode
from backends.coda.results import Definition
from backends.coda.settings import CodaSettings
from backends.coda.variants import Finding, Variant


@dataclass(frozen=True)
class Resolved:
    """What the knobs come to for one kind of model."""

    kind: Kind
    contrast: Contrast
    finding: Finding
    mode: MaskMode  # of every variant that leaves it open


def detector_of(settings: CodaSettings, kind: Kind) -> Detector:
    if settings.detector != "auto":
        return settings.detector
    if settings.compare_with.strip():
        return "compare"
    if settings.named.strip():
        return "manual"
    return "lift" if kind == "miniature" else "none"


def weight_of(settings: CodaSettings, kind: Kind) -> float:
    """a of CAD; on real models 0.5 with a second prompt or a guess, 1 with a named word, as measured."""
    if settings.weight is not None:
        return settings.weight
    return 0.5 if kind == "miniature" or detector_of(settings, kind) in ("compare", "lift_argmax") else 1.0


def resolved(settings: CodaSettings, kind: Kind) -> Resolved:
    """Return what the knobs come to."""
    is_gated = settings.gate == "on" or (settings.gate == "auto" and kind == "miniature")
    # a miniature's mask token is a null token; a real model would read it as an odd word
    mode: MaskMode = settings.mask_mode if settings.mask_mode != "auto" else "replace" if kind == "miniature" else "delete"
    contrast = Contrast(alpha=settings.alpha, escape_bias=settings.escape_bias, gate=is_gated, weight=weight_of(settings, kind))
    finding = Finding(detector_of(settings, kind), unit=settings.unit, tau=settings.tau, mode=mode,
                      skips_stop_words=settings.skips_stop_words)
    return Resolved(kind, contrast, finding, mode)


def variant_of(settings: CodaSettings, what: Resolved, method: str) -> Variant:
    """Return one of the decoders that can be asked for, complete."""
    return variants.of(method, what.contrast, what.finding, temperature=settings.temperature, layers=settings.layers)


def definitions(settings: CodaSettings, kind: Kind) -> tuple[Definition, ...]:
    """Every decoder of a run as it is here, complete."""
    what = resolved(settings, kind)
    return tuple(definition_of(variant_of(settings, what, method)) for method in settings.methods)


def definition_of(variant: Variant) -> Definition:
    finding, contrast = variant.finding, variant.contrast
    own: dict[str, object] = {}
    if variant.score == "coda":
        own |= {"alpha": contrast.alpha, "escape_bias": contrast.escape_bias, "gate": contrast.gate}
    if variant.score == "cad":
        own |= {"weight": contrast.weight, "gate": contrast.gate}
    if variant.score == "cd":
        own |= {"alpha": contrast.head, "gate": contrast.gate}
    if finding is not None:
        own |= {"detector": finding.detector, "unit": finding.unit, "mask_mode": None if finding.mode == "auto" else finding.mode}
        own |= {"tau": finding.tau} if finding.detector == "lift" else {}
    return Definition.model_validate({"name": variant.name, "title": variant.title, "formula": variants.FORMULAS[variant.score],
                                      "source": variant.source, **own})
